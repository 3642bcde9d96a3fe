using BackupSync.Configuration;
using BackupSync.Operations.FullSync;
using BackupSync.Operations.Incremental;
using BackupSync.Operations.Sides;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>Runs jobs with their log file and history attached: what both heads call.</summary>
public static class JobRunner
{
    /// <summary>
    /// Makes the job's target a verified copy of its source. Does not throw for a run that fails: the result says how it
    /// ended and why. Cancelling stops the work on the servers too, and leaves the target as it was.
    /// </summary>
    public static Task<RunResult> SyncAsync(
        JobConfig job, RunOptions options, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken)
    {
        var description = new RunDescription(
            RunKind.Sync, job.Name, job.Source, job.Target, $"{LogNames.Of(job.Source)} → {LogNames.Of(job.Target)} sync",
            job.TargetDatabase.Name, job.Backups.Directory, Requests.SettingsOf(job).TotalLimit) { Clock = options.Clock };
        return RecordedRun.RunAsync(
            description, Watchers.With(observers, job.Alerts, options.Clock, description.Directory, job.Ping),
            run => new SyncOperation(run, Requests.Sync(job, options)), cancellationToken);
    }

    /// <summary>What <see cref="SyncAsync"/> would do, step by step, from the configuration alone: nothing is connected to.</summary>
    /// <param name="mode">Null for what the job says.</param>
    /// <exception cref="BackupSyncException">A variable is not set, or the target may not be one.</exception>
    public static IReadOnlyList<PlannedStep> PlanSync(JobConfig job, SyncMode? mode = null)
    {
        var request = Requests.Sync(job, new RunOptions { Mode = mode });
        Guards.EnsureMayBeTarget(request.Target);
        return [.. SyncOperation.StepsOf(request).Select(PlannedStep.Of)];
    }

    /// <summary>By what an incremental run would bring its target up to date, for who is asked: also where it can become more.</summary>
    public static string DescribeUpdate(JobConfig job) =>
        $"by what has changed on {job.Source}{new IncrementalSteps(Requests.Sync(job, new RunOptions())).OrFull}";
}
