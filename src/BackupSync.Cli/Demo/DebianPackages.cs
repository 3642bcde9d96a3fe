using BackupSync.PgTools;

namespace BackupSync.Cli.Demo;

/// <summary>Installs packages on Debian, Ubuntu and their like, as root or where sudo asks for no password.</summary>
/// <param name="run">Runs a command; <see cref="ChildProcess.RunAsync"/>, other than in tests.</param>
sealed class DebianPackages(Func<ChildCommand, CancellationToken, Task<ChildResult>> run)
{
    /// <summary>Tells Debian's packages not to set up and start a server of their own: that is not what was asked for.</summary>
    const string DropIn = "/etc/postgresql-common/createcluster.d/backupsync.conf";

    /// <summary>Whether this is such a system. Settable for tests.</summary>
    internal bool IsDebian { get; init; } = LinuxDistribution.Current.IsLike("debian");

    /// <summary>Whether this process is root. Settable for tests.</summary>
    internal bool IsRoot { get; init; } = !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    public static string ServerPackage(int? major) => major is null ? "postgresql" : $"postgresql-{major}";

    public async Task<bool> CanInstallAsync(CancellationToken ct)
    {
        if (!IsDebian)
            return false;
        if (IsRoot)
            return true;
        try
        {
            return (await run(new ChildCommand("sudo", "-n", "true"), ct)).ExitCode == 0;
        }
        catch (BackupSyncException e) when (e.ErrorId == ErrorIds.ToolMissing)
        {
            return false;
        }
    }

    /// <exception cref="BackupSyncException">apt-get failed; its words are the detail.</exception>
    public async Task InstallServerAsync(string package, CancellationToken ct)
    {
        await RequireAsync(
            Shell($"mkdir -p '{Path.GetDirectoryName(DropIn)}' && echo 'create_main_cluster = false' > '{DropIn}'"), package, ct);
        try
        {
            // A fresh container has no lists yet, an old one lists versions that are gone: then once more with new lists.
            if ((await run(Install(package), ct)).ExitCode == 0)
                return;
            await RequireAsync(AptGet("update"), package, ct);
            await RequireAsync(Install(package), package, ct);
        }
        finally
        {
            await RequireAsync(Shell($"rm -f '{DropIn}'"), package, CancellationToken.None);
        }
    }

    async Task RequireAsync(ChildCommand command, string package, CancellationToken ct)
    {
        var result = await run(command, ct);
        if (result.ExitCode != 0)
            throw new BackupSyncException(ErrorIds.ServerProgramsMissing,
                $"The package {package} could not be installed: '{command}' failed with exit code {result.ExitCode}.",
                InstallAdvice.ForServer(null)) { Detail = result.ErrorTail };
    }

    ChildCommand Install(string package) => AptGet("install", "-y", "--no-install-recommends", package);

    ChildCommand AptGet(params string[] arguments) =>
        AsRoot("env", ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", .. arguments]);

    ChildCommand Shell(string script) => AsRoot("sh", ["-c", script]);

    ChildCommand AsRoot(string program, string[] arguments) =>
        IsRoot ? new ChildCommand(program, arguments) : new ChildCommand("sudo", ["-n", program, .. arguments]);
}
