namespace BackupSync.Places;

/// <summary>
/// Somewhere backups are kept: whole files by key, <c>file</c> or <c>folder/file</c>, such as
/// <c>auth/auth_manual_backup_20260101_020000.dump</c>. What a backup is, and when it goes, is decided above: every place is
/// the same to those rules.
/// </summary>
/// <remarks>All throw <see cref="BackupSyncException"/> with <see cref="ErrorIds.PlaceFailed"/>, FileFailed or DiskFull.</remarks>
interface IBackupPlace : IAsyncDisposable
{
    /// <summary>The configuration's name.</summary>
    string Name { get; }

    /// <summary>The full path or address of a key, for people: <c>/backups/auth/x.dump</c>, <c>s3://bucket/pg/auth/x.dump</c>.</summary>
    string LocationOf(string key);

    /// <summary>
    /// Every file whose key is of that form, a folder's unfinished ones included; nothing where the folder does not exist yet.
    /// </summary>
    Task<IReadOnlyList<PlaceFile>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The file's content, to be read from its beginning; null where there is none of this key (any more).</summary>
    Task<Stream?> OpenAsync(string key, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a local file under a key, and reads back what is needed to know that it arrived: afterwards the whole file is
    /// there, or none. Where one that is there already is replaced and that fails, one of the two is there whole, or none where
    /// the new one arrived damaged.
    /// </summary>
    /// <param name="sha256">Of the file, in lower-case hexadecimal.</param>
    /// <param name="onProgress">Told the bytes written so far, one call at a time; reading them back comes after.</param>
    /// <param name="replace">
    /// Whether a file of this key is replaced. Otherwise it stays, even one that another machine stores at the same moment.
    /// </param>
    /// <returns>Whether it is this call that has stored it: false where the same file, to the byte, was there already and stayed.</returns>
    /// <exception cref="TakenKeyException">Another file of this key is there, and was not to be replaced.</exception>
    Task<bool> StoreAsync(
        string key, string file, string sha256, Action<long>? onProgress, CancellationToken cancellationToken, bool replace = true);

    /// <summary>What this place turned out to lack that others have, as a sentence; null for nothing.</summary>
    string? Caveat => null;

    /// <summary>
    /// Waits a while until nobody else changes or removes a backup in the folder of a key, and keeps others from it until what it
    /// returns is disposed of.
    /// </summary>
    /// <returns>Null where there are no locks, as in a bucket, where there is no such folder, or no room for a lock.</returns>
    IDisposable? TakeTurn(string key) => null;

    /// <returns>Whether there was one.</returns>
    Task<bool> DeleteAsync(string key, CancellationToken cancellationToken);
}

/// <summary>A key that was to be a new one is another file's.</summary>
sealed class TakenKeyException(IBackupPlace place, string key) : BackupSyncException(ErrorIds.PlaceFailed,
    $"There is already another file {place.LocationOf(key)} in the place {place.Name}: it is not replaced.",
    "Another machine is storing it, or has left it there. If it belongs to no backup, move it and those beside it that begin with its "
        + "name to another folder; "
    + "or name another place.");

/// <param name="Size">In bytes.</param>
sealed record PlaceFile(string Key, long Size);
