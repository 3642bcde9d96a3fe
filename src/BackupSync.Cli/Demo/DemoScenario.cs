using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Cli.Display;
using BackupSync.Configuration;
using BackupSync.Reporting;
using BackupSync.Runs;

namespace BackupSync.Cli.Demo;

/// <summary>
/// The story that the demo tells, by the same code as the commands: a first copy, a second, two of what has changed only, a backup that is
/// proven, a table that is brought back, and a sync that fails.
/// </summary>
sealed class DemoScenario(DemoServers servers)
{
    /// <summary>
    /// Legal on the source, impossible on the target: the constraint asks for a setting that only the source's database has,
    /// and a dump of a database does not carry its settings.
    /// </summary>
    const string Untransferable = """
        CREATE FUNCTION in_jurisdiction(code text) RETURNS boolean LANGUAGE sql IMMUTABLE
            AS $$ SELECT code = current_setting('app.jurisdiction') $$;
        CREATE TABLE settlements (id integer PRIMARY KEY, jurisdiction text NOT NULL CHECK (in_jurisdiction(jurisdiction)));
        INSERT INTO settlements SELECT n, 'eu' FROM generate_series(1, 100) n;
        """;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var config = servers.LoadConfig();
        var job = config.Jobs.Single();
        await DemoData.LoadAsync(servers.Railway.Address, cancellationToken);
        Screen.WriteLine("railway is filled with a small application's database; neon is empty.");

        Chapter("The first sync: neon becomes a copy of railway");
        Expect(await SyncAsync(job, cancellationToken), RunOutcome.Succeeded);

        Chapter("A day passes on railway; the second sync");
        await DemoData.ChangeAsync(servers.Railway.Address, cancellationToken);
        Expect(await SyncAsync(job, cancellationToken), RunOutcome.Succeeded);
        await ExpectSameAsync(cancellationToken);

        Chapter("Minutes pass; an incremental sync carries what has changed");
        await DemoData.ChangeAsync(servers.Railway.Address, cancellationToken);
        Expect(await SyncAsync(job, cancellationToken, SyncMode.Incremental), RunOutcome.Succeeded);
        await ExpectSameAsync(cancellationToken);

        Chapter("Somebody deletes three transactions; the next incremental sync finds what is gone");
        await ExecuteAsync(
            "DELETE FROM transactions WHERE id IN (SELECT id FROM transactions ORDER BY id DESC LIMIT 3)", cancellationToken);
        Expect(await SyncAsync(job, cancellationToken, SyncMode.Incremental), RunOutcome.Succeeded);
        await ExpectSameAsync(cancellationToken);

        Chapter("A backup of railway, and a drill: it is restored on a third server, and every row compared");
        var backup = await BackUpAsync(config, cancellationToken);
        await DrillAsync(config, backup, cancellationToken);

        Chapter("Somebody empties a table on railway; it is brought back from the backup, and nothing else is touched");
        await ExecuteAsync("UPDATE transactions SET escrow_id = NULL; DELETE FROM escrows", cancellationToken);
        Expect(await RestoreAsync(config, backup, ["escrows"], cancellationToken), RunOutcome.Succeeded);

        Chapter("A sync that fails");
        await MakeUntransferableAsync(cancellationToken);
        Screen.WriteLine(
            "railway has a new table. Its CHECK constraint asks for a setting that only railway has, so neon cannot load its rows.");
        var before = await DemoContent.AskAsync(servers.Neon.Address, cancellationToken);
        Expect(await SyncAsync(job, cancellationToken), RunOutcome.RolledBack);
        var after = await DemoContent.AskAsync(servers.Neon.Address, cancellationToken);
        Screen.WriteLine();
        Screen.WriteLine($"neon before  {before}");
        Screen.WriteLine($"neon after   {after}");
        if (before != after)
            throw Broken("The failed run changed the target.");
        Screen.WriteLine("The target was preserved: whoever reads neon noticed nothing.");

        Chapter("What is left");
        BackupTables.Show(await BackupListing.FindAsync(config, [], new BackupQuery(), Failures.Warn, cancellationToken));
        var page = Path.Combine(servers.Folder, ReportFile.DefaultName);
        await ReportFile.WriteAsync(
            config, OptionRanges.ReportDays, page, force: false, TimeProvider.System, Failures.Warn, cancellationToken);
        Screen.WriteWhole($"The page that serve and report show: {page}");
        Screen.WriteWhole($"Backups, log and history are kept in {job.Backups.Directory}");
        Screen.WriteLine($"The configuration was {Path.Combine(servers.Folder, "backupsync.yml")} (examples/quickstart.yml). The "
            + $"servers are stopped and removed now; delete {servers.Folder} when you have seen enough.");
        return ExitCodes.Done;
    }

    static async Task<BackupFile> BackUpAsync(BackupSyncConfig config, CancellationToken cancellationToken)
    {
        var database = config.Database("railway");
        var taken = await RunsView.ShowAsync(json: false, [database.Name], (observers, onResult) => BackupRunner.BackUpAsync(
            [database], BackupOrders.ByHand(config), _ => observers, onResult, cancellationToken), RunsTable.Show);
        Expect(taken[0], RunOutcome.Succeeded);
        return taken[0].SourceBackup!;
    }

    static async Task DrillAsync(BackupSyncConfig config, BackupFile backup, CancellationToken cancellationToken)
    {
        var drilled = await RunsView.ShowEachAsync(json: false, [backup.Database], [backup], (file, observer) => BackupRunner.ProveAsync(
            BackupHandles.Of(file, config), BackupProof.Drill, config.Database(file.Database), on: null, config, [observer],
            cancellationToken), RunsTable.Show, cancellationToken);
        Expect(drilled[0], RunOutcome.Succeeded);
    }

    /// <summary>Into a database of production, which has to be said: <c>--allow-production</c>.</summary>
    static Task<RunResult> RestoreAsync(
        BackupSyncConfig config, BackupFile backup, IReadOnlyList<string> tables, CancellationToken cancellationToken) =>
        RunView.ShowAsync(json: false, observer => RestoreRunner.RestoreAsync(
            BackupHandles.Of(backup, config), tables, config.Database(backup.Database), config,
            new RunOptions { AllowProduction = true }, [observer], cancellationToken));

    static Task<RunResult> SyncAsync(JobConfig job, CancellationToken cancellationToken, SyncMode mode = SyncMode.Full) =>
        RunView.ShowAsync(json: false, observer => JobRunner.SyncAsync(job, new RunOptions { Mode = mode }, [observer], cancellationToken));

    async Task ExpectSameAsync(CancellationToken cancellationToken)
    {
        var railway = await DemoContent.AskAsync(servers.Railway.Address, cancellationToken);
        var neon = await DemoContent.AskAsync(servers.Neon.Address, cancellationToken);
        Screen.WriteLine();
        Screen.WriteLine($"railway  {railway}");
        Screen.WriteLine($"neon     {neon}");
        if (railway != neon)
            throw Broken("The copy is not equal to its source.");
    }

    /// <summary>The day goes on as well, so that an unchanged target is no coincidence.</summary>
    async Task MakeUntransferableAsync(CancellationToken cancellationToken)
    {
        await DemoData.ChangeAsync(servers.Railway.Address, cancellationToken);
        await ExecuteAsync("ALTER DATABASE railway SET app.jurisdiction = 'eu'", cancellationToken);
        await ExecuteAsync(Untransferable, cancellationToken);
    }

    Task ExecuteAsync(string sql, CancellationToken cancellationToken) =>
        DemoData.ExecuteAsync(servers.Railway.Address, sql, cancellationToken);

    static void Chapter(string title)
    {
        Screen.WriteLine();
        Screen.Heading(title);
    }

    static void Expect(RunResult result, RunOutcome outcome)
    {
        if (result.Outcome == RunOutcome.Cancelled)
            throw new OperationCanceledException();
        if (result.Outcome != outcome)
            throw Broken($"The run should have ended {outcome}, and ended {result.Outcome}.");
    }

    static BackupSyncException Broken(string message) =>
        new(ErrorIds.Unexpected, message, "This is a defect of BackupSync: please report it with the output above.");
}
