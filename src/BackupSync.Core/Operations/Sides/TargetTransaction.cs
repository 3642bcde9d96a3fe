using System.Diagnostics;
using BackupSync.Postgres;
using BackupSync.Runs;
using Npgsql;

namespace BackupSync.Operations.Sides;

/// <summary>
/// The one transaction in which a run writes to its target, by a session of ours or by psql: other sessions see all of it or nothing.
/// Whatever dies before the commit, the server rolls back; and if the answer to the commit is lost, the server is asked what became of it.
/// </summary>
sealed class TargetTransaction(RunContext run, TargetSide target) : IAsyncDisposable
{
    /// <summary>Whoever uses a table is waited for so long, with pauses: while a request of ours waits, others wait behind it.</summary>
    static readonly TimeSpan LongestLockWait = TimeSpan.FromSeconds(30), LockPause = TimeSpan.FromSeconds(1);

    static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);

    static readonly TimeSpan RollbackLimit = TimeSpan.FromMinutes(2);

    IQueryRunner? _runner;
    string? _id;

    string SetLockTimeout => $"SET LOCAL lock_timeout = {(long)target.Settings.Limits.LockTimeout.TotalMilliseconds}";

    public PgSession Session => _runner as PgSession
        ?? throw new InvalidOperationException($"No session of ours has begun a transaction on {target.Login.Label}.");

    /// <summary>Whether the server was told to commit: from then on only it can tell what became of it.</summary>
    public bool CommitBegun { get; private set; }

    /// <remarks>Read committed: what others commit until it has its locks it has to see.</remarks>
    public async Task BeginAsync(CancellationToken cancellationToken) =>
        await BeginAsync(
            await PgConnector.OpenAsync(target.Login, target.Settings.Limits.Connect, run.Info, cancellationToken),
            cancellationToken);

    /// <param name="runner">Who runs its statements from now on, and is disposed of with it.</param>
    /// <inheritdoc cref="BeginAsync(CancellationToken)" path="/remarks"/>
    public async Task BeginAsync<T>(T runner, CancellationToken cancellationToken)
        where T : IQueryRunner, IAsyncDisposable
    {
        _runner = runner;
        target.Facts.Engine.EnsureHas(EngineCapabilities.TransactionStatus, target.Login.Label);
        await runner.ExecuteAsync($"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {SetLockTimeout}", cancellationToken);
        _id = await CurrentAsync(cancellationToken);
    }

    /// <summary>Whether what runs now still is in it: a script can have ended it.</summary>
    public async Task<bool> IsOpenAsync(CancellationToken cancellationToken) => await CurrentAsync(cancellationToken) == _id;

    async Task<string?> CurrentAsync(CancellationToken cancellationToken) =>
        (await _runner!.RowsAsync("SELECT pg_catalog.pg_current_xact_id()", cancellationToken))[0].TextOrNull(0);

    /// <summary>Runs statements that lock something, all of them at once or none: see <see cref="AllLocks"/>.</summary>
    public async Task LockAsync(IReadOnlyList<string> statements, CancellationToken cancellationToken)
    {
        if (statements.Count == 0)
            return;
        try
        {
            await WaitingAsync(AllLocks.Statement(statements, LongestLockWait), cancellationToken);
        }
        catch (PgQueryException refused)
            when (refused.SqlState is PostgresErrorCodes.UndefinedObject or PostgresErrorCodes.InsufficientPrivilege)
        {
            // There may be no PL/pgSQL, or not for this role: then nothing is waited for but in between.
            await Session.ExecuteAsync("ROLLBACK TO SAVEPOINT backupsync_locks; RELEASE SAVEPOINT backupsync_locks", cancellationToken);
            await WaitingAsync($"SET LOCAL lock_timeout = 1; {string.Join("; ", statements)}; {SetLockTimeout}", cancellationToken);
        }
    }

    async Task WaitingAsync(string work, CancellationToken cancellationToken)
    {
        await Session.ExecuteAsync("SAVEPOINT backupsync_locks", cancellationToken);
        for (var waiting = Stopwatch.StartNew(); ;)
        {
            try
            {
                await Session.DefineAsync(work, cancellationToken);
                await Session.ExecuteAsync("RELEASE SAVEPOINT backupsync_locks", cancellationToken);
                return;
            }
            catch (PgQueryException blocked)
                when (blocked.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                if (waiting.Elapsed > LongestLockWait)
                {
                    throw new BackupSyncException(ErrorIds.RestoreFailed,
                        $"{target.Login.Label}: other sessions use the tables, or tables that foreign keys tie to them; they were "
                            + $"waited for {LongestLockWait.TotalSeconds:0} s.",
                        "End long transactions there (pg_stat_activity tells them), then run again.", blocked);
                }
                await Session.ExecuteAsync("ROLLBACK TO SAVEPOINT backupsync_locks", cancellationToken);
                await Task.Delay(LockPause, cancellationToken);
            }
        }
    }

    /// <summary>Ends what was begun, to be done again.</summary>
    public async Task AbandonAsync()
    {
        using var limit = new CancellationTokenSource(RollbackLimit);
        await EndAsync(limit.Token);
    }

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await target.Lock.EnsureHeldAsync(cancellationToken);
        await target.EndWatchToCommitAsync(_runner!.ExecuteAsync, cancellationToken);
        CommitBegun = true;
        try
        {
            await _runner.ExecuteAsync("COMMIT", CancellationToken.None);
        }
        catch (BackupSyncException)
        {
            using var limit = new CancellationTokenSource(AnswerLimit);
            if (!await EndAsync(limit.Token))
                throw;
            run.Warn($"{target.Login.Label}: the connection was lost at the commit; the server says that it was done.");
        }
        await DisposeAsync();
    }

    /// <summary>Ends what a failed run has begun, and keeps what became of it.</summary>
    /// <param name="wayBack">Where the content of before is, should the server have committed after all; null where nowhere.</param>
    public Task RollBackAsync(Exception failure, string? wayBack) =>
        new Rollback(run, target, RollbackLimit).RunAsync(failure, async (_, ct) =>
        {
            if (await EndAsync(ct))
                throw new BackupSyncException(
                    ErrorIds.RollbackFailed,
                    $"{target.Login.Label}: the server had committed before the connection was lost: the tables hold what the run wrote.");
            var note = $"Rolled back; {target.Login.Label}'s server confirms that nothing of it was committed.";
            run.Info(note);
            return note;
        }, () => !CommitBegun, wayBack);

    public async ValueTask DisposeAsync()
    {
        if (_runner is IAsyncDisposable open)
            await open.DisposeAsync();
        _runner = null;
    }

    /// <summary>Ends what was begun, and asks the server what became of it.</summary>
    /// <returns>Whether it was committed.</returns>
    public async Task<bool> EndAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync();
        // The server may still be at a long statement, or at rolling back: wait until it holds nothing any more.
        await using var fresh = await PgConnector.OpenAsync(
            target.Lock.Session.Login, target.Settings.Limits.Connect, run.Warn, cancellationToken);
        IReadOnlyList<int> spared = [target.Lock.Session.ProcessId, .. target.Watchers];
        await RunSessions.EndOwnAsync(fresh, target.Tag.ApplicationName, spared, cancellationToken);
        return _id is not null
            && await fresh.ScalarAsync<string>(
                $"SELECT pg_catalog.pg_xact_status({Sql.Literal(_id)}::text::xid8)",
                cancellationToken) == "committed";
    }
}
