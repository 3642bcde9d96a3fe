namespace BackupSync.Tests.Files;

/// <summary>Who may read a file, on Unix; a test that asks is skipped on Windows.</summary>
static class Mode
{
    public const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;
    public const UnixFileMode Everybody = OwnerFile | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static UnixFileMode Of(string path) =>
        OperatingSystem.IsWindows() ? throw new SkipException("Modes are Unix's.") : File.GetUnixFileMode(path);

    public static void Set(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
            throw new SkipException("Modes are Unix's.");
        File.SetUnixFileMode(path, mode);
    }
}
