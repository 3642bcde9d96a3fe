namespace BackupSync.Files;

/// <summary>Turns what the file system says into what an operator can act on.</summary>
static class FileFailure
{
    // .NET hands errno through as HResult on Unix, and Win32 codes as HRESULTs on Windows.
    const int NoSpace = 28;
    const int QuotaLinux = 122;
    const int QuotaMac = 69;
    const int WindowsDiskFull = unchecked((int)0x80070070);
    const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    const int WindowsQuota = unchecked((int)0x8007050F);
    const int WouldBlockLinux = 11;
    const int WouldBlockMac = 35;
    const int WindowsSharing = unchecked((int)0x80070020);
    const int WindowsLock = unchecked((int)0x80070021);

    /// <summary>Whether it is the file system that failed, rather than the program.</summary>
    public static bool Is(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <summary>No space left, or the user's quota used up.</summary>
    public static bool IsDiskFull(Exception exception) => exception is IOException && (OperatingSystem.IsWindows()
        ? exception.HResult is WindowsDiskFull or WindowsHandleDiskFull or WindowsQuota
        : exception.HResult == NoSpace || exception.HResult == (OperatingSystem.IsMacOS() ? QuotaMac : QuotaLinux));

    /// <summary>Somebody else has the file open and shares it with nobody.</summary>
    public static bool IsInUse(Exception exception) => exception is IOException && (OperatingSystem.IsWindows()
        ? exception.HResult is WindowsSharing or WindowsLock
        : exception.HResult == (OperatingSystem.IsMacOS() ? WouldBlockMac : WouldBlockLinux));

    /// <summary>
    /// Of a failure that nobody expected where it happened, what the file system says for itself; null for others, and for those of
    /// input and output that can be a network's.
    /// </summary>
    public static BackupSyncException? Told(Exception failure) => failure switch
    {
        DirectoryNotFoundException when WithoutTemporaryFolder(failure, Path.GetTempPath()) is { } told => told,
        IOException when IsDiskFull(failure) => new BackupSyncException(
            ErrorIds.DiskFull, $"The disk is full: {failure.Message}", MoreRoom, failure),
        UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException => new BackupSyncException(
            ErrorIds.FileFailed, $"A file or folder that the run needs cannot be used: {failure.Message}",
            "Let this user read and write it, and leave it in its place while a run goes on.", failure),
        _ => null,
    };

    /// <param name="folder">Where what is there for a while only belongs.</param>
    /// <returns>Null where it is there.</returns>
    internal static BackupSyncException? WithoutTemporaryFolder(Exception failure, string folder) => Directory.Exists(folder)
        ? null
        : new BackupSyncException(ErrorIds.FileFailed,
            $"The temporary folder {folder} is not there: the variable TMPDIR (TEMP on Windows) names it.",
            "Make that folder, or let the variable TMPDIR name another.", failure);

    const string MoreRoom =
        "Free space there, or let the variable TMPDIR (TEMP on Windows) name a larger folder for what is there for a while only.";

    /// <summary>
    /// <see cref="ErrorIds.DiskFull"/>, naming the folder and what is free in it, or <see cref="ErrorIds.FileFailed"/>.
    /// </summary>
    /// <param name="action">What was being done to it, such as <c>write</c>.</param>
    public static BackupSyncException From(Exception exception, string path, string action)
    {
        if (!IsDiskFull(exception))
            return new BackupSyncException(ErrorIds.FileFailed, $"Cannot {action} {path}: {exception.Message}", inner: exception)
            {
                Detail = exception.Message,
            };

        var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        var free = PrivateFile.FreeSpace(folder) is { } bytes ? $" ({bytes:N0} bytes are free)" : "";
        return new BackupSyncException(
            ErrorIds.DiskFull, $"The disk is full: cannot {action} {Path.GetFileName(path)} in {folder}{free}.",
            StagingFolder.Holds(path)
                ? MoreRoom
                : $"Free space in {folder}, or let the job keep its backups elsewhere.", exception) { Detail = exception.Message };
    }
}
