using System.Globalization;
using System.Runtime.InteropServices;

namespace BackupSync.Cli;

/// <summary>
/// Passwords and passphrases are in this process's memory: no core dump of it or of what it starts is written, and nobody is let into
/// it by .NET's diagnostics. Windows writes no dumps unasked, and names its pipes, which go with the process.
/// </summary>
static class ProcessSecrets
{
    /// <summary>To be called before any secret is read.</summary>
    public static void Keep()
    {
        if (OperatingSystem.IsWindows())
            return;
        ForbidCoreDumps();
        CloseDiagnostics();
    }

    /// <summary>
    /// One byte is less than any dump has, and Linux asks no program that collects dumps then either, as it does with a limit of zero
    /// (https://man7.org/linux/man-pages/man5/core.5.html). Children have the same.
    /// </summary>
    static void ForbidCoreDumps()
    {
        const int Core = 4; // by the number of .NET's own library
        if (SystemNative_GetRLimit(Core, out var limit) != 0)
            return;
        limit.Current = Math.Min(limit.Maximum, 1);
        _ = SystemNative_SetRLimit(Core, ref limit); // lowering one's own limit needs no right
    }

    /// <summary>
    /// The runtime has made a socket and two pipes in the temporary folder by now, by which whoever may could read the memory, and which
    /// a killed process leaves. No setting in its files prevents that, only a variable that would have to be set before. Without a name
    /// nobody gets in.
    /// </summary>
    static void CloseDiagnostics()
    {
        // Who asks for them has them.
        if (Environment.GetEnvironmentVariable("DOTNET_EnableDiagnostics") is "1")
            return;
        var id = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        try
        {
            foreach (var pattern in new[] { $"dotnet-diagnostic-{id}-*-socket", $"clr-debug-pipe-{id}-*-in", $"clr-debug-pipe-{id}-*-out" })
            {
                foreach (var file in Directory.EnumerateFiles(Path.GetTempPath(), pattern))
                    File.Delete(file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's of the same number, from before; or no folder to be read: then there are none of ours either.
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    struct Limit
    {
        public ulong Current;
        public ulong Maximum;
    }

    // The library's own names.
#pragma warning disable IDE1006, SYSLIB1054
    [DllImport("libSystem.Native")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int SystemNative_GetRLimit(int resource, out Limit limit);

    [DllImport("libSystem.Native")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int SystemNative_SetRLimit(int resource, ref Limit limit);
#pragma warning restore IDE1006, SYSLIB1054
}
