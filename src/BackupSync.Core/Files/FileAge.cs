namespace BackupSync.Files;

/// <summary>How old what lies on a disk is: by the machine's clock, which has stamped it, and not by a run's.</summary>
static class FileAge
{
    public static TimeSpan Of(FileSystemInfo file) => DateTime.UtcNow - file.LastWriteTimeUtc;
}
