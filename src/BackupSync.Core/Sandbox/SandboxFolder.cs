using System.Globalization;
using System.Text.Json;
using BackupSync.PgTools;

namespace BackupSync.Sandbox;

/// <summary>The folder of one sandbox: the server's data, its log, and a record of who owns it.</summary>
sealed class SandboxFolder(string path)
{
    const string Prefix = "backupsync-sandbox-";

    public string Root { get; } = path;
    public string Data => Path.Combine(Root, "data");
    public string Log => Path.Combine(Root, "server.log");
    public string PasswordFile => Path.Combine(Root, "password");

    string OwnerFile => Path.Combine(Root, "owner.json");
    string PidFile => Path.Combine(Data, "postmaster.pid");

    /// <summary>A new one, owned by this process, readable by the server's user only.</summary>
    public static SandboxFolder Create(string parent, string name)
    {
        var safeName = string.Concat(name.Where(char.IsAsciiLetterOrDigit));
        var folder = new SandboxFolder(Path.Combine(parent, $"{Prefix}{safeName}-{Path.GetRandomFileName()[..8]}"));
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder.Root);
        else
            Directory.CreateDirectory(folder.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(folder.OwnerFile, JsonSerializer.Serialize(ProcessIdentity.Current));
        return folder;
    }

    /// <summary>Those whose owner is gone. Others', and any that cannot be judged from here, are left alone.</summary>
    public static IEnumerable<SandboxFolder> Orphans(string parent) => Directory
        .EnumerateDirectories(parent, Prefix + "*", new EnumerationOptions { IgnoreInaccessible = true })
        .Select(path => new SandboxFolder(path))
        .Where(folder => folder.Owner() is { IsHere: true, IsAlive: false });

    /// <summary>The running server of this folder; null where there is none.</summary>
    public ServerProcess? Server() => ServerProcess.Find(PidFile, Data);

    /// <summary>The last lines of the server's log.</summary>
    public string LogTail()
    {
        const int Length = 4000;
        if (!File.Exists(Log))
            return "";
        using var file = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Seek(-Math.Min(Length, file.Length), SeekOrigin.End);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd().Trim();
    }

    /// <summary>Ends the server, if it runs, and removes the folder.</summary>
    public async Task RemoveAsync(UnprivilegedUser user, CancellationToken ct)
    {
        if (Server() is { } server)
            await server.KillAsync(ct);
        await FreeSharedMemoryAsync(user, ct);
        await DeleteAsync(ct);
    }

    ProcessIdentity? Owner()
    {
        try
        {
            return File.Exists(OwnerFile) ? JsonSerializer.Deserialize<ProcessIdentity>(File.ReadAllText(OwnerFile)) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // Half written by its owner, being removed by it, or somebody else's: not ours to judge.
            return null;
        }
    }

    /// <summary>A killed server leaves the small segment of shared memory that guards its data folder behind.</summary>
    async Task FreeSharedMemoryAsync(UnprivilegedUser user, CancellationToken ct)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(PidFile))
            return;
        var lines = await File.ReadAllLinesAsync(PidFile, ct);
        if (lines.Length > 6 && lines[6].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var segment]
            && int.TryParse(segment, CultureInfo.InvariantCulture, out var id))
        {
            // Run as the server's user, so that it can only be one of that user's; it may be gone already.
            await ChildProcess.RunAsync(user.Run(new ChildCommand("ipcrm", "-m", id.ToString(CultureInfo.InvariantCulture)) { WorkingDirectory = Root }), ct);
        }
    }

    async Task DeleteAsync(CancellationToken ct)
    {
        const int Attempts = 20;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (Directory.Exists(Root))
                    Directory.Delete(Root, recursive: true);
                return;
            }
            catch (Exception e) when (attempt < Attempts && e is IOException or UnauthorizedAccessException)
            {
                // The last of the server's processes may still be closing its files.
                await Task.Delay(100, ct);
            }
        }
    }
}
