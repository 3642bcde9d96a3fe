using System.Globalization;
using System.Text.Json;
using BackupSync.Files;
using BackupSync.PgTools;

namespace BackupSync.Sandbox;

/// <summary>The folder of one sandbox: the server's data with its log, its settings, and a record of who owns it.</summary>
/// <remarks>
/// The folder stays this process's user's. Of it the server's user, who is another one where this is root, has the data folder
/// alone: what he puts there is read as another's, and nothing is written there but by himself.
/// </remarks>
sealed class SandboxFolder(string path)
{
    const string Prefix = "backupsync-sandbox-";

    public string Root { get; } = path;
    public string Data => Path.Combine(Root, "data");
    public string Log => Path.Combine(Data, "server.log");
    public string Settings => Path.Combine(Root, "sandbox.conf");
    public string PasswordFile => Path.Combine(Root, "password");

    string OwnerFile => Path.Combine(Root, "owner.json");
    string PidFile => Path.Combine(Data, "postmaster.pid");

    /// <summary>A new one, owned by this process.</summary>
    public static SandboxFolder Create(string parent, string name)
    {
        var safeName = string.Concat(name.Where(char.IsAsciiLetterOrDigit));
        var folder = new SandboxFolder(PrivateFile.CreateNewFolder(parent, $"{Prefix}{safeName}-"));
        try
        {
            PrivateFile.CreateFolder(folder.Data);
            File.WriteAllText(folder.OwnerFile, JsonSerializer.Serialize(ProcessIdentity.Current));
            return folder;
        }
        catch
        {
            // Without its owner's name nobody would know that it may go.
            Directory.Delete(folder.Root, recursive: true);
            throw;
        }
    }

    /// <summary>Those whose owner is gone. Others', and any that cannot be judged from here, are left alone.</summary>
    public static IEnumerable<SandboxFolder> Orphans(string parent) => Directory
        .EnumerateDirectories(parent, Prefix + "*", new EnumerationOptions { IgnoreInaccessible = true })
        .Where(PlatformFiles.IsOwnFolder)
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
        using var file = PlatformFiles.OpenToRead(Log, FileShare.ReadWrite | FileShare.Delete);
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
        // By the server's user, who could exchange a folder for a link to another while root deletes what is in it.
        if (user.IsAnother)
            await ChildProcess.RunAsync(user.Run(new ChildCommand("rm", "-rf", "--", Data) { WorkingDirectory = "/" }), ct);
        await DeleteAsync(ct);
    }

    ProcessIdentity? Owner()
    {
        try
        {
            if (!File.Exists(OwnerFile))
                return null;
            using var file = PlatformFiles.OpenToRead(OwnerFile, FileShare.ReadWrite | FileShare.Delete);
            return JsonSerializer.Deserialize<ProcessIdentity>(file);
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
        if (OperatingSystem.IsLinux() && ServerProcess.PidLines(PidFile) is { Count: > 6 } lines
            && lines[6].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var segment]
            && int.TryParse(segment, CultureInfo.InvariantCulture, out var id))
        {
            // Run as the server's user, so that it can only be one of that user's; it may be gone already.
            await ChildProcess.RunAsync(
                user.Run(new ChildCommand("ipcrm", "-m", id.ToString(CultureInfo.InvariantCulture)) { WorkingDirectory = "/" }),
                ct);
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
