using BackupSync.Places;

namespace BackupSync.Backups;

/// <summary>
/// A backup's manifest as it is now, to be written anew. In a folder nobody else changes or removes a backup until this is disposed of;
/// a bucket has no locks, so that of two changes at one moment one may be lost.
/// </summary>
sealed class HeldManifest : IAsyncDisposable
{
    readonly IBackupPlace _place;
    readonly IDisposable? _turn;
    readonly string _key;

    HeldManifest(IBackupPlace place, IDisposable? turn, string key, byte[] bytes, BackupManifest manifest) =>
        (_place, _turn, _key, Bytes, Manifest) = (place, turn, key, bytes, manifest);

    public BackupManifest Manifest { get; }

    /// <summary>The manifest as it is stored.</summary>
    public byte[] Bytes { get; }

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupNotFound"/>: another has its name now. <see cref="ErrorIds.BackupInvalid"/>: it has gone, or is damaged.
    /// </exception>
    public static async Task<HeldManifest> TakeAsync(BackupHandle handle, CancellationToken cancellationToken)
    {
        var place = handle.OpenPlace();
        IDisposable? turn = null;
        try
        {
            turn = place.TakeTurn(handle.Key);
            var bytes = await BackupStore.ReadManifestBytesAsync(place, handle.Key, cancellationToken);
            var manifest = BackupStore.ParseManifest(bytes, place, handle.Key, handle.Encryption);
            EnsureIsOf(handle.File, manifest, place.LocationOf(handle.Key));
            return new HeldManifest(place, turn, handle.Key, bytes, manifest);
        }
        catch
        {
            turn?.Dispose();
            await place.DisposeAsync();
            throw;
        }
    }

    /// <param name="name">Its path or address.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupNotFound"/>: it is of another backup.</exception>
    public static void EnsureIsOf(BackupFile backup, BackupManifest manifest, string name)
    {
        if ((manifest.RunId, manifest.Sha256) != (backup.RunId, backup.Sha256))
            throw new BackupSyncException(
                ErrorIds.BackupNotFound, $"{name} is not the backup any more that was asked for.",
                $"List what there is with {Spelling.ListBackups}.");
    }

    /// <param name="manifest">As <see cref="ManifestStore.Format"/> makes it.</param>
    public Task WriteAsync(byte[] manifest, CancellationToken cancellationToken) =>
        BackupStore.WriteManifestAsync(_place, _key, manifest, replace: true, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _turn?.Dispose();
        await _place.DisposeAsync();
    }
}
