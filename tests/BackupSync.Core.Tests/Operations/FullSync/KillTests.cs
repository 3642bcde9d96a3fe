using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Sandbox;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>A server dies as by <c>kill -9</c> in the middle of a run.</summary>
public sealed class KillTests(OwnServers servers) : IClassFixture<OwnServers>, IAsyncLifetime
{
    // Loads slowly enough to be caught in the middle.
    const string SlowToLoad = """
        CREATE FUNCTION slowly(i int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
        CREATE TABLE slow (i int CHECK (slowly(i)));
        INSERT INTO slow SELECT generate_series(1, 1000);
        CREATE OR REPLACE FUNCTION slowly(i int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN true; END $$;
        """;

    const string NoLongerSlow = "CREATE OR REPLACE FUNCTION slowly(i int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$";

    public static TheoryData<PublishMode> BothWays => Faults.BothWays;

    public Task InitializeAsync() => servers.EnsureRunningAsync();

    public Task DisposeAsync() => servers.EnsureRunningAsync();

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task A_source_killed_during_the_dump_changes_nothing(PublishMode publish)
    {
        await using var scenario = await CreateAsync(publish);
        var before = await scenario.PrepareAsync();
        await scenario.FillWithNoiseAsync(25);
        var killing = Task.CompletedTask;

        var result = await scenario.SyncAsync(
            Faults.AtStep(RunStep.Dump, () => killing = KillWhenAsync(servers.Source, "query LIKE 'COPY public.noise%'")));
        await killing;

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Dump, ErrorIds.DumpFailed, ErrorIds.ConnectionFailed);
        Assert.Contains("railway", result.Error!.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await servers.Source.StartAgainAsync(default);
        await scenario.AssertNothingIsLeftAsync();
        await scenario.AssertNextRunGoesWellAsync();
    }

    [Fact]
    public async Task A_source_killed_while_its_statistics_are_read_changes_nothing()
    {
        await using var scenario = await CreateAsync(PublishMode.Auto);
        var before = await scenario.PrepareAsync();
        var killing = Task.CompletedTask;
        // The statistics wait for this lock, and so for the end of the server.
        var locking = await Scenario.OpenAsync(scenario.SourceAdmin);
        await locking.ExecuteAsync("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE", default);

        var result = await scenario.SyncAsync(
            Faults.AtStep(RunStep.Statistics, () => killing = KillWhenAsync(servers.Source, "wait_event_type = 'Lock'")));
        await killing;
        await locking.DisposeAsync();

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Statistics, ErrorIds.ConnectionFailed);
        Assert.Contains("railway: the connection to", result.Error!.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await servers.Source.StartAgainAsync(default);
        await scenario.AssertNothingIsLeftAsync();
        await scenario.AssertNextRunGoesWellAsync();
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task A_target_killed_during_the_restore_has_its_old_content_when_it_is_back(PublishMode publish)
    {
        await using var scenario = await CreateAsync(publish);
        var before = await scenario.PrepareAsync();
        await scenario.OnSourceAsync(SlowToLoad);
        var killing = Task.CompletedTask;

        var result = await scenario.SyncAsync(
            Faults.AtStep(RunStep.Restore, () => killing = KillWhenAsync(servers.Target, "query LIKE 'COPY public.slow%'")));
        await killing;

        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Restore, ErrorIds.RestoreFailed);
        Assert.Contains("this could not be confirmed", result.Error!.Rollback, StringComparison.Ordinal);
        Assert.DoesNotContain("Rollback FAILED", scenario.LogText, StringComparison.Ordinal);
        await servers.Target.StartAgainAsync(default);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.OnSourceAsync(NoLongerSlow);
        await scenario.AssertNextRunGoesWellAsync();
    }

    [Theory]
    [InlineData(PublishMode.Swap, RunStep.Publish)]
    [InlineData(PublishMode.Swap, RunStep.CheckPublished)]
    [InlineData(PublishMode.Transaction, RunStep.Publish)]
    [InlineData(PublishMode.Transaction, RunStep.CheckPublished)]
    public async Task A_target_killed_around_publishing_has_the_old_content_or_the_new_when_it_is_back(PublishMode publish, RunStep step)
    {
        await using var scenario = await CreateAsync(publish);
        var before = await scenario.PrepareAsync();

        var result = await scenario.SyncAsync(Faults.AtStep(step, () => servers.Target.KillAsync(default).Wait()));

        Faults.AssertFailed(result, RunOutcome.RollbackFailed, step, ErrorIds.LockLost, ErrorIds.ConnectionFailed, ErrorIds.PublishFailed);
        Assert.Contains(result.SafetyBackup!.Path, result.Error!.Rollback, StringComparison.Ordinal);
        Assert.Contains("Rollback FAILED: ", scenario.LogText, StringComparison.Ordinal);
        await servers.Target.StartAgainAsync(default);
        Scenario.AssertSame(step == RunStep.Publish ? before : await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNextRunGoesWellAsync();
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task What_a_run_has_published_outlives_its_server(PublishMode publish)
    {
        await using var scenario = await CreateAsync(publish);
        // Into an empty target: where tables are dropped, PostgreSQL waits for the log of its own accord.
        await scenario.FillAsync();
        await scenario.SyncWellAsync();

        await servers.Target.KillAsync(default);
        await servers.Target.StartAgainAsync(default);

        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    Task<Scenario> CreateAsync(PublishMode publish) => Scenario.CreateAsync(servers.Source, servers.Target, publish);

    static Task KillWhenAsync(SandboxServer server, string condition) =>
        Faults.WhenAsync(server.Address, condition, () => server.KillAsync(default));
}
