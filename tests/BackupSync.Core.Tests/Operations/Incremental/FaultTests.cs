using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Lines that break, rights that go, locks that are not to be had: the target is what it was, and the next run goes on.</summary>
public sealed class FaultTests(Servers servers) : IClassFixture<Servers>
{
    public static TheoryData<bool, RunStep, int> Cuts => new()
    {
        { true, RunStep.Compare, 0 }, { true, RunStep.Compare, 20_000 }, { true, RunStep.Compare, 300_000 },
        { false, RunStep.Compare, 0 }, { false, RunStep.Compare, 20_000 }, { false, RunStep.Compare, 300_000 },
        { false, RunStep.Merge, 0 }, { false, RunStep.Merge, 2_000 }, { false, RunStep.Verify, 0 }, { true, RunStep.Merge, 0 },
    };

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_line_that_is_cut_changes_nothing(bool source, RunStep step, int bytes)
    {
        await using var scenario = await Items.CreateAsync(servers);
        await using var proxy = new TcpProxy(source ? servers.Source.Port : servers.Target.Port);
        var (from, to) = (scenario.Source, scenario.Target);
        if (source)
            scenario.ReadFrom(proxy.Through(from));
        else
            scenario.WriteTo(proxy.Through(to));
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Connect = TimeSpan.FromSeconds(2) } };
        await scenario.OnSourceAsync("UPDATE items SET name = repeat(md5(id::text), 30), updated_at = now()");
        var before = await scenario.TargetContentAsync();

        var result = await scenario.SyncAsync(Faults.AtStep(step, () => proxy.CutAfter(bytes)), mode: SyncMode.Incremental);

        Assert.True(
            result.Outcome is RunOutcome.Aborted or RunOutcome.RolledBack && result.Error!.Id == ErrorIds.ConnectionFailed,
            $"{result.Outcome} {result.Error}");
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        proxy.Restore();
        await scenario.AssertNextGoesWellAsync();
    }

    [Fact]
    public async Task While_a_source_that_is_away_is_asked_again_nobody_waits_for_the_target()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await using var proxy = new TcpProxy(servers.Source.Port);
        var from = scenario.Source;
        scenario.ReadFrom(proxy.Through(from));
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Connect = TimeSpan.FromSeconds(4) } };
        await scenario.OnSourceAsync("UPDATE items SET name = repeat(md5(id::text), 3), updated_at = now()");
        long held = 0;
        var (locked, asked) = (0, 0);
        var cut = Faults.AtStep(RunStep.Verify, () => proxy.CutAfter(0));

        var result = await scenario.SyncAsync(e =>
        {
            if (e is StepStarted { Step: RunStep.Verify })
                locked = (int)LocksAsync(scenario).GetAwaiter().GetResult();
            cut(e);
            if (e is RunLog { Message: var text } && text.Contains("Trying again", StringComparison.Ordinal))
                (asked, held) = (asked + 1, held + LocksAsync(scenario).GetAwaiter().GetResult());
        }, mode: SyncMode.Incremental);

        Assert.Equal(RunOutcome.RolledBack, result.Outcome);
        Assert.True(locked > 0 && asked > 0, $"{locked} {asked}");
        Assert.Equal(0, held);
        proxy.Restore();
        await scenario.AssertNextGoesWellAsync();
    }

    static Task<long> LocksAsync(Scenario scenario) => Task.Run(() => Scenario.CountAsync(scenario.TargetAdmin,
        "SELECT count(*) FROM pg_locks WHERE relation = 'items'::regclass AND mode IN ('ShareRowExclusiveLock', 'RowExclusiveLock')"));

    [Fact]
    public async Task A_line_that_is_cut_at_the_commit_leaves_the_old_content_or_the_new()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await using var proxy = new TcpProxy(servers.Target.Port);
        var to = scenario.Target;
        scenario.WriteTo(proxy.Through(to));
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Connect = TimeSpan.FromSeconds(2) } };
        foreach (var bytes in (int[])[0, 60, 120, 200, 400])
        {
            await scenario.OnSourceAsync($"UPDATE items SET name = name || '-{bytes}', updated_at = now()");
            var before = await scenario.TargetContentAsync();
            var result = await scenario.SyncAsync(Faults.AtStep(RunStep.Publish, () => proxy.CutAfter(bytes)), mode: SyncMode.Incremental);
            var after = await scenario.TargetContentAsync();
            if (FingerprintComparison.Compare(before, after, new ComparisonTolerance()).Count > 0)
                Scenario.AssertSame(await scenario.SourceContentAsync(), after);
            else
                Assert.False(result.Success);
            proxy.Restore();
            await scenario.AssertNextGoesWellAsync();
        }
    }

    [Fact]
    public async Task An_answer_to_the_commit_that_is_lost_is_asked_for()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await using var proxy = new TcpProxy(servers.Target.Port);
        scenario.WriteTo(proxy.Through(scenario.Target));
        await scenario.ChangeAsync();

        var result = await scenario.SyncAsync(
            Faults.AtStep(RunStep.Publish, () => proxy.LoseAnswerTo("COMMIT\0")), mode: SyncMode.Incremental);

        Assert.True(proxy.HasLostAnswer);
        Assert.True(result.Success, result.Error?.Message);
        Assert.Contains(result.Warnings, w => w.Contains("the server says that it was done", StringComparison.Ordinal));
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNextGoesWellAsync();
    }

    [Fact]
    public async Task Rights_that_are_lost_on_the_way_change_nothing()
    {
        await using var scenario = await Items.CreateAsync(servers, TestRole.Owner);
        await scenario.ChangeAsync();
        var before = await scenario.TargetContentAsync();
        var user = Sql.Identifier(scenario.Target.User);

        var result = await scenario.SyncAsync(e =>
        {
            if (e is StepStarted { Step: RunStep.Merge })
                Task.Run(() => scenario.OnTargetAsync($"REVOKE ALL ON items FROM {user}")).Wait();
        }, mode: SyncMode.Incremental);

        Assert.Equal(RunOutcome.RolledBack, result.Outcome);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.OnTargetAsync($"GRANT ALL ON items TO {user}");
        await scenario.AssertNextGoesWellAsync();
    }

    /// <summary>As where an administrator made the database, and the schema for the notes.</summary>
    [Fact]
    public async Task A_role_that_owns_the_tables_alone_is_enough_once_the_schema_is_there()
    {
        await using var scenario = await Items.CreateAsync(servers, TestRole.Owner);
        var (user, admin) = (Sql.Identifier(scenario.Target.User), Sql.Identifier(scenario.TargetAdmin.User));
        await scenario.OnTargetAsync($"ALTER DATABASE {Sql.Identifier(scenario.Target.Database)} OWNER TO {admin}; ALTER SCHEMA "
            + $"backupsync OWNER TO {admin}; GRANT USAGE ON SCHEMA backupsync TO {user}");
        await scenario.ChangeAsync();
        await scenario.AssertBroughtUpToDateAsync();
        await scenario.OnTargetAsync($"ALTER DATABASE {Sql.Identifier(scenario.Target.Database)} OWNER TO {user}");
    }

    /// <summary>A target that one role has filled, and another is to go on with.</summary>
    [Fact]
    public async Task Notes_that_belong_to_another_role_are_told_with_what_to_say()
    {
        await using var scenario = await Items.CreateAsync(servers, TestRole.Owner);
        var mine = scenario.Target.User;
        await scenario.OnTargetAsync(
            "ALTER TABLE backupsync.sync_state OWNER TO CURRENT_USER; ALTER SCHEMA backupsync OWNER TO CURRENT_USER");

        var refused = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Assert.Equal(ErrorIds.PrivilegeMissing, refused.Error?.Id);
        Assert.Equal($"Let their owner, or a superuser, say: ALTER SCHEMA backupsync OWNER TO {mine}; ALTER TABLE "
            + $"backupsync.sync_state OWNER TO {mine};", refused.Error!.Advice);
        await scenario.OnTargetAsync(refused.Error.Advice!.Split(": ", 2)[1]);
        await scenario.ChangeAsync();
        await scenario.AssertBroughtUpToDateAsync();
    }

    /// <summary>Our sessions would wait behind who waits for us, for ever.</summary>
    [Fact]
    public async Task A_source_table_that_somebody_wants_for_himself_ends_the_run_and_not_the_day()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await scenario.OnSourceAsync("UPDATE items SET name = 'changed ' || id, updated_at = now()");
        var before = await scenario.TargetContentAsync();
        var locking = Task.CompletedTask;
        var result = await scenario.SyncAsync(e =>
        {
            // The table has been read by one session; others are to read it, too.
            if (e is StepStarted { Step: RunStep.Merge })
            {
                locking = Task.Run(() => scenario.OnSourceAsync("ALTER TABLE items ALTER name SET STATISTICS 50"));
                Task.Run(() => Eventually.IsTrueAsync(async () => await Scenario.CountAsync(
                    scenario.SourceAdmin,
                    "SELECT count(*) FROM pg_locks WHERE NOT granted") > 0 || locking.IsCompleted, "it waits")).Wait();
            }
        }, mode: SyncMode.Incremental, fullVerify: true);
        await locking;
        Assert.True(result.Success || result.Outcome == RunOutcome.RolledBack, $"{result.Outcome} {result.Error}");
        Scenario.AssertSame(result.Success ? await scenario.SourceContentAsync() : before, await scenario.TargetContentAsync());
        await scenario.AssertNextGoesWellAsync();
    }

    [Fact]
    public async Task Of_two_runs_at_once_one_is_skipped()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await scenario.ChangeAsync();
        RunResult? second = null;
        var first = await scenario.SyncAsync(e =>
        {
            if (e is StepStarted { Step: RunStep.Merge } && second is null)
                second = Task.Run(() => scenario.SyncAsync(mode: SyncMode.Incremental)).GetAwaiter().GetResult();
        }, mode: SyncMode.Incremental);
        Assert.True(first.Success);
        Assert.Equal((RunOutcome.Skipped, ErrorIds.RunInProgress), (second!.Outcome, second.Error!.Id));
    }

    [Fact]
    public async Task A_production_database_is_no_target()
    {
        await using var scenario = await Items.CreateAsync(servers);
        scenario.Job = scenario.Job with { TargetDatabase = Scenario.Named("neon", scenario.Target, DatabaseRole.Production) };
        Assert.Equal(ErrorIds.TargetIsProduction, (await scenario.SyncAsync(mode: SyncMode.Incremental)).Error!.Id);
    }

    [Fact]
    public async Task A_value_of_100_megabytes_is_carried()
    {
        await using var scenario = await Items.CreateAsync(
            servers,
            more: "CREATE TABLE long (id int PRIMARY KEY, body text); INSERT INTO long VALUES (1, 'short');");
        await scenario.OnSourceAsync("UPDATE long SET body = repeat(E'a line\\n\\\\', 12500000)");
        await scenario.AssertBroughtUpToDateAsync();
    }
}

/// <summary>The program is killed as by <c>kill -9</c>.</summary>
public sealed class IncrementalKillTests(Servers servers) : IClassFixture<Servers>
{
    const int Rows = 30_000;

    [Fact]
    public async Task Killed_at_any_step_it_leaves_the_old_content_or_the_new_and_the_next_run_goes_on()
    {
        await using var scenario = await Items.CreateAsync(
            servers,
            more: $"INSERT INTO items SELECT n, 'many ' || n FROM generate_series(2000, {Rows}) n;");
        var config = scenario.WriteConfig("mode: incremental");
        foreach (var step in (RunStep[])[RunStep.Lock, RunStep.Check, RunStep.Guards, RunStep.Compare, RunStep.Merge, RunStep.Verify,
            RunStep.Publish])
        {
            await scenario.OnSourceAsync($"UPDATE items SET name = '{step}' || id, updated_at = now() WHERE id % 5 = 0; DELETE FROM "
                + "items WHERE id = (SELECT max(id) FROM items)");
            var before = await scenario.TargetContentAsync();
            var done = 0;
            await using var cli = Cli.Start(["sync", "railway-to-neon", "--config", config], onLine: (cli, line) =>
            {
                if (line.EndsWith($" {step} started", StringComparison.Ordinal) && Interlocked.Exchange(ref done, 1) == 0)
                    cli.Kill();
            });
            var killed = await cli.EndAsync();
            // The last step can be over before the signal comes.
            Assert.True(killed.ExitCode == 137 || (killed.ExitCode == 0 && step == RunStep.Publish), $"{step}: {killed.All}");
            // Its server may be at the commit still.
            await Eventually.IsTrueAsync(async () => await Scenario.CountAsync(
                scenario.TargetAdmin,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE "
                    + "'backupsync:%'") == 0, "its sessions end", 30);
            var after = await scenario.TargetContentAsync();
            if (FingerprintComparison.Compare(before, after, new ComparisonTolerance()).Count > 0)
                Scenario.AssertSame(await scenario.SourceContentAsync(), after);
            await scenario.AssertNextGoesWellAsync();
        }
    }

    [Fact]
    public async Task Memory_does_not_grow_with_what_has_changed()
    {
        await using var scenario = await Items.CreateAsync(servers, more: "CREATE TABLE many (id int PRIMARY KEY, a text, b text, "
            + "updated_at timestamptz NOT NULL DEFAULT now()); INSERT INTO many SELECT n, repeat('x', 300), 'b' FROM "
            + "generate_series(1, 300000) n;");
        var config = scenario.WriteConfig("mode: incremental");
        foreach (var change in (string[])["UPDATE many SET b = 'stamped', updated_at = now()", "UPDATE many SET b = 'content'"])
        {
            await scenario.OnSourceAsync(change);
            await using var cli = Cli.Start(["sync", "railway-to-neon", "--config", config, .. change.Contains(
                "now",
                StringComparison.Ordinal) ? (string[])[] : ["--full-verify"]]);
            var (result, peak) = await cli.EndWithPeakAsync();
            Assert.True(result.ExitCode == 0, result.All);
            Assert.InRange(peak, 1, 200_000_000);
            Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        }
    }
}
