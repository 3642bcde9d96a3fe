using BackupSync.Configuration;

namespace BackupSync.Application;

/// <summary>A sync of two databases that a command names, each by its name in the configuration or by its URL.</summary>
/// <param name="IsConfigured">Whether it is a job of the configuration: a scheduler may then run it unasked.</param>
public sealed record SyncedPair(JobConfig Job, bool IsConfigured)
{
    /// <summary>
    /// The job that the configuration has of two names; else one with all settings at their defaults, whose backups go beside the
    /// configuration or, of two URLs, into the current folder.
    /// </summary>
    /// <param name="load">Reads the configuration; not called for two URLs.</param>
    /// <param name="find">
    /// Reads the one that is found, if any is, for two URLs: a target that it knows as production is not replaced.
    /// </param>
    /// <param name="warn">
    /// Told where that one cannot be read: it was not asked for, so the URLs are used nevertheless. And of production databases that a
    /// target's URL could be, for their own cannot be had here.
    /// </param>
    /// <param name="currentDirectory">What the backup directory is relative to; null for this process's.</param>
    /// <param name="backupDirectory">Null for <c>backups/&lt;source&gt;-to-&lt;target&gt;</c>.</param>
    /// <exception cref="BackupSyncException">One is not known, or no connection string, or several jobs are of both.</exception>
    public static SyncedPair Of(
        GivenDatabase source, GivenDatabase target, Func<BackupSyncConfig> load, Func<BackupSyncConfig?> find, Action<string> warn,
        string? currentDirectory = null, string? backupDirectory = null)
    {
        if (source.IsAddress && target.IsAddress)
        {
            var adHoc = AdHocJob.From(source, target, currentDirectory, backupDirectory);
            return new SyncedPair(Found(find, warn) is { } known
                ? adHoc with { TargetDatabase = Known(adHoc.TargetDatabase, known, warn) } : adHoc, false);
        }

        var config = load();
        var from = source.IsAddress ? AdHocJob.Source(source) : source.In(config);
        var to = target.IsAddress ? Known(AdHocJob.Target(target), config, warn) : target.In(config);
        if (JobsOf(config, from, to) is { Count: > 0 } jobs)
            return new SyncedPair(OnlyOf(jobs, backupDirectory), true);
        return new SyncedPair(AdHocJob.Between(config, from, to, backupDirectory, currentDirectory), false);
    }

    internal static DatabaseConfig Known(DatabaseConfig target, BackupSyncConfig config, Action<string> warn)
    {
        GivenDatabase.WarnOfProduction(target, config, warn);
        return GivenDatabase.AsKnown(target, config);
    }

    internal static BackupSyncConfig? Found(Func<BackupSyncConfig?> find, Action<string> warn)
    {
        try
        {
            return find();
        }
        catch (BackupSyncException unreadable)
        {
            warn($"Whether the target is a production database of the configuration was not looked at: {unreadable.Message}");
            return null;
        }
    }

    static IReadOnlyList<JobConfig> JobsOf(BackupSyncConfig config, DatabaseConfig from, DatabaseConfig to) =>
        [.. config.Jobs.Where(j => j.SourceDatabase == from && j.TargetDatabase == to)];

    /// <summary>Two ways may not be mixed up, nor two histories.</summary>
    static JobConfig OnlyOf(IReadOnlyList<JobConfig> jobs, string? backupDirectory)
    {
        var job = jobs[0];
        if (jobs.Count > 1)
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid,
                $"Several jobs copy {job.Source} to {job.Target}: {NameList.Of([.. jobs.Select(j => j.Name)])}.",
                $"Name the one that you mean: {Spelling.Job}.");
        return backupDirectory is null ? job : throw new BackupSyncException(
            ErrorIds.ConfigurationInvalid, $"{job.Name} copies {job.Source} to {job.Target}, and has a backup directory of its own: "
                + $"{job.Backups.Directory}.", "Name no other.");
    }
}
