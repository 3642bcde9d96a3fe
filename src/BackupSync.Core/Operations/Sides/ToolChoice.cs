using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Operations.Sides;

/// <summary>The tools of a run.</summary>
/// <param name="Source">Dump the source.</param>
/// <param name="Target">Dump the target; null where no pg_dump can, and there is nothing in it to keep.</param>
/// <param name="Restore">Restore what either of them dumped.</param>
sealed record RunTools(PgToolset Source, PgToolset? Target, PgToolset Restore);

/// <summary>
/// Picks the tools of a run: each side is dumped by its own version's pg_dump where that is installed, because a newer one may write
/// what only its own servers know; what restores has to read both archives.
/// </summary>
static class ToolChoice
{
    public static async Task<RunTools> ForAsync(
        SyncRequest request,
        DatabaseFacts source,
        TargetSide target,
        RunContext run,
        CancellationToken cancellationToken)
    {
        var locator = new ToolLocator(request.Settings.Tools);
        var ofSource = await ForDumpAsync(locator, source, request.Source.Name, run, cancellationToken);
        var ofTarget = await ForTargetAsync();
        // Not older than the server, either: psql's questions about it, and what a restore may write, are its version's.
        var newest = Math.Max(ofSource.Version.Major, ofTarget?.Version.Major ?? 0);
        var restore = new[] { ofSource, ofTarget }.OfType<PgToolset>().Where(t => t.Version.Major == newest).MaxBy(t => t.Version)!;
        return new RunTools(ofSource, ofTarget, restore);

        async Task<PgToolset?> ForTargetAsync()
        {
            try
            {
                return await ForDumpAsync(locator, target.Facts, target.Login.Label, run, cancellationToken);
            }
            catch (BackupSyncException tooOld) when (tooOld.ErrorId == ErrorIds.ToolTooOld && target.Facts.Major > source.Major)
            {
                // The target only has to be dumped where there is something in it to keep.
                if (await target.Session.ScalarAsync<long>(UserObjects, cancellationToken) > 0)
                    throw;
                run.Warn($"{target.Login.Label} is empty, so there is no safety backup; the next run will need pg_dump "
                    + $"{target.Facts.Major} for one. {tooOld.Advice}");
                return null;
            }
        }
    }

    /// <summary>The tools that dump a database.</summary>
    public static async Task<PgToolset> ForDumpAsync(
        ToolLocator locator, DatabaseFacts facts, string label, RunContext run, CancellationToken cancellationToken)
    {
        var tools = await locator.FindAsync(facts.Major, cancellationToken, run.Warn);
        if (tools.Version.Major > facts.Major)
            run.Info($"{label} has PostgreSQL {facts.Version}, and is dumped by a newer pg_dump, {tools.Version}. "
                + $"{InstallAdvice.ForTools(facts.Major)}");
        return tools;
    }

    /// <summary>
    /// The transaction way runs pg_restore's script in psql. Of older releases a name with a line break in the archive could have psql run
    /// programs of this machine.
    /// </summary>
    public static void EnsureMayRunScripts(PgToolset tools)
    {
        if (SecurityFixes.ScriptsAreRestricted(tools.Version))
            return;
        throw new BackupSyncException(ErrorIds.ToolTooOld,
            $"psql and pg_restore {tools.Version} in {tools.Directory} run what a name in an archive may say on this machine "
                + "(CVE-2025-8714, CVE-2025-8715), so nothing is published in one transaction by them.",
            "Install the newest release of PostgreSQL's client programs (13.22, 14.19, 15.14, 16.10, 17.6 or later have it mended), or "
                + "give the target's role what a swap needs.");
    }

    /// <summary>Of every kind, but what belongs to extensions.</summary>
    const string UserObjects = """
        SELECT count(*) FROM pg_catalog.pg_depend d
        WHERE d.objid >= 16384 AND d.refclassid = 'pg_catalog.pg_namespace'::regclass
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
          AND d.refobjid IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
          AND d.classid <> 'pg_catalog.pg_extension'::regclass
        """;
}
