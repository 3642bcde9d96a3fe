using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Tests.Operations.Sides;

namespace BackupSync.Tests.Operations.Publishing;

/// <summary>
/// The process of a run is stopped in the middle, as where its machine or container is paused: the servers themselves let go of what others
/// wait for, although nobody tells them. Afterwards it goes on.
/// </summary>
public sealed class StandStillTests
{
    /// <summary>Far below the minute that the process stands still at least, and far above what a busy machine takes.</summary>
    static readonly TimeSpan Bearable = TimeSpan.FromSeconds(20);

    const string SmallTable = "CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users SELECT i, string_agg(md5(i || '.' "
        + "|| k), '') FROM generate_series(1, 400) i, generate_series(1, 8) k GROUP BY i";

    const string BigTable = "CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users SELECT i, repeat(md5(i::text), 8) "
        + "FROM generate_series(1, 300000) i";

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task On_the_source_of_a_full_copy(int major)
    {
        await using var scenario = await CreateAsync(major, PublishMode.Swap);
        await scenario.OnSourceAsync(BigTable);
        using var slow = await SlowDumpAsync(major);
        await using var cli = Start(scenario, "full", slow);

        await StandStillAsync(
            cli, scenario.SourceAdmin, "AccessShareLock", "ALTER TABLE users ADD COLUMN more int",
            "SELECT count(*) FROM users WHERE id = 1", "Dump started");

        await AssertWellAsync(cli, scenario);
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task On_the_target_that_is_replaced_in_one_transaction(int major)
    {
        await using var scenario = await CreateAsync(major, PublishMode.Transaction);
        await scenario.OnSourceAsync($"{SmallTable}; {GivingWayOnTargetTests.Slowly(scenario.TargetAdmin.Database, "users")}");
        await scenario.OnTargetAsync("CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users SELECT i, string_agg(md5(i "
            + "|| k::text), '') FROM generate_series(1, 400) i, generate_series(1, 8) k GROUP BY i");
        await using var cli = Start(scenario, "full");

        await StandStillAsync(
            cli, scenario.TargetAdmin, "AccessExclusiveLock", "SELECT count(*) FROM users WHERE id = 1", "INSERT INTO users VALUES (-1)",
            "Restore started");

        await AssertWellAsync(cli, scenario);
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task On_the_target_of_an_incremental_run(int major)
    {
        await using var scenario = await CreateAsync(major, PublishMode.Swap);
        await FillSlowlyAsync(scenario);
        await using var cli = Start(scenario, "incremental");

        await StandStillAsync(
            cli, scenario.TargetAdmin, "ShareRowExclusiveLock", "UPDATE users SET name = 'by hand' WHERE id = 1",
            "DELETE FROM users WHERE id = 2", "Compare started");

        await AssertWellAsync(cli, scenario);
    }

    [SkippableTheory]
    [InlineData(15, false)]
    [InlineData(18, true)]
    public async Task On_the_source_of_a_comparison(int major, bool hasPlpgsql)
    {
        await using var scenario = await CreateAsync(major, PublishMode.Swap);
        if (!hasPlpgsql)
            await scenario.OnSourceAsync("DROP EXTENSION plpgsql");
        await scenario.OnSourceAsync(BigTable.Replace("300000", "2000000", StringComparison.Ordinal));
        await scenario.OnTargetAsync("CREATE TABLE users (id int PRIMARY KEY, name text)");
        var config = scenario.WriteConfig();
        await using var cli = Cli.Start(["compare", "railway", "neon", "--config", config]);

        await StandStillAsync(
            cli,
            scenario.SourceAdmin,
            "AccessShareLock",
            "ALTER TABLE users ADD COLUMN more int",
            "SELECT count(*) FROM users WHERE id = 1");

        var result = await cli.EndAsync();
        Assert.True(result.ExitCode == 6, result.All); // it has begun anew, and they differ
    }

    /// <summary>What is in between answers for the far end, as a proxy or a pooler does whose other leg is dead.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_the_line_falls_silent(bool ofSource)
    {
        await using var scenario = await CreateAsync(18, PublishMode.Swap);
        await (ofSource ? scenario.OnSourceAsync(BigTable) : FillSlowlyAsync(scenario));
        using var slow = await SlowDumpAsync(18);
        await using var proxy = new TcpProxy(scenario.Source.Port);
        if (ofSource)
            scenario.ReadFrom(proxy.Through(scenario.Source));
        else
            scenario.WriteTo(proxy.Through(scenario.Target));
        scenario.Job = scenario.Job with { Tools = slow.Config, Limits = scenario.Job.Limits with { Blocking = TimeSpan.FromSeconds(2) } };
        var (address, mode, step) = ofSource
            ? (scenario.SourceAdmin, "AccessShareLock", RunStep.Dump)
            : (scenario.TargetAdmin, "ShareRowExclusiveLock", RunStep.Merge);
        var waiting = new TaskCompletionSource<Task>();

        var running = scenario.SyncAsync(Faults.AtStep(step, () => waiting.SetResult(Task.Run(async () =>
        {
            await LockedAsync(address, mode);
            proxy.Stall();
            await AssertNobodyWaitsAsync(address, "ALTER TABLE users ADD COLUMN more int", "SELECT count(*) FROM users WHERE id = 1");
            proxy.Restore();
        }))), mode: ofSource ? SyncMode.Full : SyncMode.Incremental);

        await await waiting.Task;
        var result = await running;
        // Another column is what only a full sync brings, or none at all.
        Assert.True(
            result.Outcome is RunOutcome.Succeeded or RunOutcome.Aborted or RunOutcome.RolledBack,
            $"{result.Outcome} {result.Error}");
        Assert.Contains(result.Warnings, w => w.Contains("has given way", StringComparison.Ordinal));
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Nothing_is_left_on_the_server_of_a_process_that_was_killed()
    {
        await using var scenario = await CreateAsync(18, PublishMode.Swap);
        await scenario.OnSourceAsync(BigTable);
        using var slow = await SlowDumpAsync(18);
        await using var cli = Start(scenario, "full", slow);
        await LockedAsync(scenario.SourceAdmin, "AccessShareLock", cli);

        cli.Kill();

        await Eventually.IsTrueAsync(async () => await Scenario.CountAsync(scenario.SourceAdmin,
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'backupsync%' AND datname = "
                + "current_database()") == 0, "no session is left", seconds: 60);
    }

    static async Task<Scenario> CreateAsync(int major, PublishMode publish)
    {
        var server = await VersionedServers.GetAsync(major);
        return await Scenario.CreateAsync(server, server, publish);
    }

    /// <summary>Each row that the target gets from now on takes its time.</summary>
    static async Task FillSlowlyAsync(Scenario scenario)
    {
        await scenario.OnSourceAsync($"{SmallTable}; {GivingWayOnTargetTests.Slowly("nowhere", "users")}");
        await scenario.SyncWellAsync();
        foreach (var address in new[] { scenario.SourceAdmin, scenario.TargetAdmin })
            await Scenario.ExecuteAsync(address, GivingWayOnTargetTests.Slow(scenario.TargetAdmin.Database));
        await scenario.OnSourceAsync("UPDATE users SET name = upper(name)");
    }

    /// <summary>A pg_dump that holds its locks for ten seconds.</summary>
    static async Task<WrappedTools> SlowDumpAsync(int major) =>
        new(await new ToolLocator(new ToolsConfig()).FindAsync(major, default), "pg_dump",
        "[ \"$1\" = --version ] || { \"$program\" \"$@\" | { head -c 4000000; sleep 10; cat; }; exit \"${PIPESTATUS[0]}\"; }");

    static Cli Start(
        Scenario scenario,
        string mode,
        WrappedTools? tools = null) => Cli.Start(["sync", "railway-to-neon", "--yes", "--config", scenario.WriteConfig(
        $"mode: {mode}\n    limits: {{ blocking: 2s "
            + $"}}{(tools is null ? "" : $"\ntools: {{ postgresBin: [\"{tools.Config.PostgresBin[0]}\"] }}")}")]);

    /// <summary>Stops the program as soon as it has the lock, and lets it go on when nobody waits any more.</summary>
    static async Task StandStillAsync(Cli cli, DatabaseAddress database, string mode, string first, string second, string after = "")
    {
        await LockedAsync(database, mode, cli, after);
        cli.Pause();
        try
        {
            await AssertNobodyWaitsAsync(database, first, second);
        }
        finally
        {
            cli.Resume();
        }
    }

    static async Task LockedAsync(DatabaseAddress database, string mode, Cli? cli = null, string after = "")
    {
        await using var session = await Scenario.OpenAsync(database);
        await Eventually.IsTrueAsync(async () =>
        {
            if (cli is { HasEnded: true })
                throw new InvalidOperationException($"It has ended: {cli.Printed}");
            return (cli is null || cli.Printed.Contains(after, StringComparison.Ordinal)) && await session.ScalarAsync<long>($"""
                SELECT count(*) FROM pg_locks l JOIN pg_stat_activity s ON s.pid = l.pid
                WHERE l.relation = to_regclass('public.users') AND l.mode = '{mode}' AND l.granted AND s.application_name LIKE 'backupsync%'
                """, default) > 0;
        }, "the run has locked the table", seconds: 60, pause: 5);
    }

    static async Task AssertNobodyWaitsAsync(DatabaseAddress database, string first, string second)
    {
        var statements = Task.WhenAll(ExecuteAsync(database, first), ExecuteAsync(database, second));
        Assert.True(await Task.WhenAny(statements, Task.Delay(Bearable)) == statements, "Somebody still waits.");
        await statements;
    }

    static async Task ExecuteAsync(DatabaseAddress database, string sql)
    {
        await using var session = await Scenario.OpenAsync(database);
        await session.ExecuteAsync($"SET lock_timeout = 0; SET statement_timeout = '60s'; SET search_path = public; {sql}", default);
    }

    static async Task AssertWellAsync(Cli cli, Scenario scenario)
    {
        var result = await cli.EndAsync();
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Contains("has given way", result.All, StringComparison.Ordinal);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }
}
