using BackupSync.Backups;

namespace BackupSync.Application;

/// <summary>The file that an export writes, with its manifest beside it.</summary>
public static class ExportFile
{
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.FileFailed"/>: it is a folder; or it is there, or a manifest of its name, and is not to be replaced.
    /// </exception>
    public static void EnsureMayWrite(string path, bool replace)
    {
        if (Directory.Exists(path))
            throw new BackupSyncException(ErrorIds.FileFailed, $"{path} is a folder.", "Name a file in it.");
        if (replace)
            return;
        if (new[] { path, ManifestStore.PathOf(path) }.FirstOrDefault(File.Exists) is { } there)
        {
            throw new BackupSyncException(ErrorIds.FileFailed, $"{there} exists already.",
                $"Name another file, or replace it with {Spelling.Force}.");
        }
    }
}
