using BackupSync.Configuration;

namespace BackupSync.Backups;

/// <summary>The backups of a directory.</summary>
public static class BackupCatalog
{
    /// <summary>
    /// Every archive that has a manifest and the size it states, newest first; no directory means no backups. What looks
    /// like a backup but is none is told to <paramref name="warn"/>. Archives are not read: see <see cref="BackupArchive.CheckAsync(string, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: the directory cannot be read.</exception>
    public static IReadOnlyList<BackupFile> List(string directory, Action<string>? warn = null)
    {
        var entries = BackupFolder.Scan(directory);
        foreach (var entry in entries.Where(e => e is { IsGood: false, LooksLikeBackup: true }).OrderBy(e => e.Path, StringComparer.Ordinal))
            warn?.Invoke($"Not a backup: {entry.Path}: {entry.Problem}");

        return [.. NewestFirst(entries.Where(e => e.IsGood).Select(e => e.Backup!))];
    }

    /// <summary>The newest backup of a kind that a job has.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupNotFound"/>, or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static BackupFile Latest(JobConfig job, BackupKind kind, Action<string>? warn = null) =>
        List(job.Backups.Directory, warn).FirstOrDefault(b => b.Job == job.Name && b.Kind == kind) ?? throw new BackupSyncException(
            ErrorIds.BackupNotFound, $"There is no {kind.ToString().ToLowerInvariant()} backup of job '{job.Name}' in {job.Backups.Directory}.");

    /// <summary>The backup at a path, as its manifest describes it; the archive itself is not read.</summary>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupNotFound"/>: no such file. <see cref="ErrorIds.BackupInvalid"/>: it has no manifest, or not its own.
    /// </exception>
    public static BackupFile Open(string path) => File.Exists(path)
        ? BackupFile.Of(path, ManifestStore.Read(path))
        : throw new BackupSyncException(ErrorIds.BackupNotFound, $"There is no backup {path}.");

    internal static IOrderedEnumerable<BackupFile> NewestFirst(IEnumerable<BackupFile> backups) =>
        backups.OrderByDescending(b => b.Created).ThenByDescending(b => b.FileName, StringComparer.Ordinal);

    /// <summary>The job whose run took a safety backup.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>: the configuration has no such job; one that a restore took belongs to none.</exception>
    public static JobConfig JobOf(BackupFile backup, BackupSyncConfig config) =>
        config.Jobs.Any(j => j.Name == backup.Job) || backup.Kind != BackupKind.Safety
            ? config.Job(backup.Job)
            : throw new BackupSyncException(ErrorIds.UnknownName, $"{backup.FileName} was taken by {backup.Job}, which is no job of {config.Path}.",
                "A safety backup that a restore took is restored as any other backup: Restore-DbBackup (backupsync restore --path). Else name the target's URL.");
}
