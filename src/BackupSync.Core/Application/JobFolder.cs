using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.Expire;

namespace BackupSync.Application;

/// <summary>What a job has left in its backup directory; without a job, what is in a directory at all.</summary>
public sealed record JobFolder
{
    JobFolder(string directory, JobConfig? job) => (Directory, Job) = (directory, job);

    public string Directory { get; }
    public JobConfig? Job { get; }

    public static JobFolder Of(JobConfig job) => new(job.Backups.Directory, job);

    /// <summary>A directory itself, such as that of runs without a configuration file; of a configuration it needs nothing.</summary>
    /// <param name="directory">An absolute path.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupNotFound"/>: there is none.</exception>
    public static JobFolder At(string directory) => System.IO.Directory.Exists(directory)
        ? new JobFolder(directory, null)
        : throw new BackupSyncException(ErrorIds.BackupNotFound, $"There is no directory {directory}.");

    /// <summary>Newest first; the newest of each job and kind where the query asks for the latest.</summary>
    /// <inheritdoc cref="JobBackups.List"/>
    public IEnumerable<BackupFile> Backups(BackupQuery query, Action<string> warn)
    {
        var matching = (Job is null ? BackupCatalog.List(Directory, warn) : JobBackups.List(Job, warn)).Where(query.Matches);
        if (!query.Latest)
            return matching;
        List<BackupFile> latest = [.. BackupQuery.LatestOfJobs(matching)];
        foreach (var backup in latest.Where(query.IsFromTheFuture))
            warn(BackupChoice.FromTheFuture(backup));
        return latest;
    }

    /// <summary>Decides about every file; removes nothing.</summary>
    /// <param name="keepDays">
    /// Null for the job's own; without a job, for what jobs have that say nothing: what a plan has taken stays then.
    /// </param>
    internal IReadOnlyList<RetentionDecision> PlanCleanUp(int? keepDays, DateTimeOffset now) => Job is null
        ? Retention.Plan(
            Directory, keepDays ?? new BackupsConfig { Directory = Directory }.KeepDays, now, plans: keepDays is null ? [] : null)
        : JobBackups.PlanCleanUp(Job, keepDays, now);
}
