using BackupSync.Alerting;
using BackupSync.Configuration;

namespace BackupSync.Scheduling;

/// <summary>
/// What the scheduler does as alerts: runs that did not take place. How those end that did is told by <see cref="AlertObserver"/>.
/// </summary>
public static class ScheduleAlerts
{
    /// <summary>A pause that has gone on for longer may have been forgotten.</summary>
    public static readonly TimeSpan LongPause = TimeSpan.FromDays(3);

    /// <summary>Tells of pauses that go on for long, and of their ends.</summary>
    public static void Tell(IReadOnlyList<ScheduleEntry> schedules, DateTimeOffset now, IAlertSink alerts)
    {
        // A job and a plan may have one name.
        foreach (var schedule in schedules.GroupBy(s => s.Name))
        {
            if (schedule.Select(s => s.Pause).OfType<SchedulePause>().Where(p => !p.IsOver(now)).MinBy(p => p.Since) is not { } pause)
                alerts.Resolve(AlertEvent.KeyOf(schedule.Key, AlertEventKind.Paused));
            else if (now - pause.Since >= LongPause)
                alerts.Raise(new AlertEvent
                {
                    Kind = AlertEventKind.Paused,
                    What = schedule.Key,
                    Headline = $"{schedule.Key} has not run for {Durations.Show(now - pause.Since)}: it is {pause}.",
                    Advice = $"Resume it, unless it is still to be so: {Spelling.ResumeSchedule} {schedule.Key}.",
                });
        }
    }

    public static void Tell(ScheduleEvent scheduleEvent, IAlertSink alerts)
    {
        switch (scheduleEvent)
        {
            // Who pauses something, knows that it does not run.
            case ScheduledRunSkipped { IsPaused: true }:
                break;
            case ScheduledRunSkipped:
                alerts.Raise(Missed(scheduleEvent, "Look whether the service was down, or the run before takes too long."));
                break;
            case ScheduleWarning { IsHeld: true }:
                alerts.Raise(Missed(scheduleEvent, "Look at the state folder of the service."));
                break;
            case ScheduledRunEnded { Failure: { } failure }:
                alerts.Raise(Missed(
                    scheduleEvent, (failure as BackupSyncException)?.Advice ?? "Look at the configuration: backupsync check."));
                break;
            case ScheduledRunEnded:
                alerts.Resolve(AlertEvent.KeyOf(scheduleEvent.Name, AlertEventKind.Missed));
                break;
        }
    }

    /// <summary>Tells that several services cannot agree who runs what is due, so that nobody does; and that they can.</summary>
    /// <param name="problem">Null where it is known who does.</param>
    internal static void TellLease(string? problem, IAlertSink alerts)
    {
        if (problem is null)
            alerts.Resolve(AlertEvent.KeyOf(Lease, AlertEventKind.Missed));
        else
            alerts.Raise(new AlertEvent
            {
                Kind = AlertEventKind.Missed,
                What = Lease,
                Headline = $"Nothing is run by schedule: who of the services may do so is not known. {AddressText.Scrub(problem)}",
                Advice = "Look at the database that service.lease names, and at the role's rights on its table backupsync.lease.",
            });
    }

    const string Lease = "service/lease";

    static AlertEvent Missed(ScheduleEvent scheduleEvent, string advice) => new()
    {
        Kind = AlertEventKind.Missed,
        What = scheduleEvent.Name,
        Headline = $"A scheduled run did not take place: {AddressText.Scrub($"{scheduleEvent}").TrimEnd('.')}.",
        Advice = AddressText.Scrub(advice),
    };
}
