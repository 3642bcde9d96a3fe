using BackupSync.Configuration;
using BackupSync.Postgres;

namespace BackupSync.Scheduling;

/// <summary>Runs what is due as long as it holds the lease; watches, while another service does.</summary>
/// <param name="log">Told in a line when it takes or loses the lease.</param>
sealed class ScheduleService(Scheduler scheduler, IServiceLease lease, Action<string> log, TimeProvider clock)
{
    /// <summary>How often it looks whether the other is still there.</summary>
    static readonly TimeSpan Watching = TimeSpan.FromSeconds(4);

    /// <summary>Whether this one runs what is due.</summary>
    public bool IsActive { get; private set; }

    /// <summary>
    /// The lease that a configuration asks for. Services that run the same exclude each other, wherever their file is; others of the same
    /// database have nothing to do with them.
    /// </summary>
    public static IServiceLease LeaseOf(BackupSyncConfig config, string holder, TimeProvider clock)
    {
        if (config.Service.Lease is not { } database)
            return new FileLease(config.Service.State);
        var login = new PgLogin(database.Name, database.Address, "backupsync:lease", ReadOnly: false);
        var name = string.Join(", ", ScheduleItem.Of(config).Select(i => i.Key).Order(StringComparer.Ordinal));
        return new DatabaseLease(login, name, holder, clock);
    }

    /// <param name="stop">Nothing is begun any more; what runs is waited for.</param>
    /// <param name="stopRuns">What runs is stopped, too, in its safe way.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken stopRuns)
    {
        string? told = null;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                if (await lease.HoldAsync(stop) is { } other)
                {
                    if (told != other)
                        log($"Waits: what is due is run by {other}.");
                    told = other;
                    await Task.Delay(Watching, clock, stop);
                    continue;
                }
                told = null;
                await RunWhileHeldAsync(stop, stopRuns);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // It was asked to end.
        }
    }

    async Task RunWhileHeldAsync(CancellationToken stop, CancellationToken stopRuns)
    {
        log($"Runs what is due{(lease.Fence > 0 ? $"; holder number {lease.Fence} of the lease" : "")}.");
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(stop);
        IsActive = true;
        var scheduling = scheduler.RunAsync(lost.Token, stopRuns);
        try
        {
            while (!scheduling.IsCompleted)
            {
                await Task.WhenAny(scheduling, Task.Delay(lease.Renewal, clock, stop));
                stop.ThrowIfCancellationRequested();
                if (await lease.HoldAsync(stop) is not { } other)
                    continue;
                log($"Begins nothing any more: the lease is held by {other}. What runs goes on to its end.");
                break;
            }
        }
        finally
        {
            IsActive = false;
            await lost.CancelAsync();
            await scheduling;
        }
    }
}
