using BackupSync.Configuration;

namespace BackupSync.Places;

/// <summary>Opens the places of a configuration.</summary>
static class BackupPlaces
{
    /// <summary>Connects to nothing yet: a place that cannot be reached says so when it is used.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.PlaceFailed"/>: what is configured cannot work anywhere.</exception>
    public static IBackupPlace Open(PlaceConfig config) => config switch
    {
        FolderPlaceConfig folder => new FolderPlace(folder),
        S3PlaceConfig s3 => new S3Place(s3),
        _ => throw new ArgumentException($"There is no place of the kind {config.GetType().Name}.", nameof(config)),
    };
}
