using BackupSync.PgTools;

namespace BackupSync.Tests;

/// <summary>
/// Another, unprivileged user of this machine, who does what these tests defend against: nobody, where the tests run as root.
/// </summary>
static class OtherUser
{
    public const string Name = "nobody";

    /// <summary>Skips the test where nothing can be done as somebody else.</summary>
    public static void Needed() => Skip.IfNot(
        OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "What another user does takes root, who can be him.");

    /// <summary>Runs a script of sh as that user.</summary>
    public static async Task DoesAsync(string script)
    {
        Needed();
        var result = await ChildProcess.RunAsync(
            new ChildCommand("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--", "sh", "-ec", script)
            {
                WorkingDirectory = "/",
            }, default);
        Assert.True(result.ExitCode == 0, $"{script}: {result.ErrorTail}");
    }

    /// <summary>A folder in which everybody may make names and nobody change another's, as /tmp is.</summary>
    public static TempFolder SharedFolder()
    {
        Needed();
        var folder = new TempFolder();
        Files.Mode.Set(folder.Path, (UnixFileMode)0x3FF);
        return folder;
    }
}
