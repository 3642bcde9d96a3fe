using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Application;

/// <summary>Where a backup is restored to: a database of the configuration, or one that its address names.</summary>
/// <param name="IsConfigured">Whether it is named in the configuration, so that a scheduler may replace it unasked.</param>
public sealed record RestoreTarget(DatabaseConfig Database, bool IsConfigured)
{
    /// <param name="name">Null for the database that the backup is of.</param>
    /// <param name="url">Null where none is said.</param>
    /// <param name="warn">Told of production databases that the URL could be, for their own cannot be had here.</param>
    /// <exception cref="BackupSyncException">The name is unknown, the URL is no connection string, or both are said.</exception>
    public static RestoreTarget Of(BackupSyncConfig config, string? name, GivenDatabase? url, BackupFile backup, Action<string> warn)
    {
        if (OptionRules.Target(name is not null, url is not null) is { } refusal)
            throw new BackupSyncException(ErrorIds.ConfigurationInvalid, refusal);
        if (url is null)
            return new RestoreTarget(config.Database(name ?? backup.Database), IsConfigured: true);
        var database = Selection.ByUrl(config, url);
        GivenDatabase.WarnOfProduction(database, config, warn);
        return new RestoreTarget(database, IsConfigured: false);
    }
}
