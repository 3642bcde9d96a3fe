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
        foreach (var schedule in schedules)
        {
            if (schedule.Pause is not { } pause || pause.IsOver(now))
                alerts.Resolve(AlertEvent.KeyOf(schedule.Name, AlertEventKind.Paused));
            else if (now - pause.Since >= LongPause)
                alerts.Raise(new AlertEvent
                {
                    Kind = AlertEventKind.Paused,
                    What = schedule.Name,
                    Headline = $"{schedule.Name} has not run for {Durations.Show(now - pause.Since)}: it is {pause}.",
                    Advice = $"Resume it, unless it is still to be so: {Spelling.ResumeSchedule} {schedule.Name}.",
                });
        }
    }

    public static void Tell(ScheduleEvent scheduleEvent, IAlertSink alerts)
    {
        var missed = AlertEvent.KeyOf(scheduleEvent.Name, AlertEventKind.Missed);
        switch (scheduleEvent)
        {
            // Who pauses something, knows that it does not run.
            case ScheduledRunSkipped { Why: var why } when why.StartsWith(SchedulePause.Word, StringComparison.Ordinal):
                break;
            case ScheduledRunSkipped:
                alerts.Raise(Missed(scheduleEvent, "Look whether the service was down, or the run before takes too long."));
                break;
            case ScheduledRunEnded { Failure: { } failure }:
                alerts.Raise(Missed(
                    scheduleEvent, (failure as BackupSyncException)?.Advice ?? "Look at the configuration: backupsync check."));
                break;
            case ScheduledRunEnded:
                alerts.Resolve(missed);
                break;
        }
    }

    static AlertEvent Missed(ScheduleEvent scheduleEvent, string advice) => new()
    {
        Kind = AlertEventKind.Missed,
        What = scheduleEvent.Name,
        Headline = $"A scheduled run did not take place: {AddressText.Scrub($"{scheduleEvent}").TrimEnd('.')}.",
        Advice = AddressText.Scrub(advice),
    };
}
