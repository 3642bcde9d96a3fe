using BackupSync.Configuration;
using BackupSync.PgTools;

namespace BackupSync.Sandbox;

/// <summary>Finds PostgreSQL's server programs for a sandbox, and gets them where this machine has none and lets us.</summary>
static class ServerPrograms
{
    /// <param name="major">Null for the newest that the installed client programs can work with.</param>
    /// <param name="tell">Told in a sentence before something is installed.</param>
    /// <exception cref="BackupSyncException">There are none and they cannot be installed from here; the advice says how.</exception>
    /// <param name="mayInstall">See <see cref="SandboxOptions.MayInstall"/>.</param>
    /// <param name="orNewer">Whether newer ones will do where there are none of the major version.</param>
    public static Task<PgServerPrograms> FindAsync(
        ToolsConfig tools,
        int? major,
        Action<string>? tell,
        CancellationToken ct,
        bool orNewer = false,
        Func<string, bool>? mayInstall = null) =>
        FindAsync(new ToolLocator(tools), new DebianPackages(ChildProcess.RunAsync), major, tell, ct, orNewer, mayInstall);

    internal static async Task<PgServerPrograms> FindAsync(
        ToolLocator locator, DebianPackages packages, int? major, Action<string>? tell, CancellationToken ct, bool orNewer = false,
        Func<string, bool>? mayInstall = null)
    {
        if (await locator.FindServerProgramsAsync(major, ct, orNewer) is { } found)
            return found;
        var wanted = major is null ? "PostgreSQL's server programs" : $"PostgreSQL {major}'s server programs";
        var package = DebianPackages.ServerPackage(major);
        if (!await packages.CanInstallAsync(ct)
            || mayInstall?.Invoke($"{wanted} were not found. The package {package} would be installed with apt-get.") == false)
            throw new BackupSyncException(ErrorIds.ServerProgramsMissing,
                $"{wanted} (initdb, pg_ctl, postgres) were not found on this machine.", InstallAdvice.ForServer(major));
        tell?.Invoke($"{wanted} were not found: installing the package {package} with apt-get.");
        await packages.InstallServerAsync(package, ct);
        return await locator.FindServerProgramsAsync(major, ct)
               ?? throw new BackupSyncException(ErrorIds.ServerProgramsMissing,
                   $"{wanted} were not found, although the package {package} was installed.",
                   "Name their folder under tools.postgresBin.");
    }
}
