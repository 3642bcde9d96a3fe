using System.Globalization;

namespace BackupSync.Postgres;

/// <summary>
/// One run at a time per target, across machines: an advisory lock held by a session on the target's server. The session
/// is on a maintenance database, because one on the target itself would block the rename that publishes; swaps are
/// published by this very session, so a run that lost its lock cannot publish.
/// </summary>
sealed class TargetLock : IAsyncDisposable
{
    TargetLock(PgSession session, bool onTarget)
    {
        Session = session;
        IsOnTarget = onTarget;
    }

    /// <summary>The session that holds the lock.</summary>
    public PgSession Session { get; }

    /// <summary>No other database could be connected to, so the lock is on the target itself: publishing by swap is impossible.</summary>
    public bool IsOnTarget { get; }

    /// <returns>Null where another run holds the lock.</returns>
    public static async Task<TargetLock?> TryTakeAsync(
        PgLogin target, RunTag tag, TimeSpan connectLimit, Action<string>? onRetry, CancellationToken cancellationToken)
    {
        // Under the run's name only once it holds the lock: who holds it takes all other runs' sessions for leftovers.
        var (session, onTarget) = await OpenMaintenanceAsync(
            target with { ApplicationName = "backupsync" }, connectLimit, onRetry, cancellationToken);
        var taken = false;
        try
        {
            session.Engine.EnsureHas(EngineCapabilities.SessionLock, target.Label);
            // Advisory locks are per database, and another machine's role may have had to use another one: see them all.
            taken = await session.ScalarAsync<bool>("SELECT pg_catalog.pg_try_advisory_lock($1)", cancellationToken, tag.LockKey)
                && await session.ScalarAsync<long>(OthersQuery, cancellationToken, High(tag.LockKey), Low(tag.LockKey)) == 0;
            if (!taken)
                return null;
            await session.RenameAsync(target.ApplicationName, cancellationToken);
            return new TargetLock(session, onTarget);
        }
        finally
        {
            if (!taken)
                await session.DisposeAsync();
        }
    }

    /// <exception cref="BackupSyncException">The session is gone, and the lock with it.</exception>
    public async Task EnsureHeldAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Session.ScalarAsync<int>("SELECT 1", cancellationToken);
        }
        catch (PgQueryException lost)
        {
            throw new BackupSyncException(
                ErrorIds.LockLost,
                $"{Session.Login.Label}: the session that holds the target's lock was lost; nothing is published without it.",
                "Another run may have begun. Look at the target's server, then run again.",
                lost)
            { Detail = lost.Message };
        }
    }

    /// <summary>Lets go at once: the server takes a moment to notice that a session has ended, and the next run may be waiting.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await Session.ScalarAsync<bool>("SELECT pg_catalog.pg_advisory_unlock_all() IS NULL", limit.Token);
        }
        catch (Exception lost) when (lost is BackupSyncException or OperationCanceledException)
        {
            // The session is gone, and the lock with it.
        }
        await Session.DisposeAsync();
    }

    static async Task<(PgSession Session, bool OnTarget)> OpenMaintenanceAsync(
        PgLogin target, TimeSpan limit, Action<string>? onRetry, CancellationToken cancellationToken)
    {
        BackupSyncException? first = null;
        foreach (var database in new[] { "postgres", "template1" }.Where(d => d != target.Address.Database))
        {
            try
            {
                return (await PgConnector.OpenAsync(target.WithDatabase(database), limit, onRetry, cancellationToken), false);
            }
            catch (BackupSyncException failure) when (failure.ErrorId is ErrorIds.DatabaseMissing or ErrorIds.PrivilegeMissing
                || PgErrors.IsPoolersRefusal(failure)
                || (failure.ErrorId == ErrorIds.AuthenticationFailed && !PgErrors.IsWrongPassword(failure)))
            {
                first ??= failure; // this role may not use that database
            }
        }
        onRetry?.Invoke($"No maintenance database can be used ({first?.Message}); the lock is taken on the target itself.");
        return (await PgConnector.OpenAsync(target, limit, onRetry, cancellationToken), true);
    }

    // pg_locks shows a 64-bit advisory key as two halves: https://www.postgresql.org/docs/current/view-pg-locks.html
    const string OthersQuery = """
        SELECT count(*) FROM pg_catalog.pg_locks
        WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid <> pg_catalog.pg_backend_pid()
          AND classid = $1::text::oid AND objid = $2::text::oid
        """;

    static string High(long key) => ((uint)(key >> 32)).ToString(CultureInfo.InvariantCulture);

    static string Low(long key) => ((uint)key).ToString(CultureInfo.InvariantCulture);
}
