using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>What tables are compared by, as many at once as there are of them. Their sessions end with them.</summary>
/// <param name="reader">One of the source that is there already, and has the settings: the first of them uses it.</param>
/// <param name="settings">What a session that is opened is told before it reads.</param>
sealed class ComparingLanes(
    Snapshot snapshot,
    int count,
    SourceLane reader,
    PgLogin target,
    TimeSpan connectLimit,
    string settings) : IAsyncDisposable
{
    public IReadOnlyList<ComparingLane> All { get; } =
        [.. Enumerable.Range(0, count).Select(i => new ComparingLane(snapshot, i == 0 ? reader : null, target, connectLimit, settings))];

    /// <summary>The reader is needed for something else from here on: the first one opens its own.</summary>
    public void LeaveReader() => All[0].LeaveReader();

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in All)
            await lane.DisposeAsync();
    }
}

/// <summary>
/// A session of each side, opened when the first table asks: most runs have little to compare, and one of a second takes most of its time
/// to open its sessions.
/// </summary>
sealed class ComparingLane(Snapshot snapshot, SourceLane? reader, PgLogin target, TimeSpan connectLimit, string settings) : IAsyncDisposable
{
    SourceLane? _reader = reader, _source;
    PgSession? _opened, _target;

    public async Task<SourceLane> SourceAsync(CancellationToken cancellationToken)
    {
        if (_source is not null)
            return _source;
        if (_reader is not null)
            return _source = _reader;
        _opened = await snapshot.OpenReaderAsync(cancellationToken);
        await _opened.ExecuteAsync(settings, cancellationToken);
        return _source = new SourceLane(snapshot, _opened);
    }

    public async Task<PgSession> TargetAsync(CancellationToken cancellationToken)
    {
        if (_target is not null)
            return _target;
        _target = await PgConnector.OpenAsync(target, connectLimit, onRetry: null, cancellationToken);
        // The run itself has locked what is read: what a table's reader waits for is one who waits for the run.
        await _target.ExecuteAsync($"{settings}; {DeadlockTimeout.ShortenLockTimeout}", cancellationToken);
        return _target;
    }

    public void LeaveReader()
    {
        if (_source == _reader)
            _source = null;
        _reader = null;
    }

    public async Task<(PgSession Source, PgSession Target)> BothAsync(CancellationToken cancellationToken)
    {
        await TaskGroup.RunAsync(cancellationToken, SourceAsync, TargetAsync);
        return (_source!.Session, _target!);
    }

    /// <summary>As <see cref="SourceLane.PassAsync"/>, where anything was read.</summary>
    public Task PassAsync(CancellationToken cancellationToken) => _source?.PassAsync(cancellationToken) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await (_opened?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_target?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
