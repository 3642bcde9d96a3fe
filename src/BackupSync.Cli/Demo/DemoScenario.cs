using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Cli.Display;
using BackupSync.Configuration;
using BackupSync.Runs;
using Npgsql;

namespace BackupSync.Cli.Demo;

/// <summary>
/// The story that the demo tells, by the same code as <c>sync</c>: a first copy, a second, two of what has changed only, and one that
/// fails.
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
        var job = servers.LoadJob();
        await servers.Data.LoadAsync(servers.Railway.Address, cancellationToken);
        Screen.WriteLine("railway is filled with a small application's database; neon is empty.");

        Chapter("The first sync: neon becomes a copy of railway");
        Expect(await SyncAsync(job, cancellationToken), RunOutcome.Succeeded);

        Chapter("A day passes on railway; the second sync");
        await servers.Data.ChangeAsync(servers.Railway.Address, cancellationToken);
        Expect(await SyncAsync(job, cancellationToken), RunOutcome.Succeeded);
        await ExpectSameAsync(cancellationToken);

        Chapter("Minutes pass; an incremental sync carries what has changed");
        await servers.Data.ChangeAsync(servers.Railway.Address, cancellationToken);
        Expect(await SyncAsync(job, cancellationToken, SyncMode.Incremental), RunOutcome.Succeeded);
        await ExpectSameAsync(cancellationToken);

        Chapter("Somebody deletes three transactions; the next incremental sync looks for stamps where there are any");
        await ExecuteAsync("DELETE FROM transactions WHERE id IN (SELECT id FROM transactions t WHERE NOT EXISTS (SELECT FROM escrows "
            + "e WHERE e.current_transaction = t.id) ORDER BY id DESC LIMIT 3)", cancellationToken);
        Expect(await SyncAsync(job, cancellationToken, SyncMode.Incremental), RunOutcome.Succeeded);
        await ExpectSameAsync(cancellationToken);

        Chapter("A restore that fails");
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
        BackupTables.Show(BackupCatalog.List(job.Backups.Directory));
        Screen.WriteLine($"Backups, log and history are kept in {job.Backups.Directory}");
        Screen.WriteLine($"The configuration was {Path.Combine(servers.Folder, "backupsync.yml")} (examples/quickstart.yml). The "
            + $"servers are stopped and removed now; delete {servers.Folder} when you have seen enough.");
        return ExitCodes.Done;
    }

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
        await servers.Data.ChangeAsync(servers.Railway.Address, cancellationToken);
        await ExecuteAsync("ALTER DATABASE railway SET app.jurisdiction = 'eu'", cancellationToken);
        await ExecuteAsync(Untransferable, cancellationToken);
    }

    async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(servers.Railway.Address.ToNpgsql().ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

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
