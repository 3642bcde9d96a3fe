namespace BackupSync.Files;

/// <summary>
/// Files that only their owner reads, and that are either whole or not there: written as <c>*.partial</c>, flushed to
/// disk, renamed.
/// </summary>
/// <remarks>
/// Everything here throws <see cref="BackupSyncException"/>: <see cref="ErrorIds.DiskFull"/> or <see cref="ErrorIds.FileFailed"/>.
/// </remarks>
static class PrivateFile
{
    /// <summary>What a file's name ends with until it is whole.</summary>
    public const string PartialSuffix = ".partial";

    /// <summary>How long others hold a file that is shared by turns: one write and its flush, on a slow disk.</summary>
    static readonly TimeSpan TurnWait = TimeSpan.FromSeconds(10);

    /// <summary>Makes the folder and what is missing above it, for the owner alone; one that exists is left as it is.</summary>
    public static void CreateFolder(string path) => Guarded(path, "create the folder", () =>
    {
        var missing = new Stack<string>();
        for (var folder = Path.GetFullPath(path); folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder))
            missing.Push(folder);

        foreach (var folder in missing)
        {
            PlatformFiles.CreateFolder(folder);
            PlatformFiles.FlushFolder(Path.GetDirectoryName(folder)!);
        }
        return true;
    });

    /// <summary>Makes a folder of a name that cannot be guessed, for the owner alone; what is there already is never taken.</summary>
    public static string CreateNewFolder(string parent, string prefix) =>
        Guarded(parent, "create a folder in", () => PlatformFiles.CreateNewFolder(parent, prefix));

    /// <summary>Makes a new file and opens it to be read and written, unbuffered. One that exists is an error, never overwritten.</summary>
    public static FileStream Create(string path) => Guarded(path, "create", () =>
        PlatformFiles.Open(path, FileMode.CreateNew, FileShare.Read, FileOptions.Asynchronous));

    /// <summary>Opens a file, made if it is missing, for this opener alone; waits a while for others that do the same.</summary>
    /// <param name="wait">How long; null for 10 s.</param>
    public static FileStream OpenExclusive(string path, TimeSpan? wait = null) => Guarded(path, "open", () =>
        WaitForTurn(() => PlatformFiles.Open(path, FileMode.OpenOrCreate, FileShare.None, FileOptions.None), wait ?? TurnWait));

    /// <summary>Opens a file that others write through <see cref="OpenExclusive"/>; waits a while for them to be done.</summary>
    public static FileStream OpenToRead(string path) => Guarded(path, "open", () =>
        WaitForTurn(() => PlatformFiles.OpenToRead(path, FileShare.Read), TurnWait));

    /// <summary>Replaces a small file as a whole: readers, and whoever comes after a crash, find the old one or the new one.</summary>
    /// <param name="overwrite">Whether one that is there already is replaced; otherwise it is an error.</param>
    public static void WriteAllDurably(string path, ReadOnlySpan<byte> content, bool overwrite = true)
    {
        var partial = path + PartialSuffix;
        var bytes = content.ToArray();
        // One that a dead process left may be readable by others, so it is not written into.
        Delete(partial);
        try
        {
            Guarded(partial, "write", () =>
            {
                using var stream = PlatformFiles.Open(partial, FileMode.CreateNew, FileShare.None, FileOptions.None);
                stream.Write(bytes);
                return true;
            });
            Publish(partial, path, overwrite);
        }
        finally
        {
            Delete(partial);
        }
    }

    /// <summary>Gives a finished file its name: flushes it to disk, renames it, flushes the folder.</summary>
    /// <param name="overwrite">Whether a file that has the name already is replaced; otherwise it is an error.</param>
    public static void Publish(string partialPath, string finalPath, bool overwrite = false) => Guarded(finalPath, "write", () =>
    {
        // A device, a pipe or a link to one would be gone, for all users of the machine.
        if (!PlatformFiles.IsRegularOrMissing(finalPath))
            throw new IOException($"{finalPath} is no regular file.");
        using (var handle = File.OpenHandle(partialPath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
            RandomAccess.FlushToDisk(handle);
        File.Move(partialPath, finalPath, overwrite);
        PlatformFiles.FlushFolder(Path.GetDirectoryName(Path.GetFullPath(finalPath))!);
        return true;
    });

    /// <summary>Writes at the end of an open file, all of it or nothing where the disk lets us.</summary>
    /// <exception cref="IOException">The file has the length it had.</exception>
    internal static void AppendWhole(FileStream stream, ReadOnlySpan<byte> content)
    {
        var end = stream.Seek(0, SeekOrigin.End);
        try
        {
            stream.Write(content);
        }
        catch (IOException)
        {
            stream.SetLength(end);
            throw;
        }
    }

    /// <summary>Removes a file so that it stays removed after a power cut. Whether it was there.</summary>
    public static bool Delete(string path) => Guarded(path, "remove", () =>
    {
        if (!File.Exists(path))
            return false;
        File.Delete(path);
        PlatformFiles.FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return true;
    });

    /// <summary>
    /// What this user may still write there, in bytes; the folder need not exist yet. Null where the system does not tell, as for some
    /// network shares.
    /// </summary>
    public static long? FreeSpace(string folder)
    {
        var existing = Path.GetFullPath(folder);
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
            existing = parent;
        try
        {
            // Unix asks the file system that holds the folder, Windows knows drives only.
            return new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(existing)! : existing).AvailableFreeSpace;
        }
        catch (Exception e) when (FileFailure.Is(e) || e is ArgumentException)
        {
            return null;
        }
    }

    static FileStream WaitForTurn(Func<FileStream> open, TimeSpan wait)
    {
        FileStream? stream = null;
        IOException? inUse = null;
        SpinWait.SpinUntil(
            () =>
            {
                try
                {
                    stream = open();
                    return true;
                }
                catch (IOException e) when (FileFailure.IsInUse(e))
                {
                    inUse = e;
                    return false;
                }
            },
            wait);
        return stream ?? throw inUse!;
    }

    static T Guarded<T>(string path, string action, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, action);
        }
    }
}
