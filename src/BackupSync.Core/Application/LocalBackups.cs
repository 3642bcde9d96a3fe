using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Application;

/// <summary>What is known of backups without asking anybody else: those in folders. For lines that are being typed.</summary>
public static class LocalBackups
{
    /// <summary>The tags of all, those of the newest first.</summary>
    public static IReadOnlyList<string> Tags(BackupSyncConfig config) =>
        [.. All(config).Select(b => b.Tag).OfType<string>().Distinct()];

    /// <summary>The tables of a backup's file; of a database's newest backup where none is named.</summary>
    public static IReadOnlyList<string> Tables(BackupSyncConfig config, string? database, string? path)
    {
        path ??= All(config).FirstOrDefault(b => database is null || b.Database == database)?.Path;
        try
        {
            return path is not null && File.Exists(path)
                ? [.. ManifestStore.Read(path).Fingerprint.Tables.Keys.Order(StringComparer.Ordinal)]
                : [];
        }
        catch (BackupSyncException)
        {
            return []; // a half-typed line is no place for errors
        }
    }

    /// <summary>The database that a job copies; null where there is no such job, or none is named.</summary>
    public static string? SourceOf(BackupSyncConfig config, string? job) => config.Jobs.FirstOrDefault(j => j.Name == job)?.Source;

    /// <summary>Newest first; none of a folder that cannot be read.</summary>
    static IEnumerable<BackupFile> All(BackupSyncConfig config) => BackupCatalog.NewestFirst(
        from place in config.Places.OfType<FolderPlaceConfig>()
        where Directory.Exists(place.Directory)
        from folder in Directory.EnumerateDirectories(place.Directory)
        from backup in InFolder(folder)
        select backup);

    static IReadOnlyList<BackupFile> InFolder(string folder)
    {
        try
        {
            return BackupCatalog.List(folder);
        }
        catch (BackupSyncException)
        {
            return [];
        }
    }
}
