using BackupSync.Configuration;
using BackupSync.Postgres;

namespace BackupSync.Scheduling;

/// <summary>Runs what is due as long as it holds the lease; watches, while another service does.</summary>
/// <param name="log">Told in a line when it takes or loses the lease.</param>
/// <param name="heldUp">Told why nobody is known to run anything, for as long as that is so; and null when somebody is.</param>
sealed class ScheduleService(
    Scheduler scheduler, IServiceLease lease, Action<string> log, TimeProvider clock, Action<string?>? heldUp = null)
{
    /// <summary>A database may be restarted without anybody having to know.</summary>
    internal static readonly TimeSpan HeldUpFor = TimeSpan.FromMinutes(2);

    static readonly TimeSpan ToldEvery = TimeSpan.FromMinutes(1);

    DateTimeOffset? _heldUpSince;
    DateTimeOffset? _toldNext;

    /// <summary>How often it looks whether the other is still there.</summary>
    static readonly TimeSpan Watching = TimeSpan.FromSeconds(4);

    /// <summary>Whether this one runs what is due.</summary>
    public bool IsActive { get; private set; }

    /// <summary>
    /// The lease that a configuration asks for. Services that run the same exclude each other, wherever their file is; others of the same
    /// database have nothing to do with them.
    /// </summary>
    public static IServiceLease LeaseOf(Func<BackupSyncConfig> config, Scheduler scheduler, string holder, TimeProvider clock)
    {
        var service = config().Service;
        if (service.Lease is not { } database)
            return new FileLease(service.State);
        var login = new PgLogin(database.Name, database.Address, "backupsync:lease", ReadOnly: false);
        return new DatabaseLease(
            login, () => string.Join(", ", ScheduleItem.Of(config()).Select(i => i.Key).Order(StringComparer.Ordinal)), holder, clock,
            scheduler);
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
                var holder = await lease.HoldAsync(stop);
                TellHeldUp();
                if (holder is { } other)
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
        var scheduling = scheduler.RunAsync(lost.Token, stopRuns, () => lease.IsHeld);
        try
        {
            while (!scheduling.IsCompleted)
            {
                await Task.WhenAny(scheduling, Task.Delay(lease.Renewal, clock, stop));
                stop.ThrowIfCancellationRequested();
                var wasHeld = lease.IsHeld;
                if (await lease.HoldAsync(stop) is not { } other)
                {
                    if (!wasHeld)
                        scheduler.Wake();
                    continue;
                }
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

    void TellHeldUp()
    {
        var now = clock.GetUtcNow();
        if (lease.Problem is not { } problem)
        {
            if (_heldUpSince is not null || _toldNext is null)
                heldUp?.Invoke(null);
            (_heldUpSince, _toldNext) = (null, now);
            return;
        }
        _heldUpSince ??= now;
        if (now - _heldUpSince < HeldUpFor || now < _toldNext)
            return;
        heldUp?.Invoke(problem);
        _toldNext = now + ToldEvery;
    }
}
