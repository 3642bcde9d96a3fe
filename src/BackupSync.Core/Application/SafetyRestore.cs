using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>A backup by which a job's target is brought back, and where that goes.</summary>
public sealed record SafetyRestore
{
    readonly JobConfig? _job;

    SafetyRestore(BackupHandle backup, DatabaseConfig target, JobConfig? job) => (Backup, Target, _job) = (backup, target, job);

    public BackupHandle Backup { get; init; }
    public DatabaseConfig Target { get; }

    internal string Job => _job?.Name ?? Backup.File.Job;

    /// <summary>The history goes to the job's own, or beside the backup.</summary>
    internal string Folder => _job?.Backups.Directory ?? Path.GetDirectoryName(Backup.File.Path)!;

    internal StepLimit Limit => _job is null
        ? new StepLimit(RunSettings.Patient.Total, null)
        : new StepLimit(_job.Limits.Total, "limits.total");

    /// <summary>By a job and its settings.</summary>
    public static SafetyRestore Of(JobConfig job, BackupFile backup, BackupSyncConfig? config) =>
        new(BackupHandles.Of(backup, config), job.TargetDatabase, job);

    /// <summary>Into a database that no configuration names.</summary>
    /// <param name="config">For its passphrase; null where there is none.</param>
    /// <exception cref="BackupSyncException">The URL is no connection string.</exception>
    public static SafetyRestore To(string targetUrl, BackupFile backup, BackupSyncConfig? config)
    {
        var target = AdHocJob.Parse("target", targetUrl);
        // Safety backups are listed by the name that the database had when they were taken.
        var name = backup.Kind == BackupKind.Safety ? backup.Database : AdHocJob.Name(target.Database, "target");
        return new SafetyRestore(
            BackupHandles.Of(backup, config), new DatabaseConfig(target) { Name = name, Role = DatabaseRole.Backup }, job: null);
    }

    internal RestoreRequest Request(RunOptions options) => _job is not null
        ? Requests.Restore(_job, Backup, [], options)
        : Requests.Restore(Backup, [], Target, new RunSettings { Job = Job, Folder = Folder, Limits = RunSettings.Patient }, options);
}
