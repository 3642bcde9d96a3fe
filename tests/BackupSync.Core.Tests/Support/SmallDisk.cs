using System.Globalization;
using BackupSync.PgTools;

namespace BackupSync.Tests;

/// <summary>A disk that is soon full. Needs root on Linux; elsewhere the test is skipped.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    SmallDisk(string path) => Path = path;

    public string Path { get; }

    /// <param name="size">In bytes; rounded up to whole pages.</param>
    public static async Task<SmallDisk> MountAsync(long size)
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can mount a small disk.");
        var path = Directory.CreateTempSubdirectory("backupsync-disk-").FullName;
        var result = await ChildProcess.RunAsync(new ChildCommand("mount", "-t", "tmpfs", "-o",
            string.Create(CultureInfo.InvariantCulture, $"size={size},mode=0755"), "tmpfs", path), default);
        if (result.ExitCode != 0)
            Directory.Delete(path);
        Skip.If(result.ExitCode != 0, $"A small disk cannot be mounted here: {result.ErrorTail}");
        return new SmallDisk(path);
    }

    /// <summary>Leaves no byte.</summary>
    public void Fill()
    {
        const int NoSpaceLeft = 28;
        try
        {
            using var file = new FileStream(System.IO.Path.Combine(Path, "filler"), FileMode.Append, FileAccess.Write, FileShare.None, 0);
            var block = new byte[512];
            while (true)
                file.Write(block);
        }
        catch (IOException e) when (e.HResult == NoSpaceLeft)
        {
            Assert.Equal(0, new DriveInfo(Path).AvailableFreeSpace);
        }
    }

    /// <summary>As it was before <see cref="Fill"/>.</summary>
    public void Empty() => File.Delete(System.IO.Path.Combine(Path, "filler"));

    public async Task MakeReadOnlyAsync()
    {
        var result = await ChildProcess.RunAsync(new ChildCommand("mount", "-o", "remount,ro", Path), default);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
    }

    public async ValueTask DisposeAsync()
    {
        // Lazily: a process that a test has just killed may still have a file open.
        var result = await ChildProcess.RunAsync(new ChildCommand("umount", "-l", Path), default);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
        Directory.Delete(Path);
    }
}
