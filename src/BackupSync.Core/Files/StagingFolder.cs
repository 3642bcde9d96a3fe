namespace BackupSync.Files;

/// <summary>
/// A folder of this run's own in the system's temporary one (<c>TMPDIR</c> names another), for what is fetched or decrypted.
/// Gone when disposed of; what a process that died has left goes with the next run, once it is a minute old.
/// </summary>
sealed class StagingFolder : IDisposable
{
    const string Prefix = "backupsync-staging-";

    /// <summary>One as young as this may just have been made, and not be locked yet.</summary>
    static readonly TimeSpan Young = TimeSpan.FromMinutes(1);

    readonly IDisposable _lock;

    StagingFolder(string path, IDisposable held) => (Path, _lock) = (path, held);

    public string Path { get; }

    /// <param name="bytes">How much it has to hold, about.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.DiskFull"/> or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static StagingFolder Create(long bytes)
    {
        var parent = System.IO.Path.GetTempPath();
        ClearLeftovers();
        if (PrivateFile.FreeSpace(parent) is { } free && free < bytes)
        {
            throw new BackupSyncException(
                ErrorIds.DiskFull,
                $"{parent} has {ByteSizes.Show(free)} free; {ByteSizes.Show(bytes)} are needed there for a while.",
                "Free space there, or let the variable TMPDIR (TEMP on Windows) name a larger folder.");
        }
        var path = PrivateFile.CreateNewFolder(parent, Prefix);
        return new StagingFolder(path, FolderLock.TryTake(path) ?? throw new InvalidOperationException($"{path} is in use."));
    }

    /// <summary>Whether it is a file in one.</summary>
    public static bool Holds(string file) =>
        System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file)) ?? "")
            .StartsWith(Prefix, StringComparison.Ordinal);

    public void Dispose()
    {
        // While it is locked: nobody else clears it meanwhile.
        foreach (var file in Directory.EnumerateFiles(Path).Where(f => System.IO.Path.GetFileName(f) != FolderLock.FileName))
            File.Delete(file);
        _lock.Dispose();
        TryDelete(Path);
    }

    /// <summary>What is decrypted must not lie about because nobody restores again.</summary>
    public static void ClearLeftovers()
    {
        // Others may put folders and links of our names into the temporary folder: what is not ours is not looked into.
        foreach (var folder in new DirectoryInfo(System.IO.Path.GetTempPath()).EnumerateDirectories(Prefix + "*")
                     .Where(f => PlatformFiles.IsOwnFolder(f.FullName) && FileAge.Of(f) > Young))
        {
            try
            {
                using var held = FolderLock.TryTake(folder.FullName);
                if (held is null)
                    continue;
            }
            catch (BackupSyncException)
            {
                continue; // gone meanwhile
            }
            TryDelete(folder.FullName);
        }
    }

    static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            // Another process is clearing it at this moment, or the next one will.
        }
    }
}
