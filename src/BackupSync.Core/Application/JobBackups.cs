using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.Expire;

namespace BackupSync.Application;

/// <summary>The backups of a job or of a configuration's places: which there are, and which have served their time.</summary>
static class JobBackups
{
    /// <summary>Those that a job has left in its directory, newest first.</summary>
    /// <param name="warn">Told of what looks like a backup and is none.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: the directory cannot be read.</exception>
    public static IReadOnlyList<BackupFile> List(JobConfig job, Action<string>? warn = null) =>
        [.. BackupCatalog.List(job.Backups.Directory, warn, job.Signing).Where(b => b.Job == job.Name)];

    /// <summary>Decides about every file of a job's directory; removes nothing.</summary>
    /// <param name="keepDays">Null for the job's own.</param>
    /// <inheritdoc cref="Retention.Plan" path="/exception"/>
    public static IReadOnlyList<RetentionDecision> PlanCleanUp(JobConfig job, int? keepDays, DateTimeOffset now) =>
        Retention.Plan(job.Backups.Directory, keepDays ?? job.Backups.KeepDays, now, job.Name, job.Signing);

    /// <summary>Decides about every file of a place by the rules of the plans that took them; removes nothing.</summary>
    /// <param name="config">Whose plans.</param>
    public static Task<IReadOnlyList<RetentionDecision>> PlanCleanUpAsync(
        PlaceConfig place, BackupSyncConfig config, DateTimeOffset now, CancellationToken cancellationToken) =>
        Retention.PlanAsync(
            place, RetentionRules.OfPlans([.. config.BackupPlans.Select(RuleOf)]), now, config.Encryption, cancellationToken);

    internal static PlanRule RuleOf(BackupPlanConfig plan) => new(plan.Name, [.. plan.Databases.Select(d => d.Name)], plan.Keep);
}
