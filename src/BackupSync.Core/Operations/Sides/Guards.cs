using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Sides;

/// <summary>What keeps a run from doing harm although every step of it would work.</summary>
static class Guards
{
    /// <summary>A reported table with at least so many rows that is suddenly empty is no ordinary change.</summary>
    const int ManyRows = 10;

    /// <summary>Before anything is connected to.</summary>
    /// <param name="allowProduction">
    /// Whether a restore may replace production, said in so many words; null for what has no such word.
    /// </param>
    public static void EnsureMayBeTarget(Endpoint target, bool? allowProduction = null)
    {
        if (target.Role != DatabaseRole.Production || allowProduction == true)
            return;
        throw allowProduction is null
            ? new BackupSyncException(
                ErrorIds.TargetIsProduction,
                $"{target.Name} has the role production, and production is never the target of a sync.",
                "Swap source and target if they are mixed up; if it really is a copy, give it the role backup or development.")
            : new BackupSyncException(
                ErrorIds.TargetIsProduction,
                $"{target.Name} has the role production, and a restore would replace what it holds.",
                $"Say {Spelling.AllowProduction} if that is what you want, or restore to another database with {Spelling.To}.");
    }

    /// <summary>The plainest slip, told before anything else could be: the same URL twice.</summary>
    public static void EnsureNotSameAddress(Endpoint source, Endpoint target)
    {
        if (source.Address.IsSameDatabase(target.Address))
        {
            throw new BackupSyncException(ErrorIds.SameDatabase,
                $"{source.Name} and {target.Name} are one and the same database.", "Check both URLs.");
        }
    }

    /// <summary>However the address of a target is spelled that somebody has typed.</summary>
    public static async Task EnsureIsNotProductionAsync(TargetSide target, RunContext run, CancellationToken cancellationToken)
    {
        // A database has one name on its server, whatever that is called.
        foreach (var (name, address) in target.Database.NotToBe.Where(p => p.Address.Database == target.Login.Address.Database))
        {
            if (!await IsAsync(target, new PgLogin(name, address.Unpooled(), target.Login.ApplicationName, ReadOnly: true)))
                continue;
            throw new BackupSyncException(
                ErrorIds.TargetIsProduction, $"{target.Login.Address} is {name}, which has the role production, by another address.",
                $"Check the URL. A restore replaces it where that is said: {Spelling.AllowProduction}.");
        }

        async Task<bool> IsAsync(TargetSide target, PgLogin production)
        {
            try
            {
                var limit = target.Settings.Limits.Connect;
                await using var session = await PgConnector.OpenAsync(production, limit, run.Info, cancellationToken);
                return await SameDatabaseProof.SharesLocksAsync(target.Session, session, cancellationToken);
            }
            catch (BackupSyncException unreachable) when (!cancellationToken.IsCancellationRequested)
            {
                run.Warn($"Whether {target.Login.Label} is the production database {production.Label} by another address was not looked "
                    + $"at: {unreachable.Message}");
                return false;
            }
        }
    }

    /// <summary>However the addresses are spelled, and a standby is no other database than its primary.</summary>
    public static async Task ProveDifferentAsync(SourceSide source, TargetSide target, CancellationToken cancellationToken)
    {
        if (await SameDatabaseProof.FindAsync(source.Session, target.Session, target.Lock.Session, cancellationToken) is { } same)
            throw new BackupSyncException(ErrorIds.SameDatabase, same.Reason, same.Advice);
        // These were the last questions before the snapshots.
        await source.LeaveToWatchAsync();
        await target.LeaveToWatchAsync();
    }

    public static void EnsureNotEmpty(DatabaseFingerprint source, string label)
    {
        if (source.Tables.Count == 0)
        {
            throw new BackupSyncException(ErrorIds.SourceEmpty, $"{label} has no tables: there is nothing to copy or back up.",
                "Check that its URL names the right database, and that exclude does not leave out everything.");
        }
    }

    /// <returns>What <c>-Force</c> lifted, or null.</returns>
    public static string? EnsureNotShrunken(
        DatabaseFingerprint source, DatabaseFingerprint target, SyncRequest request) =>
        EnsureNotShrunken(source.RowsByTable(), target.RowsByTable(), request);

    /// <param name="source">Rows by table; and likewise of the target.</param>
    public static string? EnsureNotShrunken(
        IReadOnlyDictionary<string, long> source, IReadOnlyDictionary<string, long> target, SyncRequest request)
    {
        if (Shrinkage(source, target, request) is not { } shrinkage)
            return null;
        if (request.Force)
            return shrinkage;
        throw new BackupSyncException(ErrorIds.SourceShrunken, shrinkage,
            $"If this is right, run once with {Spelling.Force}; else find out what happened to the source, and leave the target alone.");
    }

    static string? Shrinkage(IReadOnlyDictionary<string, long> source, IReadOnlyDictionary<string, long> target, SyncRequest request)
    {
        var (have, had) = (source.Values.Sum(), target.Values.Sum());
        if (have < had * (1 - request.MaximumShrink))
        {
            return $"{request.Source.Name} has {Quantity.Of(have, "row")}, "
                + $"{request.Target.Name} has {Quantity.Number(had)}: more than the "
                + $"{Percentages.Show(request.MaximumShrink)} "
                + "that guards.maximumShrink allows are gone.";
        }
        var emptied = target.FirstOrDefault(t => t.Value >= ManyRows
            && ReportedTables.IsReported(t.Key, request.Verify.Report)
            && source.TryGetValue(t.Key, out var now) && now == 0);
        return emptied.Key is null ? null
            : $"The table {emptied.Key} of {request.Source.Name} is empty; in {request.Target.Name} it has "
                + $"{Quantity.Of(emptied.Value, "row")}.";
    }

    /// <exception cref="BackupSyncException"><see cref="ErrorIds.NotSupported"/>: of tables, there is nothing to leave out.</exception>
    public static void EnsureMaySkip(RestoreRequest request)
    {
        if (request.SkipRefused)
        {
            throw new BackupSyncException(
                ErrorIds.NotSupported,
                $"{Spelling.SkipRefused} is for restores of whole databases: of tables, rows alone are restored.",
                "Leave it out, or restore the whole backup.");
        }
    }
}
