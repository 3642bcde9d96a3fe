using BackupSync.Application;
using BackupSync.Configuration;

namespace BackupSync.Reporting;

/// <summary>
/// Knows at any moment how all stands: records and places are read in the background, and answers are made of what was read. What the
/// service answers from, in milliseconds, however far away a bucket is.
/// </summary>
public sealed class HealthWatch : IDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Who asks more often gets the same answer, so that asking costs nothing.</summary>
    static readonly TimeSpan AnswerHolds = TimeSpan.FromSeconds(1);

    readonly BackupSyncConfig _config;
    readonly TimeProvider _clock;
    readonly Action<string> _warn;
    readonly SemaphoreSlim _wanted = new(0, 1);
    HealthRecords _records;
    (HealthRecords Of, HealthReport Report)? _last;
    readonly Lock _lock = new();

    HealthWatch(BackupSyncConfig config, TimeProvider clock, Action<string> warn, HealthRecords records, RunFigures runs) =>
        (_config, _clock, _warn, _records, Runs) = (config, clock, warn, records, runs);

    /// <summary>What the metrics tell of runs.</summary>
    internal RunFigures Runs { get; }

    /// <summary>Reads everything once.</summary>
    /// <param name="warn">Told of places and records that cannot be read.</param>
    public static async Task<HealthWatch> StartAsync(
        BackupSyncConfig config, TimeProvider clock, Action<string> warn, CancellationToken cancellationToken)
    {
        var records = await HealthRecords.ReadAsync(config, clock.GetUtcNow(), warn, cancellationToken);
        return new HealthWatch(config, clock, warn, records, RunFigures.Read(config, clock.GetUtcNow(), warn));
    }

    /// <summary>How all stands now.</summary>
    public HealthReport Report()
    {
        lock (_lock)
        {
            var (records, now) = (Volatile.Read(ref _records), _clock.GetUtcNow());
            if (_last is not { } last || last.Of != records || (now - last.Report.Time).Duration() >= AnswerHolds)
                _last = last = (records, records.At(now, _warn));
            return last.Report;
        }
    }

    /// <summary>The same of databases and jobs alone, as <c>status</c> tells it.</summary>
    public StatusReport Status() => Volatile.Read(ref _records).StatusAt(_clock.GetUtcNow());

    /// <summary>Has everything read again soon, such as after a run.</summary>
    public void Refresh()
    {
        try
        {
            _wanted.Release();
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // It is about to be, or another one does it now.
        }
    }

    /// <summary>Reads again every minute, and when <see cref="Refresh"/> asks for it, until it is cancelled.</summary>
    /// <exception cref="OperationCanceledException">It is cancelled.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var wanted = _wanted.WaitAsync(cancellationToken);
        while (true)
        {
            using (var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
            {
                await Task.WhenAny(wanted, Task.Delay(Interval, _clock, stop.Token));
                await stop.CancelAsync();
            }
            cancellationToken.ThrowIfCancellationRequested();
            if (wanted.IsCompleted)
                wanted = _wanted.WaitAsync(cancellationToken);
            var records = await HealthRecords.ReadAsync(_config, _clock.GetUtcNow(), _warn, cancellationToken);
            Volatile.Write(ref _records, records);
            Runs.Update(_clock.GetUtcNow(), _warn);
        }
    }

    public void Dispose() => _wanted.Dispose();
}
