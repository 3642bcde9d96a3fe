using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// The session of the source that rows are fetched by, with the right to write to the target's transaction: there is one of each, so
/// one table uses them at a time.
/// </summary>
sealed class FetchLine(SourceLane source, Action<long> onRows) : IDisposable
{
    readonly SemaphoreSlim _gate = new(1, 1);

    public async Task UseAsync(Func<PgSession, Action<long>, Task> work, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            await source.UseAsync(session => work(session, onRows), cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
