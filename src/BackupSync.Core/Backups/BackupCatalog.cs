using BackupSync.Configuration;
using BackupSync.History;
using BackupSync.Runs;

namespace BackupSync.Backups;

/// <summary>The backups of a directory.</summary>
public static class BackupCatalog
{
    /// <summary>
    /// Every archive that has a manifest and the size it states, newest first; no directory means no backups. What looks
    /// like a backup but is none is told to <paramref name="warn"/>. Archives are not read: see <see cref="BackupArchive.CheckAsync(string, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: the directory cannot be read.</exception>
    /// <param name="encryption">Where there is a passphrase: whose signature manifests should bear. Each backup tells whether it does.</param>
    public static IReadOnlyList<BackupFile> List(string directory, Action<string>? warn = null, EncryptionConfig? encryption = null)
    {
        var entries = BackupFolder.Scan(directory, encryption);
        foreach (var entry in entries.Where(e => e is { IsGood: false, LooksLikeBackup: true }).OrderBy(e => e.Path, StringComparer.Ordinal))
            warn?.Invoke($"Not a backup: {entry.Path}: {entry.Problem}");

        return [.. NewestFirst(entries.Where(e => e.IsGood).Select(e => e.Backup!))];
    }

    /// <summary>Those that a job has left in its directory, newest first.</summary>
    /// <inheritdoc cref="List(string, Action{string}?, EncryptionConfig?)" path="/exception"/>
    public static IReadOnlyList<BackupFile> List(JobConfig job, Action<string>? warn = null) =>
        [.. List(job.Backups.Directory, warn, job.Signing).Where(b => b.Job == job.Name)];

    /// <summary>
    /// What a job's target held before the last run that changed it. A run that failed leaves a safety backup, too, of what is still there:
    /// undoing by that one would change nothing, and say that it had gone well.
    /// </summary>
    /// <param name="unauthenticated">Whether one may be it that is not known to be ours.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupNotFound"/>, or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static BackupFile LatestSafety(JobConfig job, Action<string>? warn = null, bool unauthenticated = false)
    {
        var all = List(job, warn).Where(b => b.Kind == BackupKind.Safety).ToList();
        var safety = all.Where(b => unauthenticated || b.NotAuthenticated is null).ToList();
        if (safety.Count == 0)
        {
            throw new BackupSyncException(ErrorIds.BackupNotFound, $"There is no safety backup of job '{job.Name}' in {job.Backups.Directory}"
                + (all.Count == 0 ? "." : $" that is known to be ours. The newest is {all[0].FileName}, and {all[0].NotAuthenticated}."),
                all.Count == 0 ? null : StoredBackup.UnauthenticatedAdvice);
        }
        foreach (var passed in all.TakeWhile(b => b != safety[0]))
            warn?.Invoke($"Passed over: {passed.FileName} is newer, but not authenticated: {passed.NotAuthenticated}.");
        var changedNothing = RunHistory.Read(job.Backups.Directory, warn)
            .Where(r => r.Outcome is RunOutcome.Aborted or RunOutcome.RolledBack or RunOutcome.Cancelled).Select(r => r.RunId).ToHashSet();
        if (safety.FirstOrDefault(b => !changedNothing.Contains(b.RunId)) is not { } latest)
        {
            throw new BackupSyncException(ErrorIds.BackupNotFound, $"Every safety backup of job '{job.Name}' was taken by a run that changed nothing: there is no run to undo.",
                $"If others have changed {job.TargetDatabase.DisplayName} since, restore the file: {safety[0].Path}");
        }
        if (latest != safety[0])
            warn?.Invoke($"{safety[0].FileName} is newer, but its run changed nothing: {latest.FileName} holds what was there before the last run that did.");
        return latest;
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

    /// <summary>The job whose run took a safety backup.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>: the configuration has no such job; one that a restore took belongs to none.</exception>
    public static JobConfig JobOf(BackupFile backup, BackupSyncConfig config) =>
        config.Jobs.Any(j => j.Name == backup.Job) || backup.Kind != BackupKind.Safety
            ? config.Job(backup.Job)
            : throw new BackupSyncException(ErrorIds.UnknownName, $"{backup.FileName} was taken by {backup.Job}, which is no job of {config.Path}.",
                "A safety backup that a restore took is restored as any other backup: Restore-DbBackup (backupsync restore --path). Else name the target's URL.");
}
