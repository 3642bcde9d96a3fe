using System.Diagnostics;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// A session that reads a source's snapshot table by table, and gives its locks back as <see cref="SnapshotReader"/> does: who wants a
/// table for himself is not to wait until all others are read.
/// </summary>
sealed class SourceLane(Snapshot snapshot, PgSession session)
{
    readonly Stopwatch _sinceBegin = Stopwatch.StartNew();
    int _uses;

    public PgSession Session => session;

    public Task UseAsync(Func<PgSession, Task> work, CancellationToken cancellationToken) => session == snapshot.Session
        // Where sessions are few, the one that holds the snapshot has to read, too.
        ? snapshot.AskAsync(async held =>
        {
            await work(held);
            return true;
        }, cancellationToken)
        : UseReaderAsync(work, cancellationToken);

    /// <summary>What was read is behind us, unless it was read a moment ago.</summary>
    public async Task PassAsync(CancellationToken cancellationToken)
    {
        if (++_uses >= SnapshotReader.MostStatements || _sinceBegin.Elapsed >= SnapshotReader.LongestTransaction)
            await ReleaseAsync(cancellationToken);
    }

    /// <summary>Gives all locks back, before something else takes its time. The snapshot is seen as before.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        if (session == snapshot.Session)
            return;
        await snapshot.RenewAsync(session, cancellationToken);
        _uses = 0;
        _sinceBegin.Restart();
    }

    async Task UseReaderAsync(Func<PgSession, Task> work, CancellationToken cancellationToken)
    {
        await work(session);
        await PassAsync(cancellationToken);
    }
}
