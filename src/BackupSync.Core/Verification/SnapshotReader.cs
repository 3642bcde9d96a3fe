using System.Diagnostics;
using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Verification;

/// <summary>
/// Reads a snapshot in one short transaction after the other: a lock lasts as long as its transaction, and who reads much is not to hold
/// locks on all that was read before, neither against those who want a table for themselves nor in the server's table of locks.
/// </summary>
sealed class SnapshotReader(Snapshot snapshot, PgSession session) : IQueryRunner
{
    /// <summary>Each takes a lock on a table and one on each of its indexes.</summary>
    public const int MostStatements = 16;

    public static readonly TimeSpan LongestTransaction = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a table may be locked by others. Nobody waits for us in the meantime: no lock is held while another is waited for, but
    /// for a moment.
    /// </summary>
    static readonly TimeSpan LongestLockWait = TimeSpan.FromMinutes(1);

    readonly Stopwatch _sinceBegin = Stopwatch.StartNew();
    bool _isOpen = true;
    int _statements;

    public PgSession Session => session;

    public Task<List<Row>> RowsAsync(string select, CancellationToken cancellationToken) =>
        ReadAsync(() => session.RowsAsync(select, cancellationToken), cancellationToken);

    public Task ExecuteAsync(string statement, CancellationToken cancellationToken) => ReadAsync(async () =>
    {
        await session.ExecuteAsync(statement, cancellationToken);
        return true;
    }, cancellationToken);

    public Task EnsureTablesAsync(string select, CancellationToken cancellationToken) => ReadAsync(async () =>
    {
        await session.EnsureTablesAsync(select, cancellationToken);
        return true;
    }, cancellationToken);

    public Task<long> CountAsync(ObjectName table, CancellationToken cancellationToken) =>
        ReadAsync(() => session.CountAsync(table, cancellationToken), cancellationToken);

    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        if (!_isOpen)
            return;
        await session.ExecuteAsync("COMMIT", cancellationToken);
        _isOpen = false;
    }

    async Task<T> ReadAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        if (!_isOpen || _statements >= MostStatements || _sinceBegin.Elapsed >= LongestTransaction)
            await BeginAsync(cancellationToken);
        for (var waiting = Stopwatch.StartNew(); ;)
        {
            try
            {
                _statements++;
                return await read();
            }
            catch (PgQueryException locked)
                when (locked.SqlState == PostgresErrorCodes.LockNotAvailable && waiting.Elapsed < LongestLockWait)
            {
                // Who has locked it may be waiting for what this transaction has read, and our request is not to stand before others'
                // for ever.
                await BeginAsync(cancellationToken);
            }
        }
    }

    async Task BeginAsync(CancellationToken cancellationToken)
    {
        await (_isOpen ? snapshot.RenewAsync(session, cancellationToken) : session.ExecuteAsync(snapshot.BeginReading, cancellationToken));
        (_isOpen, _statements) = (true, 0);
        _sinceBegin.Restart();
    }
}
