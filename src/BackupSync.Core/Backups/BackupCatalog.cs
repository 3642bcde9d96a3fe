using BackupSync.Configuration;

namespace BackupSync.Backups;

/// <summary>The backups of a directory.</summary>
static class BackupCatalog
{
    /// <summary>
    /// Every archive that has a manifest and the size it states, newest first; no directory means no backups. What looks
    /// like a backup but is none is told to <paramref name="warn"/>. Archives are not read: see
    /// <see cref="BackupArchive.CheckAsync(string, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: the directory cannot be read.</exception>
    /// <param name="encryption">
    /// Where there is a passphrase: whose signature manifests should bear. Each backup tells whether it does.
    /// </param>
    public static IReadOnlyList<BackupFile> List(string directory, Action<string>? warn = null, EncryptionConfig? encryption = null)
    {
        var entries = BackupFolder.Scan(directory, encryption);
        foreach (var entry in entries.Where(e => e is { IsGood: false, LooksLikeBackup: true })
            .OrderBy(e => e.Path, StringComparer.Ordinal))
            warn?.Invoke($"Not a backup: {entry.Path}: {entry.Problem}");

        return [.. NewestFirst(entries.Where(e => e.IsGood).Select(e => e.Backup!))];
    }

    /// <summary>The backup at a path, as its manifest describes it; the archive itself is not read.</summary>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupNotFound"/>: no such file. <see cref="ErrorIds.BackupInvalid"/>: it has no manifest, or not its own.
    /// </exception>
    public static BackupFile Open(string path) => File.Exists(path)
        ? BackupFile.Of(path, ManifestStore.Read(path))
        : throw new BackupSyncException(ErrorIds.BackupNotFound, $"There is no backup {path}.");

    internal static IOrderedEnumerable<BackupFile> NewestFirst(IEnumerable<BackupFile> backups) =>
        backups.OrderByDescending(b => b.Created).ThenByDescending(b => b.FileName, StringComparer.Ordinal);
}
