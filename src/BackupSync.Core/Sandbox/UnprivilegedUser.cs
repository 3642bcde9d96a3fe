using BackupSync.PgTools;

namespace BackupSync.Sandbox;

/// <summary>
/// The user that a sandbox's server runs as. PostgreSQL refuses to run as root, so root hands the work to
/// <c>postgres</c> or, where there is no such user, <c>nobody</c>. Everybody else, and any user of Windows, where pg_ctl
/// gives up an administrator's rights by itself, runs it as they are.
/// </summary>
sealed class UnprivilegedUser
{
    static readonly string[] Candidates = ["postgres", "_postgres", "nobody"];

    readonly string? _name;
    readonly string[] _prefix;

    UnprivilegedUser(string? name, string[] prefix)
    {
        _name = name;
        _prefix = prefix;
    }

    /// <exception cref="BackupSyncException">This is root, and no way was found to run a program as another user.</exception>
    public static async Task<UnprivilegedUser> FindAsync(CancellationToken ct)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
            return new UnprivilegedUser(null, []);
        foreach (var (name, group) in Users())
        {
            foreach (var prefix in Prefixes(name, group))
            {
                if (await WorksAsync(prefix, ct))
                    return new UnprivilegedUser(name, prefix);
            }
        }
        throw new BackupSyncException(ErrorIds.SandboxFailed,
            "PostgreSQL refuses to run as root, and neither setpriv nor runuser nor sudo can run it as 'postgres' or 'nobody' here.",
            "Run this as an ordinary user.");
    }

    /// <summary>Whether it is not the one who runs this process.</summary>
    public bool IsAnother => _name is not null;

    /// <summary>The same command, run as this user.</summary>
    public ChildCommand Run(ChildCommand command) => _prefix.Length == 0
        ? command
        : command with { Executable = _prefix[0], Arguments = [.. _prefix[1..], command.Executable, .. command.Arguments] };

    /// <summary>Makes this one file or empty folder the user's own.</summary>
    public async Task GiveAsync(string path, CancellationToken ct)
    {
        if (_name is null)
            return;
        var result = await ChildProcess.RunAsync(new ChildCommand("chown", "--", _name, path), ct);
        if (result.ExitCode != 0)
            throw new BackupSyncException(ErrorIds.SandboxFailed, $"{path} could not be given to the user {_name}: {result.ErrorTail}");
    }

    /// <summary>The folder for temporary files, or another where root's own is closed to the user.</summary>
    public string TemporaryFolder()
    {
        var own = Path.GetTempPath();
        return _name is null ? own : new[] { own, "/tmp", "/var/tmp" }.FirstOrDefault(IsOpenToAll) ?? own;
    }

    static bool IsOpenToAll(string folder)
    {
        if (OperatingSystem.IsWindows())
            return true;
        for (var part = new DirectoryInfo(folder); part is not null; part = part.Parent)
        {
            if (!part.Exists || !part.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                return false;
        }
        return true;
    }

    /// <summary>Names and group ids of the candidates that this machine has.</summary>
    static IEnumerable<(string Name, string Group)> Users()
    {
        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3).ToList();
        return Candidates.SelectMany(name => users.Where(fields => fields[0] == name).Select(fields => (name, fields[3])));
    }

    static IEnumerable<string[]> Prefixes(string name, string group) =>
    [
        ["setpriv", $"--reuid={name}", $"--regid={group}", "--clear-groups", "--"],
        ["runuser", "-u", name, "--"],
        ["sudo", "-n", "-u", name, "--"],
    ];

    static async Task<bool> WorksAsync(string[] prefix, CancellationToken ct)
    {
        try
        {
            var result = await ChildProcess.RunAsync(new ChildCommand(prefix[0], [.. prefix[1..], "true"]) { WorkingDirectory = "/" }, ct);
            return result.ExitCode == 0;
        }
        catch (BackupSyncException e) when (e.ErrorId == ErrorIds.ToolMissing)
        {
            return false;
        }
    }
}
