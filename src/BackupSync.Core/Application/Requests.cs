using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations;

namespace BackupSync.Application;

/// <summary>
/// Makes requests of what the configuration says and the operator asks for: from here on down nobody reads a configuration. What is
/// missing of it on this machine, such as a variable, is told here.
/// </summary>
static class Requests
{
    /// <exception cref="ConfigurationException">A variable that its URL names is not set.</exception>
    public static Endpoint Endpoint(DatabaseConfig database) => new()
    {
        Name = database.Name,
        Address = database.Address,
        Role = database.Role,
        Provider = database.Provider,
        Tier = database.Tier,
        NotToBe = [.. database.NotToBe.Where(d => d.AddressProblem is null).Select(d => (d.Name, d.Address))],
    };

    /// <summary>A database whose content is replaced: where it is renamed for that, its pooler's clients have to wait.</summary>
    /// <exception cref="ConfigurationException">A variable that its URL, or its pooler's, names is not set.</exception>
    static Endpoint Replaced(DatabaseConfig database) => database.PoolerProblem is { } problem
        ? throw new ConfigurationException([problem])
        : Endpoint(database) with { Pooler = database.Pooler };

    public static SyncRequest Sync(JobConfig job, RunOptions options) => new()
    {
        Source = Endpoint(job.SourceDatabase),
        Target = Replaced(job.TargetDatabase),
        Settings = SettingsOf(job),
        Mode = options.Mode ?? job.Mode,
        Publish = job.Publish,
        Tables = job.Tables,
        Incremental = job.Incremental,
        IsFollowedByIncremental = job.Mode == SyncMode.Incremental || options.Mode == SyncMode.Incremental,
        Verify = job.Verify,
        Exclude = job.Exclude,
        MaximumShrink = job.Guards.MaximumShrink,
        KeepDays = job.Backups.KeepDays,
        Force = options.Force,
        FullVerify = options.FullVerify,
    };

    /// <summary>A job's target is brought back, by the job's settings.</summary>
    public static RestoreRequest Restore(JobConfig job, BackupHandle backup, IReadOnlyList<string> tables, RunOptions options) => new()
    {
        Backup = backup,
        Tables = tables,
        Target = TargetOf(tables, job.TargetDatabase, options),
        Settings = WithBlocking(SettingsOf(job), options),
        Publish = job.Publish,
        Verify = job.Verify,
        KeepDays = job.Backups.KeepDays,
        AllowProduction = options.AllowProduction,
        SkipRefused = options.SkipRefused,
    };

    /// <summary>A database is brought back by nobody's job.</summary>
    public static RestoreRequest Restore(
        BackupHandle backup, IReadOnlyList<string> tables, DatabaseConfig target, RunSettings settings, RunOptions options) => new()
    {
        Backup = backup,
        Tables = tables,
        Target = TargetOf(tables, target, options),
        Settings = WithBlocking(settings, options),
        KeepDays = new BackupsConfig { Directory = settings.Folder }.KeepDays,
        AllowProduction = options.AllowProduction,
        SkipRefused = options.SkipRefused,
    };

    /// <summary>Tables alone are restored without a rename.</summary>
    static Endpoint TargetOf(IReadOnlyList<string> tables, DatabaseConfig target, RunOptions options)
    {
        var endpoint = tables.Count == 0 ? Replaced(target) : Endpoint(target);
        return options.AllowProduction ? endpoint with { NotToBe = [] } : endpoint;
    }

    public static RunSettings SettingsOf(JobConfig job) => new()
    {
        Job = job.Name,
        Folder = job.Backups.Directory,
        Limits = job.Limits,
        LimitsKey = "limits",
        Tools = job.Tools,
        Parallel = job.Parallel,
        Compression = job.Backups.Compression,
        MinimumBackupSize = job.Guards.MinimumBackupSize,
        Encryption = job.Encryption,
        Signing = job.Signing,
    };

    static RunSettings WithBlocking(RunSettings settings, RunOptions options) =>
        options.OthersWait ? settings with { Limits = settings.Limits with { Blocking = null } } : settings;
}
