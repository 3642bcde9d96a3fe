using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Scheduling;

/// <summary>What of a configuration has a schedule.</summary>
public enum ScheduleKind
{
    Job,
    Plan,
}

/// <summary>Where the runs of a scheduled job, or of a plan for one of its databases, are recorded.</summary>
/// <param name="Database">Which one is written or, by a backup, read.</param>
sealed record ScheduledRecord(string Directory, string Job, RunKind Kind, string Database)
{
    /// <summary>The last run that there is a record of; null where none was ever recorded.</summary>
    public LatestRun? Latest() =>
        LatestRuns.Read(Directory).FirstOrDefault(r => r.Job == Job && r.Kind == Kind && r.Database == Database);
}

/// <summary>A job or a backup plan that has a schedule.</summary>
sealed record ScheduleItem(ScheduleKind Kind, string Name, ScheduleConfig Schedule, IReadOnlyList<ScheduledRecord> Records)
{
    /// <summary>The job; null where it is a plan.</summary>
    public JobConfig? Job { get; private init; }

    public BackupPlanConfig? Plan { get; private init; }

    /// <summary>A job and a plan may have one name.</summary>
    public string Key => KeyOf(Kind, Name);

    /// <summary>As the subject of a sentence, such as <c>the plan nightly</c>.</summary>
    public string What => $"the {Kind.ToString().ToLowerInvariant()} {Name}";

    public static string KeyOf(ScheduleKind kind, string name) => $"{kind.ToString().ToLowerInvariant()} {name}";

    public static IReadOnlyList<ScheduleItem> Of(BackupSyncConfig config) =>
    [
        .. from job in config.Jobs
           let schedule = job.Schedule
           where schedule is not null
           select new ScheduleItem(
               ScheduleKind.Job, job.Name, schedule,
               [new ScheduledRecord(job.Backups.Directory, job.Name, RunKind.Sync, job.Target)]) { Job = job },
        .. from plan in config.BackupPlans
           let schedule = plan.Schedule
           where schedule is not null
           let local = BackupOrders.LocalOf(plan.Places, config)
           select new ScheduleItem(
               ScheduleKind.Plan, plan.Name, schedule,
               [.. plan.Databases.Select(d => new ScheduledRecord(
                   Path.Combine(local.Directory, d.Name), plan.Name, RunKind.Backup, d.Name))]) { Plan = plan },
    ];

    /// <summary>
    /// How long after its time it starts: the same each time on one machine, and spread over machines and items.
    /// </summary>
    public TimeSpan DelayOn(string machine)
    {
        // FNV-1a: the runtime's own hash differs from process to process.
        var hash = 2166136261u;
        foreach (var character in $"{machine}/{Key}")
            hash = (hash ^ character) * 16777619u;
        return Schedule.Jitter * (hash / (double)uint.MaxValue);
    }
}
