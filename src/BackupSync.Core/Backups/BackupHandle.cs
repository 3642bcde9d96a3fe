using BackupSync.Configuration;
using BackupSync.Places;

namespace BackupSync.Backups;

/// <summary>A backup together with what it takes to read it.</summary>
/// <param name="Encryption">Null where nothing is known of a passphrase.</param>
public sealed record BackupHandle(BackupFile File, PlaceConfig Place, EncryptionConfig? Encryption)
{
    /// <summary>Its key in that place: its name, where the place is the folder it stands in.</summary>
    internal string Key { get; init; } = File.FileName;

    /// <summary>
    /// Whether it may be read, with a warning, where its manifest does not bear the signature of the passphrase that there is.
    /// </summary>
    public bool Unauthenticated { get; init; }

    /// <summary>Its place in a configuration; for one in no configured place, the folder it stands in.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>: the configuration has no such place.</exception>
    public static BackupHandle Of(BackupFile file, BackupSyncConfig? config)
    {
        if (config is not null && file.Place is { } name)
            return new BackupHandle(file, config.Place(name), config.Encryption) { Key = file.Key ?? file.FileName };
        var folder = Path.GetDirectoryName(file.Path)!;
        // Named by its path, it still is one of its place's: the others there are the next to try.
        if (Path.GetFileName(folder) == file.Database
            && config?.Places.OfType<FolderPlaceConfig>().FirstOrDefault(p => p.Directory == Path.GetDirectoryName(folder)) is { } place)
        {
            var key = $"{file.Database}/{file.FileName}";
            return new BackupHandle(file with { Place = place.Name, Key = key }, place, config.Encryption) { Key = key };
        }
        return new BackupHandle(file, new FolderPlaceConfig { Name = file.Place ?? "", Directory = folder }, config?.Encryption);
    }

    internal IBackupPlace OpenPlace() => BackupPlaces.Open(Place);
}
