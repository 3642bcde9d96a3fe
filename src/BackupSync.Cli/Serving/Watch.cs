using BackupSync.Configuration;

namespace BackupSync.Cli.Serving;

/// <summary>
/// Keeps the <see cref="Watching"/> of the configuration that is in force. Should it fail, it is begun again: what runs by schedule does not
/// depend on it.
/// </summary>
sealed class Watch(LiveConfig live, ServiceLog log, TimeProvider clock) : IDisposable
{
    static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Watching? _current;

    /// <summary>Null until places and records were read for the first time.</summary>
    public Watching? Current => Volatile.Read(ref _current);

    /// <summary>When they were.</summary>
    public Task HasBegun => _begun.Task;

    /// <summary>Until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var changed = CancellationTokenSource.CreateLinkedTokenSource(stop);
            void Change()
            {
                try
                {
                    changed.Cancel();
                }
                catch (ObjectDisposedException)
                {
                    // The next one is begun already, with the configuration that was read.
                }
            }
            live.Changed += Change;
            try
            {
                await WatchAsync(live.Current, changed.Token);
            }
            catch (OperationCanceledException) when (changed.IsCancellationRequested)
            {
                // By another configuration, or for good.
            }
            catch (Exception failure)
            {
                // Whatever it is, runs go on; nobody who looks here shall think that all is well.
                log.Warn($"Nothing is watched for a moment: {failure.Message}");
                Interlocked.Exchange(ref _current, null)?.Dispose();
                await Task.Delay(Again, clock, stop);
            }
            finally
            {
                live.Changed -= Change;
            }
        }
    }

    public void Dispose() => _current?.Dispose();

    async Task WatchAsync(BackupSyncConfig config, CancellationToken cancellationToken)
    {
        var watching = await Watching.StartAsync(config, log, clock, cancellationToken);
        // The one before answers until then.
        var before = Interlocked.Exchange(ref _current, watching);
        before?.Dispose();
        _begun.TrySetResult();
        await watching.RunAsync(cancellationToken);
    }
}
