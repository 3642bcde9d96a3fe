using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>Runs that fail: what was there stays there, and the cause is told.</summary>
public sealed class RollbackTests(Servers servers) : IClassFixture<Servers>
{
    const string Ten = "CREATE TABLE differs (i int); INSERT INTO differs SELECT generate_series(1, 10);";

    /// <summary>A pg_restore that makes an eleven of the ten.</summary>
    WrappedTools Garbling() => new(servers.Tools, "pg_restore", """
        case "$*" in
            *--version*|*--list*) ;;
            *--file=-*) "$program" "$@" | sed 's/^10$/11/'; exit "${PIPESTATUS[0]}" ;;
            *--section=pre-data*|*--section=post-data*) ;;
            *) "$program" "$@" && "$(dirname "$program")/psql" -qX "$1" -c 'UPDATE public.differs SET i = 11 WHERE i = 10'; exit ;;
        esac
        """);

    // Legal where it was made, and nowhere else.
    const string CannotBeRestored = """
        CREATE FUNCTION only_here(i int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN RETURN i > 0 AND current_setting('port') = current_setting('test.port'); END $$;
        CREATE TABLE fragile (i int, CHECK (only_here(i)));
        """;

    public static TheoryData<PublishMode> BothWays => [PublishMode.Swap, PublishMode.Transaction];

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task A_restore_error_leaves_the_target_as_it_was(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        var before = await scenario.TargetContentAsync();
        await scenario.OnSourceAsync(
            $"{CannotBeRestored} SET test.port = {servers.Source.Port}; INSERT INTO fragile VALUES (1); "
                + "UPDATE users SET name = 'changed';");

        var result = await scenario.SyncAsync();

        Assert.Equal(RunOutcome.RolledBack, result.Outcome);
        Assert.Equal(ErrorIds.RestoreFailed, result.Error!.Id);
        Assert.Equal(RunStep.Restore, result.Error.Step);
        Assert.Contains("fragile", result.Error.Message + result.Error.Detail, StringComparison.Ordinal);
        Assert.Contains("holds what it held before", result.Error.Rollback, StringComparison.Ordinal);
        Assert.Contains("ROLLING BACK: ", scenario.LogText, StringComparison.Ordinal);
        Assert.Contains("Rollback successful - Neon database preserved", scenario.LogText, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [SkippableTheory]
    [MemberData(nameof(BothWays))]
    public async Task A_copy_that_differs_is_never_published(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        var before = await scenario.TargetContentAsync();
        await scenario.OnSourceAsync(Ten);
        using var tools = Garbling();
        scenario.Job = scenario.Job with { Tools = tools.Config };

        var result = await scenario.SyncAsync();

        Assert.Equal(RunOutcome.RolledBack, result.Outcome);
        Assert.Equal(ErrorIds.VerificationFailed, result.Error!.Id);
        Assert.Equal(RunStep.Verify, result.Error.Step);
        Assert.Contains("table public.differs: the content of its 10 rows differs", result.Error.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [SkippableFact]
    public async Task Rows_alone_are_compared_where_content_is_switched_off()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync(Ten);
        using var tools = Garbling();
        scenario.Job = scenario.Job with { Tools = tools.Config, Verify = new VerifyConfig { Content = false } };

        await scenario.SyncWellAsync();
        Assert.Equal(11, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT max(i)::bigint FROM differs"));
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task What_was_published_is_undone_when_its_check_fails(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        var before = await scenario.TargetContentAsync();
        await scenario.OnSourceAsync("INSERT INTO users (name) VALUES ('one more')");

        // Somebody deletes from the published database before it has been checked.
        var result = await scenario.SyncAsync(e =>
        {
            if (e is StepStarted { Step: RunStep.CheckPublished })
                scenario.OnTargetAsync("DELETE FROM users WHERE id > 500").Wait();
        });

        Assert.Equal(RunOutcome.RolledBack, result.Outcome);
        Assert.Equal(RunStep.CheckPublished, result.Error!.Step);
        Assert.Contains("1,001 rows expected, 500 found", result.Error.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        if (publish == PublishMode.Transaction)
            Assert.Contains("ROLLING BACK: Restoring from safety backup...", scenario.LogText, StringComparison.Ordinal);
        await scenario.AssertNothingIsLeftAsync();
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task Stopping_at_any_step_leaves_the_old_content_or_the_new(PublishMode publish)
    {
        foreach (var step in Enum.GetValues<RunStep>()
            .Where(s => s is <= RunStep.CleanUp and not (RunStep.Compare or RunStep.Merge or RunStep.Rollback)))
        {
            await using var scenario = await Scenario.CreateAsync(servers, publish);
            await scenario.FillAsync(20_000);
            await scenario.SyncWellAsync();
            var before = await scenario.TargetContentAsync();
            await scenario.OnSourceAsync("UPDATE users SET name = 'changed' WHERE id < 100");
            using var stop = new CancellationTokenSource();

            var result = await scenario.SyncAsync(e =>
            {
                if (e is StepStarted started && started.Step == step)
                    stop.CancelAfter(TimeSpan.FromMilliseconds(10));
            }, stop.Token);

            var after = await scenario.TargetContentAsync();
            if (result.Outcome == RunOutcome.Succeeded)
            {
                Scenario.AssertSame(await scenario.SourceContentAsync(), after);
            }
            else
            {
                Assert.True(result.Outcome == RunOutcome.Cancelled, $"{step}: {result.Outcome} {result.Error}");
                Assert.Equal(ErrorIds.Cancelled, result.Error!.Id);
                Scenario.AssertSame(before, after);
            }
            await scenario.AssertNothingIsLeftAsync();
        }
    }

    public static TheoryData<PublishMode, string, RunOutcome, string> Limits
    {
        get
        {
            var data = new TheoryData<PublishMode, string, RunOutcome, string>();
            foreach (var publish in new[] { PublishMode.Swap, PublishMode.Transaction })
            {
                data.Add(publish, "dump", RunOutcome.Aborted, "Dump railway took longer than its limit of");
                data.Add(publish, "safetyBackup", RunOutcome.Aborted, "Safety backup of neon took longer than its limit of");
                data.Add(publish, "restore", RunOutcome.RolledBack, "Restore into neon");
                data.Add(publish, "total", RunOutcome.Aborted, "The run took longer than its limit of");
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public async Task A_time_limit_ends_the_run_and_changes_nothing(PublishMode publish, string limit, RunOutcome outcome, string message)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.FillAsync(5000);
        await scenario.SyncWellAsync();
        var before = await scenario.TargetContentAsync();
        await scenario.OnSourceAsync("UPDATE users SET name = 'changed'");
        var short_ = TimeSpan.FromMilliseconds(15);
        scenario.Job = scenario.Job with
        {
            Limits = limit switch
            {
                "dump" => scenario.Job.Limits with { Dump = short_ },
                "safetyBackup" => scenario.Job.Limits with { SafetyBackup = short_ },
                "restore" => scenario.Job.Limits with { Restore = short_ },
                _ => scenario.Job.Limits with { Total = short_ },
            },
        };

        var result = await scenario.SyncAsync();

        Assert.Equal(outcome, result.Outcome);
        Assert.Equal(ErrorIds.TimeLimit, result.Error!.Id);
        Assert.StartsWith(message, result.Error.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_swap_ends_the_sessions_that_are_on_the_target()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        await scenario.OnSourceAsync("UPDATE users SET name = 'changed'");
        await using var idle = await Scenario.OpenAsync(scenario.TargetAdmin);
        await using var locking = await Scenario.OpenAsync(scenario.TargetAdmin);
        await locking.ExecuteAsync("BEGIN; LOCK TABLE users IN ACCESS SHARE MODE", default);

        var result = await scenario.SyncAsync();

        Assert.Null(result.Error);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await Assert.ThrowsAnyAsync<BackupSyncException>(() => idle.ExecuteAsync("SELECT 1", default));
    }

    [Fact]
    public async Task A_swap_names_the_sessions_that_it_may_not_end_and_lets_others_connect_meanwhile()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap, TestRole.Creator);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        var before = await scenario.TargetContentAsync();
        await scenario.OnSourceAsync("UPDATE users SET name = 'changed'");
        await using var reader = await Scenario.OpenAsync(scenario.TargetAdmin);
        var connected = 0;
        using var stop = new CancellationTokenSource();
        var connecting = Task.CompletedTask;

        var result = await scenario.SyncAsync(e =>
        {
            if (e is StepStarted { Step: RunStep.Publish })
                connecting = Task.Run(async () =>
                {
                    while (!stop.IsCancellationRequested)
                    {
                        await Scenario.CountAsync(scenario.Target, "SELECT count(*) FROM users");
                        connected++;
                    }
                });
            if (e is StepEnded { Result.Step: RunStep.Publish })
                stop.Cancel();
        });

        await connecting;
        Assert.Equal(RunOutcome.RolledBack, result.Outcome);
        Assert.Equal(ErrorIds.PublishFailed, result.Error!.Id);
        Assert.True(
            result.Error.Message.Contains($"pid {reader.ProcessId} of role {scenario.TargetAdmin.User} (test)", StringComparison.Ordinal),
            result.Error.Message);
        Assert.Contains("GRANT pg_signal_backend", result.Error.Advice, StringComparison.Ordinal);
        Assert.True(connected > 20, $"{connected} connections while the run waited");
        await reader.DisposeAsync();
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_swap_is_in_nobodys_way_but_while_it_renames()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        await using var reader = await Scenario.OpenAsync(scenario.TargetAdmin);
        const string Read = "BEGIN; LOCK TABLE users IN ACCESS SHARE MODE NOWAIT; COMMIT";

        // Before and after, no lock is waited for; a session of before is ended in between.
        var result = await scenario.SyncAsync(e =>
        {
            if (e is StepStarted { Step: RunStep.Restore or RunStep.Verify or RunStep.Publish })
                reader.ExecuteAsync(Read, default).GetAwaiter().GetResult();
            if (e is StepEnded { Result.Step: RunStep.Publish })
                Scenario.ExecuteAsync(scenario.TargetAdmin, Read).GetAwaiter().GetResult();
        });

        Assert.Null(result.Error);
        await Assert.ThrowsAnyAsync<BackupSyncException>(() => reader.ExecuteAsync("SELECT 1", default));
    }

    [Fact]
    public async Task A_transaction_asks_again_for_a_table_that_stays_locked_and_gives_up_in_the_end()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        var before = await scenario.TargetContentAsync();
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Blocking = TimeSpan.FromSeconds(1) } };
        await using var locking = await Scenario.OpenAsync(scenario.TargetAdmin);
        await locking.ExecuteAsync("BEGIN; LOCK TABLE users IN ACCESS SHARE MODE", default);

        var result = await scenario.SyncAsync();

        Assert.Equal(RunOutcome.RolledBack, result.Outcome);
        Assert.Contains("lock timeout", result.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(3, result.Warnings.Count(w => w.Contains("begins anew", StringComparison.Ordinal)));
        await locking.ExecuteAsync("ROLLBACK", default);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Of_two_runs_at_once_one_is_skipped()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        RunResult? second = null;

        var first = await scenario.SyncAsync(e =>
        {
            if (e is StepStarted { Step: RunStep.Dump } && second is null)
                second = Task.Run(() => scenario.SyncAsync()).GetAwaiter().GetResult();
        });

        Assert.Equal(RunOutcome.Succeeded, first.Outcome);
        Assert.Equal(RunOutcome.Skipped, second!.Outcome);
        Assert.Equal(ErrorIds.RunInProgress, second.Error!.Id);
    }
}
