using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Places;

namespace BackupSync.Application;

/// <summary>What it takes to read a backup, found in a configuration.</summary>
public static class BackupHandles
{
    /// <summary>Its place in a configuration; for one in no configured place, the folder it stands in.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>: the configuration has no such place.</exception>
    public static BackupHandle Of(BackupFile file, BackupSyncConfig? config)
    {
        var handle = AloneOf(file, config);
        return handle with { OtherPlaces = [.. (config?.Places ?? []).Where(p => p != handle.Place)] };
    }

    static BackupHandle AloneOf(BackupFile file, BackupSyncConfig? config)
    {
        if (config is not null && file.Place is { } name)
            return new BackupHandle(file, config.Place(name), config.Encryption) { Key = file.Key ?? file.FileName };
        var folder = Path.GetDirectoryName(file.Path)!;
        // Named by its path, it still is one of its place's: the others there are the next to try.
        var key = $"{file.Database}/{file.FileName}";
        if (PlaceKey.IsValid(key) && config?.Places.OfType<FolderPlaceConfig>()
            .FirstOrDefault(p => RealPath.IsSame(Path.Combine(p.Directory, file.Database), folder)) is { } place)
        {
            return new BackupHandle(file with { Place = place.Name, Key = key }, place, config.Encryption) { Key = key };
        }
        return new BackupHandle(file, new FolderPlaceConfig { Name = file.Place ?? "", Directory = folder }, config?.Encryption);
    }
}
