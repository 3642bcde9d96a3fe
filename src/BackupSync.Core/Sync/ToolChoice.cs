using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Sync;

/// <summary>Picks the tools of a run: pg_dump must be at least as new as every server that it reads.</summary>
static class ToolChoice
{
    public static async Task<PgToolset> ForAsync(
        JobConfig job, DatabaseFacts source, TargetSide target, RunContext run, CancellationToken cancellationToken)
    {
        var locator = new ToolLocator(job.Tools);
        var tools = await FindAsync();
        run.Record.ToolVersion = tools.Version.ToString();
        return tools;

        async Task<PgToolset> FindAsync()
        {
            try
            {
                return await locator.FindAsync(Math.Max(source.Major, target.Facts.Major), cancellationToken);
            }
            catch (BackupSyncException tooOld) when (tooOld.ErrorId == ErrorIds.ToolTooOld && target.Facts.Major > source.Major)
            {
                // The target only has to be dumped where there is something in it to keep.
                if (await target.Session.ScalarAsync<long>(UserObjects, cancellationToken) > 0)
                    throw;
                run.Warn($"{target.Login.Label} is empty, so there is no safety backup; the next run will need pg_dump {target.Facts.Major} for one. {tooOld.Advice}");
                return await locator.FindAsync(source.Major, cancellationToken);
            }
        }
    }

    public static bool CanDump(PgToolset tools, DatabaseFacts facts) => tools.Version.Major >= facts.Major;

    const string UserObjects = """
        SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        """;
}
