using System.Diagnostics;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Tests.Operations.BackUp;

namespace BackupSync.Tests.Operations.Sides;

/// <summary>
/// Nobody waits for a run longer than <c>limits.blocking</c>: the server sees no deadlock where its two ends meet in our process.
/// </summary>
public sealed class GivingWayTests(Servers servers) : IClassFixture<Servers>
{
    static readonly TimeSpan Blocking = TimeSpan.FromSeconds(2);

    /// <summary>Far below the limits of steps, which is how long it used to be, and far above what a busy machine takes.</summary>
    static readonly TimeSpan Bearable = Blocking + TimeSpan.FromSeconds(10);

    const string Alter = "ALTER TABLE t1 ADD COLUMN added int";
    const string Lock = "BEGIN; LOCK TABLE t1 IN ACCESS EXCLUSIVE MODE; COMMIT";

    [Theory]
    [InlineData(RunStep.Statistics, Alter)]
    [InlineData(RunStep.Statistics, "TRUNCATE t1")]
    [InlineData(RunStep.Dump, Alter)]
    [InlineData(RunStep.Dump, "VACUUM FULL t1")]
    public async Task Who_changes_a_table_of_the_source_and_who_reads_it_after_him_wait_a_moment_only(RunStep step, string command)
    {
        await using var scenario = await CreateAsync();
        await FillAsync(scenario.SourceAdmin);
        await using var others = new Others(scenario.SourceAdmin, command);

        var result = await scenario.SyncAsync(others.At(step));

        await others.AssertBearableAsync();
        AssertWellOrGaveWay(result);
        await scenario.AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData(RunStep.Statistics, Alter)]
    [InlineData(RunStep.SafetyBackup, Lock)]
    public async Task So_do_those_of_the_target(RunStep step, string command)
    {
        await using var scenario = await CreateAsync();
        await scenario.FillAsync();
        await FillAsync(scenario.TargetAdmin);
        await using var others = new Others(scenario.TargetAdmin, command);

        AssertWellOrGaveWay(await scenario.SyncAsync(others.At(step), force: true));

        await others.AssertBearableAsync();
        await scenario.AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData(RunStep.Statistics, Alter)]
    [InlineData(RunStep.SafetyBackup, "TRUNCATE t1")]
    public async Task So_do_those_of_a_target_that_is_restored(RunStep step, string command)
    {
        await using var scenario = await CreateAsync();
        await scenario.FillAsync();
        var backup = (await scenario.SyncWellAsync()).SourceBackup!;
        await FillAsync(scenario.TargetAdmin);
        await using var others = new Others(scenario.TargetAdmin, command);

        AssertWellOrGaveWay(await scenario.RestoreAsync(backup, others.At(step)));

        await others.AssertBearableAsync();
        await scenario.AssertNothingIsLeftAsync();
    }

    [SkippableTheory]
    [InlineData(Alter)]
    [InlineData("CREATE INDEX CONCURRENTLY ON t1 (name)")]
    public async Task A_backup_that_takes_long_gives_way_and_is_taken_anew(string command)
    {
        await using var vault = await Vault.CreateAsync(servers);
        await FillAsync(vault.Server.AsSuperuser);
        using var slow = SlowDump(seconds: 12);
        var order = vault.ByHand();
        order = order with
        {
            Settings = order.Settings with { Tools = slow.Config, Limits = new LimitsConfig { Blocking = Blocking } },
        };
        await using var others = new Others(vault.Server.AsSuperuser, command);
        var observer = new RunListener(others.At(RunStep.Dump));

        var result = (await BackupRunner.BackUpAsync([vault.Database], order, _ => [observer], null, default))[0];

        await others.AssertBearableAsync();
        Vault.Well(result);
        var warning = Assert.Single(result.Warnings, w => w.Contains("given way", StringComparison.Ordinal));
        Assert.Contains(command[..12], warning, StringComparison.Ordinal);
        Assert.Equal([StepState.Cancelled, StepState.Succeeded], result.Steps.Where(s => s.Step == RunStep.Dump).Select(s => s.State));
        Assert.Empty(Directory.GetFiles(vault.Local.Directory, "*.partial", SearchOption.AllDirectories));
        Assert.Single(Directory.GetFiles(vault.Local.Directory, "*.dump", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public async Task Who_has_to_wait_each_time_is_named_when_the_run_gives_up()
    {
        await using var scenario = await CreateAsync();
        await FillAsync(scenario.SourceAdmin);
        using var slow = SlowDump(seconds: 20);
        scenario.Job = scenario.Job with { Tools = slow.Config, Limits = scenario.Job.Limits with { Blocking = TimeSpan.FromSeconds(1) } };
        var before = await scenario.TargetContentAsync();
        using var stop = new CancellationTokenSource();
        var again = Task.Run(async () =>
        {
            await using var session = await Scenario.OpenAsync(scenario.SourceAdmin);
            await session.ExecuteAsync("SET lock_timeout = 0", default);
            while (!stop.IsCancellationRequested)
            {
                await session.ExecuteAsync(
                    "BEGIN; LOCK TABLE t2 IN ACCESS EXCLUSIVE MODE; UPDATE t2 SET name = 'of nobody''s business' WHERE id = 1; COMMIT",
                    default);
                await Task.Delay(1000, default);
            }
        });

        var result = await scenario.SyncAsync();
        await stop.CancelAsync();
        await again;

        Assert.Equal((RunOutcome.Aborted, ErrorIds.GaveWay), (result.Outcome, result.Error?.Id));
        Assert.Contains("public.t2", result.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("LOCK TABLE t2", result.Error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("business", result.Error.Message, StringComparison.Ordinal);
        Assert.Contains("limits.blocking", result.Error.Advice, StringComparison.Ordinal);
        Assert.Equal(3, result.Warnings.Count(w => w.Contains("given way", StringComparison.Ordinal)));
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [SkippableFact]
    public async Task A_run_that_is_told_to_does_not_give_way()
    {
        await using var scenario = await CreateAsync();
        await FillAsync(scenario.SourceAdmin);
        using var slow = SlowDump(seconds: 4);
        scenario.Job = scenario.Job with { Tools = slow.Config, Limits = scenario.Job.Limits with { Blocking = null } };
        await using var others = new Others(scenario.SourceAdmin, Alter);

        var result = await scenario.SyncAsync(others.At(RunStep.Dump));

        Assert.Null(result.Error);
        Assert.DoesNotContain(result.Warnings, w => w.Contains("given way", StringComparison.Ordinal));
    }

    /// <summary>Behind a lock on the catalog everybody waits, those who log in and the one who watches included.</summary>
    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Who_rewrites_the_catalog_and_who_logs_in_meanwhile_wait_a_moment_only(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await FillAsync(scenario.SourceAdmin);
        using var slow = SlowDump(await new ToolLocator(new ToolsConfig()).FindAsync(major, default), seconds: 30);
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Blocking = Blocking }, Tools = slow.Config };
        var (rewriting, loggingIn, begun) = (Task.FromResult(TimeSpan.Zero), Task.FromResult(TimeSpan.Zero), false);

        var result = await scenario.SyncAsync(e =>
        {
            if (e is not StepStarted { Step: RunStep.Dump } || begun)
                return;
            begun = true;
            rewriting = TimedAsync(2000, "VACUUM FULL pg_class");
            loggingIn = TimedAsync(2500, "SELECT count(*) FROM t1");
        });

        Assert.True(await rewriting < Bearable && await loggingIn < Bearable, $"{await rewriting} {await loggingIn}");
        Assert.Contains(result.Warnings, w => w.Contains("given way", StringComparison.Ordinal));

        async Task<TimeSpan> TimedAsync(int afterMilliseconds, string sql)
        {
            await Task.Delay(afterMilliseconds);
            var clock = Stopwatch.StartNew();
            await Scenario.ExecuteAsync(scenario.SourceAdmin, sql);
            return clock.Elapsed;
        }
    }

    [Fact]
    public async Task A_watch_that_loses_its_session_goes_on()
    {
        await using var scenario = await CreateAsync();
        var login = new PgLogin("source", scenario.SourceAdmin, $"backupsync:test:{Guid.NewGuid():N}", ReadOnly: false);
        await using var holder = await PgSession.OpenAsync(login, default);
        await scenario.OnSourceAsync("CREATE TABLE t1 (id int)");
        await holder.ExecuteAsync("BEGIN; LOCK TABLE public.t1", default);
        var gaveWay = new TaskCompletionSource();
        await using var watch = await BlockingWatch.StartAsync(
            login, session: null, TimeSpan.FromSeconds(10), onRetry: null, Blocking, gaveWay.SetResult, default);

        await scenario.OnSourceAsync($"SELECT pg_terminate_backend({watch.ProcessId})");
        var reading = Scenario.CountAsync(scenario.SourceAdmin, "SELECT count(*) FROM t1");

        await gaveWay.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, await reading);
        Assert.Equal("public.t1", watch.Blocked!.Relation);
    }

    /// <summary>What waits for all transactions that are older than it does not wait for the one that watches.</summary>
    [Theory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task The_server_watches_and_holds_up_nobody(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await scenario.OnSourceAsync("CREATE TABLE t1 (id int)");
        var login = new PgLogin("source", scenario.SourceAdmin, $"backupsync:test:{Guid.NewGuid():N}", ReadOnly: true);
        await using var another = await PgSession.OpenAsync(login, default);
        await using var watch = await BlockingWatch.StartAsync(
            login, session: null, TimeSpan.FromSeconds(10), onRetry: null, Blocking, () => Assert.Fail("Nobody waits."), default);
        await Eventually.IsTrueAsync(async () => await Scenario.CountAsync(scenario.SourceAdmin,
            $"SELECT count(*) FROM pg_stat_activity WHERE pid = {watch.ProcessId} AND query LIKE 'DO $watch$%' AND state = "
                + "'active'") == 1, "the server watches");

        await using var builder = await Scenario.OpenAsync(scenario.SourceAdmin);
        await builder.ExecuteAsync("SET statement_timeout = '60s'", default);
        await builder.ExecuteAsync("CREATE INDEX CONCURRENTLY ON public.t1 (id)", default);

        Assert.Null(watch.Blocked);
    }

    /// <summary>And it ends, by itself, who holds others up: our process may be stopped.</summary>
    [SkippableTheory]
    [InlineData(15, "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC")]
    [InlineData(15, "DROP EXTENSION plpgsql CASCADE")]
    [InlineData(17, "DROP EXTENSION plpgsql CASCADE")]
    [InlineData(18, "DROP EXTENSION plpgsql CASCADE")]
    [InlineData(19, "DROP EXTENSION plpgsql CASCADE")]
    public async Task The_server_watches_without_plpgsql(int major, string taken)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var database = await TestDatabase.CreateAsync(server, TestRole.Owner);
        await Scenario.ExecuteAsync(database.AsSuperuser, taken);
        await Scenario.ExecuteAsync(database.Address, "CREATE TABLE public.t1 (id int)");
        var login = new PgLogin("target", database.Address, $"backupsync:test:{Guid.NewGuid():N}", ReadOnly: false);
        await using var holder = await PgSession.OpenAsync(login, default);
        var gaveWay = new TaskCompletionSource();
        await using var watch = await BlockingWatch.StartAsync(
            login, session: null, TimeSpan.FromSeconds(10), onRetry: null, Blocking, gaveWay.SetResult, default);
        await Eventually.IsTrueAsync(async () => await Scenario.CountAsync(database.AsSuperuser,
            $"SELECT count(*) FROM pg_stat_activity WHERE pid = {watch.ProcessId} AND query LIKE '%RECURSIVE watch%' AND state = "
                + "'active'") == 1, "the server watches");

        // Who holds it has begun after the statement that looks.
        await holder.ExecuteAsync("BEGIN; LOCK TABLE public.t1", default);
        var reading = Scenario.CountAsync(database.Address, "SELECT count(*) FROM public.t1");

        await gaveWay.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, await reading);
        Assert.Equal("public.t1", watch.Blocked!.Relation);
        await Assert.ThrowsAnyAsync<BackupSyncException>(() => holder.ExecuteAsync("SELECT", default));
    }

    [Fact]
    public async Task Locks_do_not_run_out_where_pg_dump_has_enough()
    {
        await using var server = await Sandbox.SandboxServer.StartAsync(new Sandbox.SandboxOptions
        {
            Name = "few-locks", Settings = new Dictionary<string, string>
            {
                ["max_locks_per_transaction"] = "10",
                ["max_connections"] = "20",
            },
        }, default);
        await using var scenario = await Scenario.CreateAsync(server, servers.Target);
        for (var s = 0; s < 8; s++)
        {
            await scenario.OnSourceAsync(string.Join(";", Enumerable.Range(0, 50).Select(t =>
                $"CREATE TABLE t{s}_{t} (id serial PRIMARY KEY, name text, other int); CREATE INDEX ON t{s}_{t} (name); CREATE INDEX "
                    + $"ON t{s}_{t} (other); INSERT INTO t{s}_{t} (name) VALUES ('x')")));
        }

        await scenario.SyncWellAsync();

        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    [Fact]
    public async Task Too_few_locks_for_pg_dump_are_told_before_it_begins()
    {
        await using var server = await Sandbox.SandboxServer.StartAsync(new Sandbox.SandboxOptions
        {
            Name = "too-few-locks", Settings = new Dictionary<string, string>
            {
                ["max_locks_per_transaction"] = "10",
                ["max_connections"] = "20",
            },
        }, default);
        await using var scenario = await Scenario.CreateAsync(server, servers.Target);
        for (var s = 0; s < 12; s++)
            await scenario.OnSourceAsync(string.Join(";", Enumerable.Range(0, 250).Select(t => $"CREATE TABLE t{s}_{t} (id int)")));

        var result = await scenario.SyncAsync();

        Assert.Matches("pg_dump locks its 3,000 tables at once, and the server's lock table has room for [0-9]+ .*Set "
            + "max_locks_per_transaction = [0-9]+ there", string.Join("\n", result.Warnings));
        // And not what of its statement came last.
        Assert.Equal("The dump of railway failed: query failed: ERROR:  out of shared memory", result.Error!.Message);
        Assert.StartsWith("The server's lock table is full: raise max_locks_per_transaction there", result.Error.Advice!);
        Assert.DoesNotContain("publish by swap", result.Error.Advice!);
    }

    [Theory]
    [InlineData("ALTER ROLE app PASSWORD 'secret'", "ALTER ROLE app PASSWORD '…'")]
    [InlineData("INSERT INTO t VALUES ('it''s secret', E'so\\'secret', 3)", "INSERT INTO t VALUES ('…', '…', 3)")]
    [InlineData("DO $x$ secret $$ $x$ LANGUAGE plpgsql", "DO '…' LANGUAGE plpgsql")]
    [InlineData("UPDATE t\n   SET a = 'secret that is cut o", "UPDATE t SET a = '…'")]
    public void Statements_are_shown_without_what_stands_in_quotes(string statement, string shown) =>
        Assert.Equal(shown, BlockedStatement.Of(1, "app", "", "public.t", statement).Text);

    [Fact]
    public void A_long_statement_is_cut_off_and_one_that_is_hidden_is_told()
    {
        Assert.Equal(201, BlockedStatement.Of(1, "app", "", null, "SELECT " + new string('a', 500)).Text!.Length);
        Assert.Equal("a statement that the role may not see (process 1 of role 'app', application 'psql', waits for public.t)",
            BlockedStatement.Of(1, "app", "psql", "public.t", "<insufficient privilege>").ToString());
    }

    async Task<Scenario> CreateAsync()
    {
        var scenario = await Scenario.CreateAsync(servers);
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Blocking = Blocking } };
        return scenario;
    }

    static async Task FillAsync(DatabaseAddress address)
    {
        for (var i = 1; i <= 3; i++)
            await Scenario.ExecuteAsync(address, $"CREATE TABLE t{i} (id int PRIMARY KEY, name text); INSERT INTO t{i} SELECT i, "
                + "repeat(md5(i::text), 4) FROM generate_series(1, 200000) i");
    }

    static void AssertWellOrGaveWay(RunResult result)
    {
        if (result.Error is not { } error)
            return;
        Assert.True(result.Outcome == RunOutcome.Aborted && error.Id == ErrorIds.GaveWay, $"{error} {string.Join('\n', result.Warnings)}");
        Assert.Contains("t1", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A pg_dump that is held up by who reads what it writes.</summary>
    WrappedTools SlowDump(int seconds) => SlowDump(servers.Tools, seconds);

    static WrappedTools SlowDump(PgToolset real, int seconds) => new(real, "pg_dump",
        $"[ \"$1\" = --version ] || {{ \"$program\" \"$@\" | {{ head -c 4000000; sleep {seconds}; cat; }}; exit "
            + "\"${PIPESTATUS[0]}\"; }");

    /// <summary>One who changes a table, and one who reads it as soon as that one waits.</summary>
    sealed class Others(DatabaseAddress address, string command) : IAsyncDisposable
    {
        readonly List<Task<TimeSpan>> _statements = [];
        readonly CancellationTokenSource _end = new();
        int _begun;

        public Action<RunEvent> At(RunStep step) => e =>
        {
            if (e is StepStarted started && started.Step == step && Interlocked.Exchange(ref _begun, 1) == 0)
            {
                lock (_statements)
                    _statements.AddRange([TimedAsync(command, 500), TimedAsync("SELECT count(*) FROM t1", 800)]);
            }
        };

        public async Task AssertBearableAsync()
        {
            Assert.NotEmpty(_statements);
            foreach (var statement in _statements)
                Assert.True(await statement < Bearable, $"a statement took {await statement}");
        }

        async Task<TimeSpan> TimedAsync(string sql, int afterMilliseconds)
        {
            await Task.Delay(afterMilliseconds, _end.Token);
            await using var session = await Scenario.OpenAsync(address);
            await session.ExecuteAsync("SET lock_timeout = 0", _end.Token);
            var clock = Stopwatch.StartNew();
            try
            {
                await session.ExecuteAsync(sql, _end.Token);
            }
            catch (PgQueryException swapped)
                when (swapped.SqlState is Npgsql.PostgresErrorCodes.AdminShutdown or Npgsql.PostgresErrorCodes.UndefinedTable)
            {
                // The run was quicker: its swap ends sessions on the old database, and the new one has no such table.
            }
            return clock.Elapsed;
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            _end.Dispose();
        }
    }
}
