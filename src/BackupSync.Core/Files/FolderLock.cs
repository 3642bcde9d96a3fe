namespace BackupSync.Files;

/// <summary>Lets one process at a time write into a folder. The system lets go of it when that process dies.</summary>
static class FolderLock
{
    public const string FileName = ".lock";

    /// <summary>Null where somebody else holds it. Released by disposing it; the file stays.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: the folder cannot be written to.</exception>
    public static IDisposable? TryTake(string folder)
    {
        PrivateFile.CreateFolder(folder);
        var path = Path.Combine(folder, FileName);
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
