using System.Diagnostics;
using System.Globalization;
using BackupSync.Files;

namespace BackupSync.Sandbox;

/// <summary>A running postmaster, found by its data folder's <c>postmaster.pid</c> and proven to be that folder's.</summary>
sealed class ServerProcess
{
    /// <summary>How long the system may take to collect a dead process; some containers never do.</summary>
    static readonly TimeSpan LongestCollection = TimeSpan.FromSeconds(5);

    readonly int _id;
    readonly string _started;

    ServerProcess(int id, string started)
    {
        _id = id;
        _started = started;
    }

    public int Id => _id;

    public bool IsAlive => ProcessIdentity.StartOf(_id) == _started;

    /// <summary>Null where none runs: the file may be a dead server's, and its number another process's by now.</summary>
    public static ServerProcess? Find(string pidFile, string dataFolder)
    {
        var lines = PidLines(pidFile);
        return lines.Count > 2 && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var id)
               && ProcessIdentity.StartOf(id) is { } started && IsServerOf(id, dataFolder, lines[2])
            ? new ServerProcess(id, started)
            : null;
    }

    /// <summary>What a <c>postmaster.pid</c> says; nothing where there is none.</summary>
    public static IReadOnlyList<string> PidLines(string pidFile)
    {
        const int Longest = 16 * 1024;
        try
        {
            if (!File.Exists(pidFile))
                return [];
            using var file = PlatformFiles.OpenToRead(pidFile, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > Longest)
                return [];
            using var reader = new StreamReader(file);
            return reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries);
        }
        catch (IOException)
        {
            // The server removes it as it ends.
            return [];
        }
    }

    /// <summary>Ends it and its children at once, as a crash would. When this returns, the server can be started again.</summary>
    public async Task KillAsync(CancellationToken ct)
    {
        var all = Children(_id).Append(_id).Select(id => (Id: id, Started: ProcessIdentity.StartOf(id))).ToList();
        try
        {
            using var process = Process.GetProcessById(_id);
            if (IsAlive)
                process.Kill(entireProcessTree: true);
        }
        catch (ArgumentException) when (!IsAlive)
        {
            // It ended in between; its children follow it.
        }
        while (all.Any(p => p.Started is not null && ProcessIdentity.StartOf(p.Id) == p.Started))
            await Task.Delay(20, ct);
        for (var watch = Stopwatch.StartNew(); Exists(_id) && watch.Elapsed < LongestCollection;)
            await Task.Delay(20, ct);
    }

    /// <summary>Elsewhere than on Linux their end is not waited for; they notice the postmaster's within moments.</summary>
    static IEnumerable<int> Children(int id)
    {
        var file = string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/task/{id}/children");
        if (!OperatingSystem.IsLinux() || !File.Exists(file))
            return [];
        return File.ReadAllText(file)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => int.Parse(text, CultureInfo.InvariantCulture));
    }

    /// <summary>Remains count: while the dead process's id is taken, a new server believes that the old one still runs.</summary>
    static bool Exists(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    static bool IsServerOf(int id, string dataFolder, string startSeconds)
    {
        // A postmaster works in its data folder.
        if (OperatingSystem.IsLinux())
            return new FileInfo($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/cwd").LinkTarget is { } folder
                   && Path.GetFileName(Path.GetDirectoryName(folder)) == Path.GetFileName(Path.GetDirectoryName(dataFolder));
        try
        {
            using var process = Process.GetProcessById(id);
            var started = DateTimeOffset.FromUnixTimeSeconds(long.Parse(startSeconds, CultureInfo.InvariantCulture));
            return process.ProcessName.StartsWith("postgres", StringComparison.OrdinalIgnoreCase)
                   && (process.StartTime.ToUniversalTime() - started.UtcDateTime).Duration() < TimeSpan.FromSeconds(10);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
