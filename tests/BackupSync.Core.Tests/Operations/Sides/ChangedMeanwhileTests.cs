using BackupSync.Application;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Sandbox;
using BackupSync.Verification;

namespace BackupSync.Tests.Operations.Sides;

/// <summary>
/// A copy is a state that the source has had, whatever is done to it meanwhile: TRUNCATE and its like show through every snapshot
/// (https://www.postgresql.org/docs/current/mvcc-caveats.html), and names are always those of now.
/// </summary>
public sealed class ChangedMeanwhileTests : IAsyncLifetime
{
    const string Schema = """
        CREATE TYPE mood AS ENUM ('sad', 'glad');
        CREATE TABLE rates (id int PRIMARY KEY, note text, mood mood);
        INSERT INTO rates SELECT i, 'old', 'sad' FROM generate_series(1, 200) i;
        CREATE TABLE others (id int PRIMARY KEY, note text, mood mood);
        INSERT INTO others SELECT i, 'other', 'glad' FROM generate_series(1, 30) i;
        CREATE TABLE parts (id int, note text) PARTITION BY HASH (id);
        CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO parts SELECT i, 'old' FROM generate_series(1, 100) i;
        CREATE SEQUENCE numbers; CREATE VIEW seen AS SELECT id FROM others;
        CREATE MATERIALIZED VIEW kept AS SELECT count(*) FROM rates;
        CREATE SCHEMA "now"; CREATE TABLE "now".tab (id int PRIMARY KEY); INSERT INTO "now".tab SELECT generate_series(1, 10);
        CREATE SCHEMA later; CREATE TABLE later.tab (id int PRIMARY KEY); INSERT INTO later.tab SELECT generate_series(1, 20);
        """;

    const string Reload = "BEGIN; TRUNCATE rates; INSERT INTO rates SELECT i, 'new', 'glad' FROM generate_series(1, 150) i; COMMIT";

    static readonly string[] Family =
    [
        Reload,
        "ALTER TABLE rates ALTER COLUMN id TYPE bigint",
        "CLUSTER rates USING rates_pkey",
        "VACUUM FULL rates",
        "REFRESH MATERIALIZED VIEW kept",
        "BEGIN; TRUNCATE rates; COPY rates (id) FROM PROGRAM 'seq 1 90' WITH (FREEZE); COMMIT",
        "BEGIN; ALTER TABLE rates RENAME TO was; ALTER TABLE others RENAME TO rates; ALTER TABLE was RENAME TO others; COMMIT",
        "BEGIN; ALTER TABLE rates RENAME COLUMN id TO x; ALTER TABLE rates ADD COLUMN id int; UPDATE rates SET id = x + 1; COMMIT",
        "BEGIN; ALTER TABLE parts DETACH PARTITION parts_0; CREATE TABLE parts_2 (id int, note text); INSERT INTO parts_2 SELECT id, "
            + "'new' FROM parts_0; ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0); COMMIT",
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
        "BEGIN; ALTER SCHEMA \"now\" RENAME TO past; ALTER SCHEMA later RENAME TO \"now\"; COMMIT",
        "BEGIN; DROP VIEW seen; DROP SEQUENCE numbers; CREATE FUNCTION added() RETURNS int LANGUAGE sql RETURN 1; COMMIT",
        "BEGIN; DROP MATERIALIZED VIEW kept; DROP TABLE others CASCADE; CREATE TABLE others (id int, added text); INSERT INTO others "
            + "SELECT i, 'new' FROM generate_series(1, 40) i; COMMIT",
    ];

    readonly List<SandboxServer> _servers = [];

    public async Task InitializeAsync()
    {
        foreach (var major in Majors)
            _servers.Add(await SandboxServer.StartAsync(new SandboxOptions { Name = $"changed-{major}", Major = major }, default));
    }

    static int[] Majors => [15, 18];

    public static TheoryData<int> Indexes => [.. Enumerable.Range(0, Majors.Length)];

    [Theory]
    [MemberData(nameof(Indexes))]
    public async Task What_is_done_between_statistics_and_dump_is_in_the_copy_as_a_whole_or_not_at_all(int server)
    {
        await using var scenario = await CreateAsync(server);
        foreach (var command in Family)
        {
            var before = await scenario.SourceContentAsync();
            var result = await scenario.SyncAsync(
                Once(e => e is StepEnded { Result.Step: RunStep.Statistics }, () => scenario.OnSourceAsync(command)),
                force: true);
            await AssertIsOneOfAsync(scenario, result, before, command);
        }
    }

    [Theory]
    [InlineData(0, SyncMode.Full)]
    [InlineData(1, SyncMode.Full)]
    [InlineData(0, SyncMode.Incremental)]
    [InlineData(1, SyncMode.Incremental)]
    public async Task What_is_under_way_when_a_run_begins_is_in_the_copy_as_a_whole_or_not_at_all(int server, SyncMode mode)
    {
        await using var scenario = await CreateAsync(server);
        await scenario.SyncWellAsync();
        foreach (var command in Family.Where(c => !c.StartsWith("VACUUM", StringComparison.Ordinal)))
        {
            var before = await scenario.SourceContentAsync();
            await using var session = await Scenario.OpenAsync(scenario.SourceAdmin);
            await session.ExecuteAsync(
                "BEGIN;" + command.Replace("BEGIN;", "", StringComparison.Ordinal).Replace("; COMMIT", "", StringComparison.Ordinal),
                default);
            var committing = Task.CompletedTask;
            var result = await scenario.SyncAsync(e =>
            {
                if (e is StepStarted { Step: RunStep.Statistics or RunStep.Compare } && committing == Task.CompletedTask)
                    committing = CommitAsync(session);
            }, force: true, mode: mode);
            await committing;
            await AssertIsOneOfAsync(scenario, result, before, command);
        }
    }

    [Theory]
    [MemberData(nameof(Indexes))]
    public async Task So_it_is_in_a_backup_whether_done_before_the_dump_or_while_it_goes_on(int server)
    {
        await using var scenario = await CreateAsync(server);
        foreach (var (command, when) in new (string, Func<RunEvent, bool>)[]
        {
            (Reload, e => e is StepEnded { Result.Step: RunStep.Statistics }),
            (Reload.Replace("150", "160", StringComparison.Ordinal), e => e is StepStarted { Step: RunStep.Statistics }),
            (Reload.Replace("150", "170", StringComparison.Ordinal), e => e is StepStarted { Step: RunStep.Dump }),
            (Family[^1], e => e is StepEnded { Result.Step: RunStep.Statistics }),
        })
        {
            var before = await scenario.SourceContentAsync();
            var doing = Task.CompletedTask;
            using var folder = new TempFolder();
            var config = new BackupSyncConfig
            {
                Path = folder.File("backupsync.yml"),
                Databases = [scenario.Job.SourceDatabase],
                Jobs = [],
                Places = [FolderPlaceConfig.At(folder.Path)],
            };
            var done = false;
            var observer = new RunListener(e =>
            {
                if (done || !when(e))
                    return;
                done = true;
                doing = scenario.OnSourceAsync(command);
                if (e is StepEnded)
                    doing.GetAwaiter().GetResult();
            });

            var result = (await BackupRunner.BackUpAsync(
                [scenario.Job.SourceDatabase],
                BackupOrders.ByHand(config),
                _ => [observer],
                null,
                default))[0];

            await doing;
            Assert.True(result.Success, $"{command}: {result.Error?.Message} {result.Error?.Detail}");
            var tools = await new ToolLocator(new ToolsConfig()).FindAsync(Majors[server], default);
            await scenario.OnTargetAsync(
                "DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS \"now\", later, past CASCADE; CREATE SCHEMA public");
            var restored = await ChildProcess
                .RunAsync(new ChildCommand(tools.PgRestore, "--no-owner", $"--dbname={scenario.Target.Database}", result.SourceBackup!.Path)
                    .ConnectedTo(new PgLogin("target", scenario.TargetAdmin, "test", false)), default);
            var after = await scenario.SourceContentAsync();
            AssertIsOneOf(await scenario.TargetContentAsync(), before, after, $"{command} {restored.ErrorTail}");
        }
    }

    /// <summary>Whatever is done in the middle, no row of before is told beside one of after, and nothing crashes.</summary>
    [Theory]
    [MemberData(nameof(Indexes))]
    public async Task A_comparison_is_of_one_state_whatever_is_done_while_it_goes_on(int server)
    {
        await using var scenario = await CreateAsync(server);
        await scenario.SyncWellAsync();
        foreach (var command in Family.Where(c => !c.StartsWith("VACUUM", StringComparison.Ordinal)))
        {
            await using var session = await Scenario.OpenAsync(scenario.SourceAdmin);
            await session.ExecuteAsync(
                "BEGIN;" + command.Replace("BEGIN;", "", StringComparison.Ordinal).Replace("; COMMIT", "", StringComparison.Ordinal),
                default);
            var committing = CommitAsync(session);

            var result = await ComparisonRunner.RunAsync(
                scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions { Detail = true }, null, null, default);

            await committing;
            var later = await ComparisonRunner.RunAsync(
                scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions(), null, null, default);
            var (told, now) = (Different(result), Different(later));
            Assert.True(told.Count == 0 || told.SequenceEqual(now), $"{command}: {string.Join(", ", told)} — {string.Join(", ", now)}");
            Assert.Null((await scenario.SyncAsync(force: true)).Error);
        }
    }

    static IReadOnlyList<string> Different(ComparisonResult result) =>
        [.. result.Items.Where(i => i.State != ComparedState.Equal)
            .Select(i => $"{i.Kind} {i.Name} {i.State} {i.SourceRows} {i.TargetRows}")
            .Order(StringComparer.Ordinal)];

    /// <summary>By the snapshot it is there still, and pg_dump finds no text of it: its dump lacks it, and nothing has failed.</summary>
    [Theory]
    [InlineData("DROP INDEX by_note")]
    [InlineData("ALTER INDEX by_note RENAME TO by_other")]
    [InlineData("DROP TRIGGER stamped ON rates")]
    [InlineData("DROP FUNCTION stamp() CASCADE")]
    [InlineData("DROP STATISTICS together")]
    [InlineData("ALTER TABLE rates DROP CONSTRAINT noted")]
    [InlineData("ALTER TABLE others DROP CONSTRAINT others_pkey CASCADE")]
    public async Task What_is_dropped_between_the_snapshot_and_the_dump_makes_no_copy_fail(string command)
    {
        await using var scenario = await CreateAsync(0);
        await scenario.OnSourceAsync("""
            CREATE INDEX by_note ON rates (note); CREATE STATISTICS together ON id, note FROM rates;
            ALTER TABLE rates ADD CONSTRAINT noted CHECK (note <> '');
            CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
            CREATE TRIGGER stamped BEFORE UPDATE ON rates FOR EACH ROW EXECUTE FUNCTION stamp()
            """);
        var before = await scenario.SourceContentAsync();
        var isDone = false;

        var result = await scenario.SyncAsync(e =>
        {
            if (!isDone && e is StepEnded { Result: { Step: RunStep.Statistics, State: StepState.Succeeded } })
                scenario.OnSourceAsync(command).GetAwaiter().GetResult();
            isDone |= e is StepEnded { Result.Step: RunStep.Statistics };
        });

        Assert.True(result.Success, $"{result.Error?.Message} {result.Error?.Detail}");
        AssertIsOneOf(await scenario.TargetContentAsync(), before, await scenario.SourceContentAsync(), command);
    }

    [Fact]
    public async Task What_goes_on_changing_is_named_in_the_end()
    {
        await using var scenario = await CreateAsync(0);
        await scenario.SyncWellAsync();
        var before = await scenario.TargetContentAsync();

        var result = await scenario.SyncAsync(e =>
        {
            if (e is StepEnded { Result: { Step: RunStep.Statistics, State: StepState.Succeeded } })
                scenario.OnSourceAsync(Reload).GetAwaiter().GetResult();
        });

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Dump, ErrorIds.ChangedMeanwhile);
        Assert.Contains("public.rates was emptied or rewritten", result.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(3, result.Warnings.Count(w => w.Contains("begins anew", StringComparison.Ordinal)));
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    /// <summary>Source and target are databases of one server, which makes it harder to tell their sessions apart.</summary>
    async Task<Scenario> CreateAsync(int server)
    {
        var scenario = await Scenario.CreateAsync(_servers[server], _servers[server]);
        await scenario.OnSourceAsync(Schema);
        return scenario;
    }

    static async Task CommitAsync(PgSession session)
    {
        await Task.Delay(1500);
        await session.ExecuteAsync("COMMIT", default);
    }

    static Action<RunEvent> Once(Func<RunEvent, bool> when, Func<Task> act)
    {
        var done = false;
        return e =>
        {
            if (done || !when(e))
                return;
            done = true;
            act().GetAwaiter().GetResult();
        };
    }

    static async Task AssertIsOneOfAsync(Scenario scenario, RunResult result, DatabaseFingerprint before, string command)
    {
        Assert.True(result.Success, $"{command}: {result.Error?.Message} {result.Error?.Detail}");
        AssertIsOneOf(await scenario.TargetContentAsync(), before, await scenario.SourceContentAsync(), command);
        // What the fingerprints are computed from is what plain SQL shows.
        const string rows = "SELECT count(*) FROM rates";
        Assert.Contains(
            await Scenario.CountAsync(scenario.TargetAdmin, rows),
            new[] { before.Tables["public.rates"].Rows, await Scenario.CountAsync(scenario.SourceAdmin, rows) });
    }

    static void AssertIsOneOf(DatabaseFingerprint copy, DatabaseFingerprint before, DatabaseFingerprint after, string command)
    {
        var (fromBefore, fromAfter) = (Differences(before, copy), Differences(after, copy));
        Assert.True(
            fromBefore.Count == 0 || fromAfter.Count == 0,
            $"{command}: {string.Join("; ", fromBefore)} — {string.Join("; ", fromAfter)}");
    }

    static IReadOnlyList<string> Differences(DatabaseFingerprint expected, DatabaseFingerprint actual) =>
        [.. FingerprintComparison.Compare(expected, actual, new ComparisonTolerance()).Select(d => d.ToString()!)];
}
