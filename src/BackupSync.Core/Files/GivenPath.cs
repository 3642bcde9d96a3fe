namespace BackupSync.Files;

/// <summary>A path as somebody has written it, which may be none.</summary>
public static class GivenPath
{
    /// <summary>The same as a full path.</summary>
    /// <param name="currentDirectory">What it is relative to; null for this process's.</param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.FileFailed"/>: it is empty, mostly for a variable that a shell does not have.
    /// </exception>
    /// <exception cref="AddressGivenException">It is a database's address.</exception>
    public static string Full(string path, string? currentDirectory = null) =>
        AddressText.Is(path)
            ? throw new AddressGivenException(path, "the path of a file or folder", "Name the file or folder.")
            : string.IsNullOrWhiteSpace(path)
            ? throw new BackupSyncException(ErrorIds.FileFailed, "The path of a file is empty.", "Name the file.")
            : path.Contains('\0', StringComparison.Ordinal)
            ? throw new BackupSyncException(ErrorIds.FileFailed, "The path of a file has a NUL character in it.", "Name the file.")
            : Path.GetFullPath(path, currentDirectory ?? Directory.GetCurrentDirectory());
}
