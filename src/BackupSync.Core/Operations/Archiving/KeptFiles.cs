using BackupSync.Backups;

namespace BackupSync.Operations.Archiving;

/// <summary>
/// What a run has written and counts on is where it was: somebody may rename its folder, or unmount what it is on, meanwhile.
/// </summary>
static class KeptFiles
{
    /// <param name="backup">In a folder of this machine; null where there is none to be sure of.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: it, or its manifest, is not there any more.</exception>
    public static void EnsureThere(BackupFile? backup)
    {
        if (Missing(backup) is { } missing)
            throw Gone(missing, null);
    }

    /// <summary>What of it is not there any more; null where all is.</summary>
    public static string? Missing(BackupFile? backup) =>
        backup is null ? null : new[] { backup.Path, ManifestStore.PathOf(backup.Path) }.FirstOrDefault(f => !File.Exists(f));

    public static BackupSyncException Gone(string path, Exception? inner) => new(
        ErrorIds.FileFailed,
        $"{path} is not there any more, or cannot be read: while the run went on its folder was renamed, removed, closed to this user, "
            + "or what it is on was unmounted.",
        $"Bring {Path.GetDirectoryName(path)} back, with what was in it, and run again.", inner)
    { Detail = inner?.Message };
}
