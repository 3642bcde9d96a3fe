using BackupSync.Alerting;
using BackupSync.Configuration;
using BackupSync.Operations;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>
/// What <see cref="StatusReport"/> tells as alerts: known from records alone, and before it is too late. The same report twice changes
/// nothing but how often it was seen.
/// </summary>
public static class StatusAlerts
{
    /// <summary>How much of the RPO may be left when a copy is told that will not be made anew in time.</summary>
    const double Ahead = 0.25;

    /// <param name="watchedSince">
    /// As of when somebody watches: of what there is no copy, nothing else says how long that has been so.
    /// </param>
    public static void Tell(BackupSyncConfig config, StatusReport report, DateTimeOffset watchedSince, AlertService alerts)
    {
        TellUnended(config, alerts);
        foreach (var entry in report.Entries)
        {
            var isJob = entry.Kind == StatusKind.Job;
            var told = TooOld(entry, report.Time, watchedSince);
            // Who has begun to watch anew does not know that it is over.
            if (told is not null || entry.LastCopy is not null || entry.RpoLimit is null)
                Tell(alerts, isJob ? AlertEventKind.CopyTooOld : AlertEventKind.BackupTooOld, entry.Name, told);
            if (!isJob)
                Tell(alerts, AlertEventKind.NotProven, entry.Name, NotProven(entry, report.Time, config.Alerts.ProvenWithin));
            else if (entry is { LastKind: RunKind.Sync, LastRun: { } began, LastOutcome: { } outcome } && IsFailure(outcome)
                && !alerts.HasHeardOf(entry.Name, began))
                alerts.Raise(Unheard(entry, began, outcome));
        }
    }

    /// <summary>Ends alerts of what is not in the configuration any more.</summary>
    public static void TellGone(BackupSyncConfig config, AlertService alerts) => alerts.ResolveGone((kind, what) =>
    {
        var parts = what.Split('/', 2);
        bool IsDatabase(string name) => config.Databases.Any(d => d.Name == name);
        return kind switch
        {
            AlertEventKind.Unreachable => config.Health.Databases.Any(p => p.Name == what),
            AlertEventKind.ServiceDown => config.Health.Services.Any(s => s.Name == what),
            AlertEventKind.ChannelFailed => config.Alerts.Channels.Any(c => c.Name == parts[^1]),
            AlertEventKind.Missed or AlertEventKind.Paused => parts.Length == 2
                || config.Jobs.Any(j => j.Name == what && j.Schedule is not null)
                || config.BackupPlans.Any(p => p.Name == what && p.Schedule is not null),
            // The proof or the copies of a database, or a plan or a hand's work with one; else a job or a database.
            _ when parts is [_, "proof" or "copy"] => IsDatabase(parts[0]),
            _ when parts.Length == 2 => IsDatabase(parts[1]) && (parts[0] == BackupOrder.ByHandName
                || config.BackupPlans.Any(p => p.Name == parts[0] && p.Databases.Any(d => d.Name == parts[1]))),
            _ => IsDatabase(what) || config.Jobs.Any(j => j.Name == what),
        };
    });

    /// <summary>Runs that were killed: nobody else has told of them, and until the next one of the same nobody would.</summary>
    static void TellUnended(BackupSyncConfig config, AlertService alerts)
    {
        foreach (var folder in HistoryFolder.Of(config, warn: _ => { }))
        {
            foreach (var run in StartedRun.Settle(folder.Directory))
            {
                if (RunAlerts.EventOf(run) is { } lost)
                    alerts.Raise(lost);
            }
        }
    }

    static void Tell(AlertService alerts, AlertEventKind kind, string what, (string Headline, string Advice)? told)
    {
        if (told is { } said)
            alerts.Raise(new AlertEvent { Kind = kind, What = what, Headline = said.Headline, Advice = said.Advice });
        else
            alerts.Resolve(AlertEvent.KeyOf(what, kind));
    }

    /// <summary>Null where it is young enough, and will be until something makes it anew.</summary>
    static (string, string)? TooOld(StatusEntry entry, DateTimeOffset now, DateTimeOffset watchedSince)
    {
        if (entry.RpoLimit is not { } rpo)
            return null;
        var isJob = entry.Kind == StatusKind.Job;
        var what = isJob ? $"The copy that {entry.Name} makes" : $"The newest good copy of {entry.Name}";
        var (limit, age) = (Durations.Show(rpo), now - (entry.LastCopy ?? watchedSince));
        if (entry.LastCopy is null && age > rpo)
            return ((isJob ? $"{entry.Name} has made no good copy" : $"There is no good copy of {entry.Name}")
                + $" that is known, and one may be {limit} old.", "See why nothing has made one, then run it by hand.");
        if (entry.LastCopy is null)
            return null;
        if (age > rpo)
            return ($"{what} is {Durations.Show(age)} old, and may be {limit}.", "See why nothing has made it anew, then run it by hand.");
        var left = rpo - age;
        // What failed last is not counted upon.
        var isMadeInTime = entry.NextDue <= now + left && !(entry.LastOutcome is { } outcome && IsFailure(outcome));
        return left > rpo * Ahead || isMadeInTime ? null
            : ($"{what} will be older than {limit} in {Durations.Show(left)}.", "Run it by hand, or see why the last run failed.");
    }

    static (string, string)? NotProven(StatusEntry entry, DateTimeOffset now, TimeSpan within) =>
        entry.LastBackup is null || entry.LastProof > now - within ? null
        : ($"No backup of {entry.Name} was {(entry.LastProof is { } last ? $"proven since {AlertText.Moment(last)}" : "ever proven")}.",
            "Restore the newest on trial: backupsync drill, or Test-DbBackup -Restore.");

    /// <summary>A process that died when its run was recorded, and before it could tell.</summary>
    static AlertEvent Unheard(StatusEntry entry, DateTimeOffset began, RunOutcome outcome) => new()
    {
        Kind = outcome switch
        {
            RunOutcome.RollbackFailed => AlertEventKind.RollbackFailed,
            RunOutcome.RolledBack => AlertEventKind.RolledBack,
            _ => AlertEventKind.Failed,
        },
        What = entry.Name,
        Cause = entry.ErrorId?[(entry.ErrorId.LastIndexOf('.') + 1)..],
        Headline = $"{entry.Name}: the sync of {AlertText.Moment(began)} ended as {outcome}.",
        Advice = "The history tells why.",
    };

    static bool IsFailure(RunOutcome outcome) => outcome is RunOutcome.Aborted or RunOutcome.RolledBack or RunOutcome.RollbackFailed;
}
