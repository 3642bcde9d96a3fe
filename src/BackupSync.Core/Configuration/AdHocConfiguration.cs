namespace BackupSync.Configuration;

/// <summary>What stands for a configuration where there is none: no databases, and a folder for backups.</summary>
public static class AdHocConfiguration
{
    /// <param name="folder">An absolute path; backups go to <c>backups</c> in it.</param>
    public static BackupSyncConfig In(string folder) => new()
    {
        Path = System.IO.Path.Combine(folder, "backupsync.yml"),
        Databases = [],
        Jobs = [],
        Places = [new FolderPlaceConfig { Name = PlaceConfig.Default, Directory = System.IO.Path.Combine(folder, "backups") }],
    };
}
