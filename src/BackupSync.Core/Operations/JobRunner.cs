using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.FullSync;
using BackupSync.Operations.Incremental;
using BackupSync.Operations.Restore;
using BackupSync.Operations.Sides;
using BackupSync.Runs;

namespace BackupSync.Operations;

/// <summary>Runs jobs with their log file and history attached: what both heads call.</summary>
public static class JobRunner
{
    /// <summary>
    /// Makes the job's target a verified copy of its source. Does not throw for a run that fails: the result says how it
    /// ended and why. Cancelling stops the work on the servers too, and leaves the target as it was.
    /// </summary>
    public static Task<RunResult> SyncAsync(
        JobConfig job, RunOptions options, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken) =>
        RunAsync(job, RunKind.Sync, job.Source, $"{job.SourceDatabase.DisplayName} → {job.TargetDatabase.DisplayName} sync",
            observers, run =>
            {
                var full = new SyncPipeline(run, job, options);
                return (options.Mode ?? job.Mode) == SyncMode.Incremental ? new IncrementalPipeline(run, job, options, full) : full;
            }, cancellationToken);

    /// <summary>Publishes a backup on the job's target by the same steps, with a safety backup of what it replaces.</summary>
    public static Task<RunResult> RestoreAsync(
        JobConfig job, BackupHandle backup, RunOptions options, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken) =>
        RunAsync(job, RunKind.Restore, backup.File.FileName, $"Restore of {backup.File.FileName} to {job.TargetDatabase.DisplayName}",
            observers, run => new DatabaseRestorePipeline(run, options.Applied(job), backup, options), cancellationToken);

    /// <summary>What <see cref="SyncAsync"/> would do, step by step, from the configuration alone: nothing is connected to.</summary>
    /// <param name="mode">Null for what the job says.</param>
    public static IReadOnlyList<PlannedStep> PlanSync(JobConfig job, SyncMode? mode = null) =>
        (mode ?? job.Mode) == SyncMode.Incremental ? RunPlan.Incremental(job) : RunPlan.Sync(job);

    /// <summary>
    /// By what an incremental run would bring its target up to date, for who is asked: also where it can become more than that.
    /// </summary>
    public static string DescribeUpdate(JobConfig job) => $"by what has changed on {job.Source}{RunPlan.OrFull(job)}";

    /// <summary>What <see cref="RestoreAsync"/> would do, likewise.</summary>
    public static IReadOnlyList<PlannedStep> PlanRestore(JobConfig job, BackupFile backup, RunOptions options) =>
        RunPlan.Restore(job, backup, options);

    internal static Task<RunResult> RunAsync(
        JobConfig job, RunKind kind, string source, string title, IEnumerable<IRunObserver> observers,
        Func<RunContext, IPipeline> makePipeline, CancellationToken cancellationToken) =>
        RecordedRun.RunAsync(
            new RunDescription(
                kind, job.Name, source, job.Target, title, job.TargetDatabase.DisplayName, job.Backups.Directory, job.Limits.Total),
            observers, makePipeline, cancellationToken);
}
