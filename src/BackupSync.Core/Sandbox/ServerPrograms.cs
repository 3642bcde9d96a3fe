using BackupSync.Configuration;
using BackupSync.PgTools;

namespace BackupSync.Sandbox;

/// <summary>Finds PostgreSQL's server programs for a sandbox.</summary>
static class ServerPrograms
{
    /// <param name="major">Null for the newest that the installed client programs can work with.</param>
    /// <param name="install">See <see cref="SandboxOptions.Install"/>.</param>
    /// <param name="orNewer">Whether newer ones will do where there are none of the major version.</param>
    /// <exception cref="BackupSyncException">There are none; the advice says how to get them.</exception>
    public static Task<PgServerPrograms> FindAsync(
        ToolsConfig tools, int? major, Func<int?, CancellationToken, Task<bool>>? install, CancellationToken ct, bool orNewer = false) =>
        FindAsync(new ToolLocator(tools), major, install, ct, orNewer);

    internal static async Task<PgServerPrograms> FindAsync(
        ToolLocator locator, int? major, Func<int?, CancellationToken, Task<bool>>? install, CancellationToken ct, bool orNewer = false)
    {
        if (await locator.FindServerProgramsAsync(major, ct, orNewer) is { } found)
            return found;
        var isInstalled = install is not null && await install(major, ct);
        if (isInstalled && await locator.FindServerProgramsAsync(major, ct) is { } installed)
            return installed;
        var wanted = Wanted(major);
        throw isInstalled
            ? new BackupSyncException(ErrorIds.ServerProgramsMissing,
                $"{wanted} were not found, although they were installed.", "Name their folder under tools.postgresBin.")
            : new BackupSyncException(ErrorIds.ServerProgramsMissing,
                $"{wanted} (initdb, pg_ctl, postgres) were not found on this machine.", InstallAdvice.ForServer(major));
    }

    /// <summary>What is looked for, at the beginning of a sentence.</summary>
    public static string Wanted(int? major) =>
        major is null ? "PostgreSQL's server programs" : $"PostgreSQL {major}'s server programs";
}
