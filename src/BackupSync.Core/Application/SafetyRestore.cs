using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations;

namespace BackupSync.Application;

/// <summary>A backup by which a job's target is brought back, and where that goes.</summary>
public sealed record SafetyRestore
{
    readonly JobConfig? _job;

    SafetyRestore(BackupHandle backup, DatabaseConfig target, JobConfig? job) => (Backup, Target, _job) = (backup, target, job);

    public BackupHandle Backup { get; private init; }
    public DatabaseConfig Target { get; }

    /// <summary>Those of the job; without one, the history goes beside the backup.</summary>
    internal RunSettings Settings => _job is not null ? Requests.SettingsOf(_job) : new RunSettings
    {
        Job = Backup.File.Job, Folder = Path.GetDirectoryName(Backup.File.Path)!, Limits = RunSettings.LongLimits,
    };

    /// <summary>Who is told how it ends; null without a job.</summary>
    internal AlertsConfig? Alerts => _job?.Alerts;

    /// <summary>By what a job's target held before the last run that changed it.</summary>
    /// <param name="unauthenticated">Whether a backup may be used that is not known to be ours.</param>
    /// <exception cref="BackupSyncException">There is no such job, or no such backup of it.</exception>
    public static SafetyRestore Latest(BackupSyncConfig config, string job, Action<string> warn, bool unauthenticated)
    {
        var found = config.Job(job);
        return Of(found, SafetyBackups.Latest(found, warn, unauthenticated), config).WhereUnauthenticated(unauthenticated);
    }

    /// <summary>By a backup that is named.</summary>
    /// <param name="job">The job whose target is meant; null for the one that took the backup.</param>
    /// <exception cref="BackupSyncException">The configuration has no such job.</exception>
    public static SafetyRestore Named(BackupFile backup, BackupSyncConfig config, string? job, bool unauthenticated) =>
        Of(job is null ? SafetyBackups.JobOf(backup, config) : config.Job(job), backup, config).WhereUnauthenticated(unauthenticated);

    /// <summary>Into a database that no configuration names.</summary>
    /// <param name="config">For its passphrase; null where none is named.</param>
    /// <param name="find">Reads the one that is found, if any is: what it knows as production is not replaced.</param>
    /// <param name="warn">Told where that could not be looked at.</param>
    /// <exception cref="BackupSyncException">The URL is no connection string.</exception>
    public static SafetyRestore To(
        GivenDatabase targetUrl, BackupFile backup, BackupSyncConfig? config, Func<BackupSyncConfig?> find, Action<string> warn,
        bool unauthenticated)
    {
        var target = AdHocJob.Parse("target", targetUrl);
        // Safety backups are listed by the name that the database had when they were taken.
        var name = backup.Kind == BackupKind.Safety ? backup.Database : AdHocJob.Name(target.Database, "target");
        var database = new DatabaseConfig(target) { Name = name, Role = DatabaseRole.Backup };
        if ((config ?? SyncedPair.Found(find, warn)) is { } known)
            database = SyncedPair.Known(database, known, warn);
        return new SafetyRestore(BackupHandles.Of(backup, config), database, job: null).WhereUnauthenticated(unauthenticated);
    }

    internal static SafetyRestore Of(JobConfig job, BackupFile backup, BackupSyncConfig? config) =>
        new(BackupHandles.Of(backup, config), job.TargetDatabase, job);

    internal RestoreRequest Request(RunOptions options) => _job is not null
        ? Requests.Restore(_job, Backup, [], options)
        : Requests.Restore(Backup, [], Target, Settings, options);

    SafetyRestore WhereUnauthenticated(bool allowed) => this with { Backup = Backup with { Unauthenticated = allowed } };
}
