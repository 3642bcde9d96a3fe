using BackupSync.Files;

namespace BackupSync.Backups;

/// <summary>Whether an archive still is what its manifest says.</summary>
static class BackupArchive
{
    /// <summary>What every custom-format archive of pg_dump begins with.</summary>
    static ReadOnlySpan<byte> Magic => "PGDMP"u8;

    /// <summary>Reads the whole archive and compares it with its manifest, which is returned.</summary>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupInvalid"/>: missing, without manifest, of another format, truncated or altered; the
    /// message says which. <see cref="ErrorIds.FileFailed"/>: it cannot be read.
    /// </exception>
    public static async Task<BackupManifest> CheckAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            throw Invalid($"There is no backup {path}.");

        var isArchive = await StartsAsArchiveAsync(path, cancellationToken);
        if (!isArchive && !File.Exists(ManifestStore.PathOf(path)))
            throw Invalid($"{path} is not a backup of BackupSync: it is no custom-format archive of pg_dump, and it has no manifest.");

        var manifest = ManifestStore.Read(path);
        await CheckAsync(path, manifest, cancellationToken);
        return manifest;
    }

    /// <summary>Reads the whole archive and compares it with this manifest.</summary>
    /// <inheritdoc cref="CheckAsync(string, CancellationToken)" path="/exception"/>
    internal static async Task CheckAsync(string path, BackupManifest manifest, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            throw Invalid($"There is no backup {path}.");
        if (!await StartsAsArchiveAsync(path, cancellationToken))
            throw Invalid($"{path} is of another format: a custom-format archive of pg_dump begins with PGDMP.");
        if (Damage(new FileInfo(path).Length, manifest) is { } damage)
            throw Invalid($"{path} {damage}.");
        if (!string.Equals(await FileHash.Sha256Async(path, cancellationToken), manifest.Sha256, StringComparison.OrdinalIgnoreCase))
            throw Invalid($"{path} was altered: its SHA-256 is not the one in its manifest.");
    }

    /// <summary>What a glance at the size tells, as the rest of a sentence about the archive; null where it fits.</summary>
    internal static string? Damage(long size, BackupManifest manifest) =>
        size < manifest.Size ? $"is truncated: it has {size:N0} bytes of the {manifest.Size:N0} that its manifest states"
        : size > manifest.Size ? $"was altered: it has {size:N0} bytes, its manifest states {manifest.Size:N0}"
        : null;

    /// <summary>Also true of one cut off within its first bytes, which is truncated rather than of another format.</summary>
    static async Task<bool> StartsAsArchiveAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = FileHash.Open(path);
            var start = new byte[Magic.Length];
            var read = await stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
            return Magic.StartsWith(start.AsSpan(0, read));
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }

    static BackupSyncException Invalid(string message) => new(ErrorIds.BackupInvalid, message, "Use another backup.");
}
