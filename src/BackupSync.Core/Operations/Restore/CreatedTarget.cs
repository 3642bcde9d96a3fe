using BackupSync.Operations.Archiving;
using BackupSync.Operations.Prove;
using BackupSync.Operations.Sides;
using BackupSync.Postgres;
using BackupSync.Runs;
using Npgsql;

namespace BackupSync.Operations.Restore;

/// <summary>
/// A target that was not there when a restore began: made like the database that the backup is of, under a name of the run, closed to
/// others, and given its own name when all is verified. So nobody finds it half filled, nothing of others can be in it, and whatever
/// dies, the next run knows what is left. The connecting role owns it.
/// </summary>
sealed class CreatedTarget(RunContext run, TargetSide target)
{
    static readonly TimeSpan RemovalLimit = TimeSpan.FromMinutes(1);

    readonly string _name = target.Login.Address.Database;
    readonly string _standIn = target.Tag.StandIn;
    bool _isPublished;

    PgSession Maintenance => target.Lock.Session;

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.PrivilegeMissing"/>; or <see cref="ErrorIds.NotSupported"/>: the server lacks the encoding or locale.
    /// </exception>
    public async Task CreateAsync(StoredBackup backup, CancellationToken cancellationToken)
    {
        var (label, options) = (target.Login.Label, backup.Manifest.Options);
        try
        {
            await DrillDatabase.CreateLikeAsync(Maintenance, _standIn, backup, cancellationToken);
        }
        catch (PgQueryException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            var role = target.Login.Address.User;
            throw new BackupSyncException(ErrorIds.PrivilegeMissing, $"{label} is not there, and the role '{role}' may not create it.",
                $"ALTER ROLE {Sql.Identifier(role)} CREATEDB; or let another role create it: CREATE DATABASE {Sql.Identifier(_name)} "
                    + $"OWNER {Sql.Identifier(role)};", refused);
        }
        catch (PgQueryException refused) when (options is not null)
        {
            throw new BackupSyncException(ErrorIds.NotSupported,
                $"{label} is not there, and its server creates none like the backup's ({DrillDatabase.Describe(options)}): "
                    + refused.Message,
                $"Create it with a locale that the server has, and restore again: CREATE DATABASE {Sql.Identifier(_name)} "
                    + $"TEMPLATE template0 ENCODING {Sql.Literal(options.Encoding)};", refused);
        }
        await Maintenance.ExecuteAsync($"REVOKE ALL ON DATABASE {Sql.Identifier(_standIn)} FROM PUBLIC", cancellationToken);
        target.WorkOn(_standIn);
        await DrillDatabase.ApplySettingsAsync(
            Maintenance, _standIn, backup, await backup.ReadGlobalsAsync(cancellationToken), message => run.Warn($"{label}: {message}"),
            cancellationToken);
        run.Info($"{label} is not there: it is created{(options is null ? "" : $" ({DrillDatabase.Describe(options)})")}, under its name "
            + "when all is verified. The backup has no grants on the database itself, nor its owner, connection limit and comment: they "
            + "are as with any new database.");
    }

    /// <summary>Opens it to all whom a new database is open to, and gives it its name.</summary>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.PublishFailed"/>: meanwhile somebody else has created one of this name, which stays as it is.
    /// </exception>
    public async Task PublishAsync(CancellationToken cancellationToken)
    {
        // Before the rename: whatever dies in between, no published database is closed.
        await Maintenance.ExecuteAsync($"GRANT CONNECT, TEMPORARY ON DATABASE {Sql.Identifier(_standIn)} TO PUBLIC", cancellationToken);
        try
        {
            await DatabaseRename.RunAsync(Maintenance, [(_standIn, _name)], cancellationToken);
        }
        catch (PgQueryException taken) when (taken.SqlState == PostgresErrorCodes.DuplicateDatabase)
        {
            throw new BackupSyncException(ErrorIds.PublishFailed,
                $"{target.Login.Label} was not there when this restore began; somebody else has created it meanwhile. It is left as it is.",
                "Look at what it holds, then restore again: it is replaced then, after a safety backup.", taken);
        }
        catch (PgQueryException)
        {
            // The answer to the commit may have been lost.
            await using var fresh = await PgConnector.OpenAsync(
                Maintenance.Login, target.Settings.Limits.Connect, run.Warn, cancellationToken);
            if (await DatabaseExists.AskAsync(fresh, _standIn, cancellationToken))
                throw;
        }
        _isPublished = true;
        target.WorkOn(_name);
    }

    /// <summary>Removes what has not got its name. These names are of this run alone.</summary>
    public async Task RemoveAsync()
    {
        if (_isPublished)
            return;
        using var limit = new CancellationTokenSource(RemovalLimit);
        try
        {
            // The stand-in last: by it the next run knows what one put aside is.
            foreach (var database in new[] { target.Tag.OldDatabase, target.Tag.NewDatabase, _standIn })
                await DatabaseDrop.RunAsync(Maintenance, database, limit.Token);
            run.Info($"{target.Login.Label} was not created: nothing of this restore is left on its server.");
        }
        catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException)
        {
            run.Warn($"{target.Login.Label}: {_standIn}, which was to become it, could not be removed: {failure.Message} "
                + "The next run tries again.");
        }
    }
}
