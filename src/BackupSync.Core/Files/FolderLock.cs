namespace BackupSync.Files;

/// <summary>Lets one process at a time write into a folder. The system lets go of it when that process dies.</summary>
static class FolderLock
{
    public const string FileName = ".lock";

    /// <summary>Null where somebody else holds it. Released by disposing it; the file stays.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: the folder cannot be written to.</exception>
    /// <param name="name">Of the file, where a folder has several locks.</param>
    public static IDisposable? TryTake(string folder, string name = FileName)
    {
        PrivateFile.CreateFolder(folder);
        var path = Path.Combine(folder, name);
        try
        {
            return PlatformFiles.Open(path, FileMode.OpenOrCreate, FileShare.None, FileOptions.None);
        }
        catch (IOException e) when (FileFailure.IsInUse(e))
        {
            return null;
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "lock");
        }
    }
}
