using BackupSync.Files;
using BackupSync.Postgres;

namespace BackupSync.Configuration;

/// <summary>Jobs of two URLs, without a configuration file.</summary>
public static class AdHocJob
{
    /// <summary>
    /// Copies the first database into the second with all settings at their defaults. The databases' names are those they
    /// have on their servers; the job is called <c>source-to-target</c>.
    /// </summary>
    /// <param name="currentDirectory">What the backup directory is relative to; null for this process's.</param>
    /// <param name="backupDirectory">Null for <c>backups/&lt;job&gt;</c>.</param>
    /// <exception cref="BackupSyncException">One is no connection string; the message says which.</exception>
    public static JobConfig From(
        GivenDatabase sourceUrl, GivenDatabase targetUrl, string? currentDirectory = null, string? backupDirectory = null)
    {
        var (source, target) = Distinct(Source(sourceUrl), Target(targetUrl));
        var job = $"{source.Name}-to-{target.Name}";
        return new JobConfig
        {
            Name = job,
            SourceDatabase = source,
            TargetDatabase = target,
            Backups = new BackupsConfig
            {
                Directory = GivenPath.Full(backupDirectory ?? Path.Join("backups", job), currentDirectory),
            },
        };
    }

    /// <summary>The same of two databases of which the configuration has one or both.</summary>
    /// <param name="backupDirectory">Null for <c>backups/&lt;job&gt;</c> beside the configuration.</param>
    /// <param name="currentDirectory">What <paramref name="backupDirectory"/> is relative to; null for this process's.</param>
    internal static JobConfig Between(
        BackupSyncConfig config, DatabaseConfig source, DatabaseConfig target, string? backupDirectory = null,
        string? currentDirectory = null)
    {
        (source, target) = Distinct(source, target);
        var job = $"{source.Name}-to-{target.Name}";
        return new JobConfig
        {
            Name = job,
            SourceDatabase = source,
            TargetDatabase = target,
            Tools = config.Tools,
            Signing = config.Encryption,
            Alerts = config.Alerts,
            Backups = new BackupsConfig
            {
                Directory = backupDirectory is not null ? GivenPath.Full(backupDirectory, currentDirectory)
                    : Path.GetFullPath(Path.Join("backups", job), Path.GetDirectoryName(config.Path)!),
            },
        };
    }

    /// <summary>
    /// Makes one database of a configuration the first copy of another: by the job that keeps it up to date afterwards, or by one with
    /// all settings at their defaults where there is none.
    /// </summary>
    /// <exception cref="BackupSyncException">There is no such database, or both are one.</exception>
    public static JobConfig ForSecondary(BackupSyncConfig config, string target, string source)
    {
        var (from, to) = (config.Database(source), config.Database(target));
        if (from == to)
            throw new BackupSyncException(ErrorIds.SameDatabase, $"'{source}' cannot be made a copy of itself.", "Name another database.");
        var jobs = config.Jobs.Where(j => j.SourceDatabase == from && j.TargetDatabase == to).ToList();
        return jobs.FirstOrDefault(j => j.Mode == SyncMode.Incremental) ?? jobs.FirstOrDefault() ?? Between(config, from, to);
    }

    /// <summary>One database by its URL alone, as a command's parameter names it.</summary>
    /// <exception cref="BackupSyncException">It is no connection string.</exception>
    public static DatabaseConfig Database(GivenDatabase url) => Database("database", url, DatabaseRole.Backup);

    internal static DatabaseConfig Source(GivenDatabase url) => Database("source", url, DatabaseRole.Production);

    internal static DatabaseConfig Target(GivenDatabase url) => Database("target", url, DatabaseRole.Backup);

    static DatabaseConfig Database(string which, GivenDatabase url, DatabaseRole role)
    {
        var address = Parse(which, url);
        return new DatabaseConfig(address) { Name = Name(address.Database, which), Role = role };
    }

    /// <summary>Databases of one name are told apart by what they are here.</summary>
    static (DatabaseConfig Source, DatabaseConfig Target) Distinct(DatabaseConfig source, DatabaseConfig target) =>
        string.Equals(source.Name, target.Name, StringComparison.OrdinalIgnoreCase)
            ? (source with { Name = $"{source.Name}-source" }, target with { Name = $"{target.Name}-target" })
            : (source, target);

    internal static DatabaseAddress Parse(string which, GivenDatabase url)
    {
        // Mostly $env:NAME in a session that does not have it.
        if (string.IsNullOrWhiteSpace(url.Text))
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid, $"The {which}'s URL is empty.", "Set the environment variable that it comes from.");
        try
        {
            return DatabaseAddress.Parse(url.Text, url.Credential);
        }
        catch (BackupSyncException e)
        {
            throw new BackupSyncException(e.ErrorId, $"The {which}'s URL: {e.Message}", e.Advice);
        }
    }

    /// <summary>A database's name as one that files and jobs can have.</summary>
    internal static string Name(string database, string otherwise)
    {
        var allowed = string.Concat(database.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-'))
            .Trim('-', '.', '_');
        return allowed.Length == 0 ? otherwise : allowed;
    }
}
