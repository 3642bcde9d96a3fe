using System.Collections.Concurrent;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Sides;

/// <summary>
/// Neither readers nor writers of either side wait longer than <c>limits.blocking</c> for what a run does in one transaction, nor for a
/// comparison.
/// </summary>
public sealed class GivingWayOnTargetTests(Servers servers) : IClassFixture<Servers>
{
    static readonly TimeSpan Blocking = TimeSpan.FromSeconds(2);

    /// <summary>Nobody is held up for longer on the target: the server itself measures it, and ends the statement else.</summary>
    static readonly TimeSpan Held = Blocking + TimeSpan.FromSeconds(1);

    /// <summary>Far below how long the run takes, and far above what a busy machine takes.</summary>
    static readonly TimeSpan Bearable = Blocking + TimeSpan.FromSeconds(8);

    /// <summary>A check that each row takes 20 ms for, in the database of that name only.</summary>
    internal static string Slowly(string database, string table) => $"""
        {Slow(database)};
        ALTER TABLE public.{table} ADD CONSTRAINT slow CHECK (public.slowly());
        """;

    /// <summary>The same from now on in another database.</summary>
    internal static string Slow(string database) => $"""
        CREATE OR REPLACE FUNCTION public.slowly() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.02)
            WHERE current_database() = '{database}'; RETURN true; END $$
        """;

    [Fact]
    public async Task A_reader_of_a_target_that_is_replaced_in_one_transaction_waits_a_moment_only()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction);
        await scenario.FillAsync(1500);
        // Each row takes its time to be loaded: half a minute in all.
        await scenario.OnSourceAsync(Slowly(scenario.TargetAdmin.Database, "users"));
        await scenario.OnTargetAsync("CREATE TABLE users (id int); INSERT INTO users VALUES (7)");

        var result = await GiveWayAsync(scenario, RunStep.Restore, scenario.TargetAdmin, "SELECT count(*) FROM users", mode: null);

        Assert.Equal(ErrorIds.GaveWay, result.Error?.Id);
        Assert.Contains("users", result.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(1, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM users"));
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Without_a_limit_the_copy_goes_first()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction);
        await scenario.FillAsync(200);
        await scenario.OnSourceAsync(Slowly(scenario.TargetAdmin.Database, "users"));
        await scenario.OnTargetAsync("CREATE TABLE users (id int); INSERT INTO users VALUES (7)");
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Blocking = null } };
        var reading = Task.CompletedTask;

        var result = await scenario.SyncAsync(Faults.AtStep(
            RunStep.Restore,
            () => reading = Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM users WHERE pg_sleep(0) IS NOT NULL")));

        Assert.Null(result.Error);
        await reading;
    }

    [Theory]
    [InlineData("UPDATE items SET name = 'by hand' WHERE id = 1")]
    [InlineData("ALTER TABLE items ADD COLUMN more int")]
    public async Task A_writer_of_a_target_that_is_brought_up_to_date_waits_a_moment_only(string statement)
    {
        await using var scenario = await ItemsAsync(onTarget: true);

        var result = await GiveWayAsync(scenario, RunStep.Merge, scenario.TargetAdmin, statement, SyncMode.Incremental);

        Assert.True(result.Error is null or { Id: ErrorIds.GaveWay }, $"{result.Error}");
        await scenario.AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData("ALTER TABLE items ADD COLUMN more int")]
    [InlineData("BEGIN; LOCK TABLE items; COMMIT")]
    public async Task Who_changes_a_table_of_the_source_waits_a_moment_only(string statement)
    {
        await using var scenario = await ItemsAsync(onTarget: false);

        var result = await GiveWayAsync(scenario, RunStep.Compare, scenario.SourceAdmin, statement, SyncMode.Incremental);

        Assert.True(result.Error is null or { Id: ErrorIds.GaveWay }, $"{result.Error}");
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_reader_of_a_table_that_is_restored_waits_a_moment_only()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync(1500);
        await scenario.SyncWellAsync();
        var backup = (await TakeBackupAsync(scenario))!;
        await scenario.OnTargetAsync($"DELETE FROM public.users WHERE id > 10; {Slowly(scenario.TargetAdmin.Database, "users")}");
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Blocking = Blocking } };
        await using var others = new Others(scenario.TargetAdmin, "SELECT count(*) FROM users", Held);
        var log = new ConcurrentBag<RunEvent>();

        var job = scenario.Job with { Name = "restore-neon", SourceDatabase = scenario.Job.SourceDatabase };
        var result = await Scenario.RestoreTablesAsync(
            job, BackupHandles.Of(backup, null), ["users"], new RunListener(others.At(RunStep.Restore)), new RunListener(log.Add));

        await others.EndWellAsync();
        Assert.Equal(ErrorIds.GaveWay, result.Error?.Id);
        Assert.Equal(10, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM users"));
        var errors = log.OfType<RunLog>().Where(l => l.Level == RunLogLevel.Error).Select(l => l.Message).ToList();
        Assert.Contains(errors, m => m.Contains("the run has given way, for others had to wait for it", StringComparison.Ordinal));
        Assert.DoesNotContain("The run was stopped.", errors);
        await scenario.AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_changes_a_table_that_is_compared_waits_a_moment_only(bool onSource)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        foreach (var address in new[] { scenario.SourceAdmin, scenario.TargetAdmin })
            await Scenario.ExecuteAsync(address, "CREATE TABLE t1 (id int PRIMARY KEY); INSERT INTO t1 SELECT generate_series(1, 100); "
                + "CREATE TABLE t2 (id int PRIMARY KEY, v int GENERATED ALWAYS AS (id) STORED); INSERT INTO t2 SELECT "
                + "generate_series(1, 3000000)");
        await using var others = new Others(
            onSource ? scenario.SourceAdmin : scenario.TargetAdmin, "ALTER TABLE t2 ADD COLUMN more int", Bearable);
        others.Begin();

        try
        {
            var result = await ComparisonRunner.RunAsync(
                scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions { Blocking = Blocking, Detail = true },
                null, null, default);
            Assert.Equal(3_000_000, result.Items.Single(i => i.Name == "public.t2").SourceRows);
        }
        catch (BackupSyncException gaveWay)
        {
            Assert.Equal(ErrorIds.GaveWay, gaveWay.ErrorId);
        }
        await others.EndWellAsync();
    }

    [Theory]
    [InlineData("TRUNCATE rates; INSERT INTO rates SELECT 'c' || i, i * 2 FROM generate_series(1, 50) i")]
    [InlineData("ALTER TABLE rates ALTER COLUMN rate TYPE numeric USING rate * 2")]
    [InlineData("DROP TABLE rates; CREATE TABLE rates (code text PRIMARY KEY, rate numeric); INSERT INTO rates SELECT 'c' || i, i * 2 "
        + "FROM generate_series(1, 50) i")]
    public async Task What_is_emptied_rewritten_or_dropped_while_an_incremental_run_waits_for_it_is_copied_as_it_was_or_is(string change)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync("CREATE TABLE rates (code text PRIMARY KEY, rate numeric); INSERT INTO rates SELECT 'c' || i, i "
            + "FROM generate_series(1, 50) i; CREATE TABLE big (id int PRIMARY KEY); INSERT INTO big SELECT generate_series(1, 1000)");
        await scenario.SyncWellAsync();
        await using var session = await Scenario.OpenAsync(scenario.SourceAdmin);
        await session.ExecuteAsync($"BEGIN; {change}", default);

        var running = scenario.SyncAsync(mode: SyncMode.Incremental);
        await Task.Delay(2000);
        await session.ExecuteAsync("COMMIT", default);
        var result = await running;

        Assert.Null(result.Error);
        Assert.Contains(await Scenario.CountAsync(scenario.TargetAdmin, "SELECT sum(rate)::bigint FROM rates"), new long[] { 1275, 2550 });
    }

    [Fact]
    public async Task A_table_that_is_dropped_while_it_is_compared_is_no_crash()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        foreach (var address in new[] { scenario.SourceAdmin, scenario.TargetAdmin })
            await Scenario.ExecuteAsync(address, "CREATE TABLE big (id int PRIMARY KEY, v text); INSERT INTO big SELECT i, "
                + "repeat(md5(i::text), 3) FROM generate_series(1, 400000) i; CREATE TABLE gone (id int PRIMARY KEY)");
        var dropped = 0;

        var result = await ComparisonRunner.RunAsync(scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions
        {
            Parallel = 1,
        }, progress =>
        {
            // The largest is read first.
            if (progress.Item == "public.big" && Interlocked.Exchange(ref dropped, 1) == 0)
                Scenario.ExecuteAsync(scenario.TargetAdmin, "DROP TABLE public.gone").GetAwaiter().GetResult();
        }, null, default);

        Assert.Contains(result.Items, i => i is { Kind: ComparedKind.Table, Name: "public.big", State: ComparedState.Equal });
    }

    async Task<Scenario> ItemsAsync(bool onTarget)
    {
        var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync("CREATE TABLE items (id int PRIMARY KEY, name text); INSERT INTO items SELECT i, "
            + "repeat(md5(i::text), 4) FROM generate_series(1, 1000000) i");
        await scenario.SyncWellAsync();
        if (!onTarget)
            return scenario;
        // Each row that is written to the target takes its time; on the source there is much to read.
        foreach (var address in new[] { scenario.SourceAdmin, scenario.TargetAdmin })
            await Scenario.ExecuteAsync(address, Slowly("nowhere", "items"));
        foreach (var address in new[] { scenario.SourceAdmin, scenario.TargetAdmin })
            await Scenario.ExecuteAsync(address, Slow(scenario.TargetAdmin.Database));
        await scenario.OnSourceAsync("UPDATE items SET name = 'new' WHERE id <= 400");
        return scenario;
    }

    static async Task<RunResult> GiveWayAsync(Scenario scenario, RunStep step, DatabaseAddress address, string statement, SyncMode? mode)
    {
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Blocking = Blocking } };
        await using var others = new Others(address, statement, address == scenario.TargetAdmin ? Held : Bearable);
        var result = await scenario.SyncAsync(others.At(step), mode: mode);
        await others.EndWellAsync();
        return result;
    }

    static async Task<BackupFile?> TakeBackupAsync(Scenario scenario)
    {
        var config = new BackupSyncConfig
        {
            Path = Path.Combine(scenario.Directory, "x.yml"),
            Databases = [scenario.Job.SourceDatabase],
            Jobs = [],
            Places = [new FolderPlaceConfig { Name = "local", Directory = Path.Combine(scenario.Directory, "vault") }],
        };
        var result = (await BackupRunner.BackUpAsync(
            [scenario.Job.SourceDatabase],
            BackupOrders.ByHand(config, null),
            _ => [],
            null,
            default))[0];
        Assert.Null(result.Error);
        return result.SourceBackup;
    }

    /// <summary>One who uses a table while a run is at it, each time that the run begins with a step.</summary>
    /// <param name="heldAtMost">How long each of his statements may take: the server ends one that takes longer.</param>
    sealed class Others(DatabaseAddress address, string statement, TimeSpan heldAtMost) : IAsyncDisposable
    {
        readonly List<Task> _statements = [];
        readonly CancellationTokenSource _end = new();
        volatile bool _isOver;

        public Action<RunEvent> At(RunStep step) => e =>
        {
            if (e is StepStarted started && started.Step == step && _statements.Count == 0)
                Begin();
        };

        public void Begin()
        {
            lock (_statements)
                _statements.Add(UseAsync());
        }

        public async Task EndWellAsync()
        {
            Assert.NotEmpty(_statements);
            _isOver = true;
            await Task.WhenAll(_statements);
        }

        async Task UseAsync()
        {
            await Task.Delay(500, _end.Token);
            await using var session = await Scenario.OpenAsync(address);
            await session.ExecuteAsync($"SET statement_timeout = {(long)heldAtMost.TotalMilliseconds}", _end.Token);
            // Who reads, reads again and again, so that he is there when a table is locked.
            do
                await session.ExecuteAsync(statement, _end.Token);
            while (Reads && !_isOver);
        }

        bool Reads => statement.StartsWith("SELECT", StringComparison.Ordinal);

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            _end.Dispose();
        }
    }
}
