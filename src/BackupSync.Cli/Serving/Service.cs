using BackupSync.Alerting;
using BackupSync.Cli.Display;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Scheduling;

namespace BackupSync.Cli.Serving;

/// <summary>
/// <c>serve</c>: the scheduler, and what is told of it, until it is stopped. The parts know nothing of each other; they meet here.
/// </summary>
static class Service
{
    /// <summary>How long runs are waited for that were asked to end; what hangs longer is made up by who comes next.</summary>
    static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(90);

    public static async Task<int> RunAsync(Func<BackupSyncConfig> load, TextWriter output, CancellationToken stopped)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stopped);
        var stop = stopping.Token;
        var clock = TimeProvider.System;
        var log = new ServiceLog(output, clock);
        var live = new LiveConfig(load, log);
        var first = live.Current;
        if (!first.Service.IsLocal && first.Service.ReadToken() is null)
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid, $"Others can reach {first.Service.Listen}, and service.token is empty.",
                "State a token, or listen on http://127.0.0.1:8080.");

        using var notice = new SystemNotice(stopping.Cancel);
        Interruption.Hangup = live.Reload;
        using var runs = new CancellationTokenSource();
        using var watch = new Watch(live, log, clock);
        var scheduler = new Scheduler(
            () => live.Current,
            (item, databases, token) => ScheduledRuns.RunAsync(live.Current, item, databases, name => [new RunWarnings(log, name)], token),
            e => Tell(e, live, log, watch, clock), clock, Environment.MachineName);
        live.Changed += scheduler.Wake;
        await using var lease = ScheduleService.LeaseOf(
            () => live.Current, scheduler, $"{Environment.MachineName} process {Environment.ProcessId}", clock);
        var schedules = new ScheduleService(
            scheduler, lease, log.Say, clock, problem => Alert(live, log, clock, alerts => ScheduleAlerts.TellLease(problem, alerts)));
        await using var web = await WebServer.StartAsync(
            first.Service, () => live.Current.Service.ReadToken(),
            [.. WatchRoutes.Of(watch), .. ScheduleRoutes.Of(() => live.Current, scheduler, clock, runs.Token)], stop);
        log.Say($"Serves {first.Path} on {first.Service.Listen}; {Quantity.Of(ScheduleItem.Of(first).Count, "schedule")}.");
        await notice.ReadyAsync(stop);

        var scheduling = schedules.RunAsync(stop, runs.Token);
        var others = Task.WhenAll(
            watch.RunAsync(stop), live.WatchAsync(clock, stop), notice.KeepAliveAsync(scheduler.Answer, clock, stop), WarmUpAsync());
        await Task.WhenAny(scheduling, others);
        notice.Stopping();
        log.Say("Stops: nothing is begun any more; what runs is asked to end.");
        await runs.CancelAsync();
        await EndAsync(scheduling, log, clock);
        await web.StopAsync(CancellationToken.None);
        if (!stop.IsCancellationRequested)
            await others;
        await notice.StoppedAsync();
        log.Say("Stopped.");
        return ExitCodes.Done;

        async Task WarmUpAsync()
        {
            await watch.HasBegun.WaitAsync(stop);
            await web.AskItselfAsync(WatchRoutes.DatabaseHealth, stop);
            Rest();
        }
    }

    static async Task EndAsync(Task scheduling, ServiceLog log, TimeProvider clock)
    {
        try
        {
            await scheduling.WaitAsync(EndLimit, clock);
        }
        catch (TimeoutException)
        {
            log.Warn($"A run has not ended within {Durations.Show(EndLimit)}. Its record is missing, and it is made up by who comes next.");
        }
    }

    /// <summary>
    /// Alerts are on the disk at once: what was missed is found out in the first moment of a service, when places are still being read.
    /// </summary>
    static void Tell(ScheduleEvent scheduleEvent, LiveConfig live, ServiceLog log, Watch watch, TimeProvider clock)
    {
        watch.Current?.Health.Refresh();
        Alert(live, log, clock, alerts => ScheduleAlerts.Tell(scheduleEvent, alerts));
        switch (scheduleEvent)
        {
            case ScheduledRunEnded { Failure: BackupSyncException failure }:
                log.Say(failure);
                _ = Task.Run(Rest);
                break;
            case ScheduledRunEnded:
                log.Say(scheduleEvent.ToString());
                _ = Task.Run(Rest);
                break;
            case ScheduleWarning or ScheduledRunSkipped:
                log.Warn(scheduleEvent.ToString());
                break;
            default:
                log.Say(scheduleEvent.ToString());
                break;
        }
    }

    /// <summary>
    /// Gives back what a run has used. By itself the runtime collects when as much as fits the processor's cache was used anew, which at
    /// rest takes days.
    /// </summary>
    static void Rest() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);

    static void Alert(LiveConfig live, ServiceLog log, TimeProvider clock, Action<IAlertSink> tell)
    {
        var alerts = live.Current.Alerts;
        Watching.Alert(alerts, log, () => tell(new AlertOutbox(alerts, clock)));
    }

    /// <summary>What goes wrong in a run, as it does: how it goes on otherwise is in the job's own log.</summary>
    sealed class RunWarnings(ServiceLog log, string name) : IRunObserver
    {
        public void OnEvent(RunEvent runEvent)
        {
            if (runEvent is RunLog { Level: not RunLogLevel.Information } && PlainProgress.LineOf(runEvent) is { } line)
                log.Say($"{name}: {line}");
        }
    }
}
