using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>A server dies as by <c>kill -9</c>, or its disk is full, in the middle of an incremental run.</summary>
public sealed class ServerFaultTests(OwnServers servers) : IClassFixture<OwnServers>, IAsyncLifetime
{
    public Task InitializeAsync() => servers.EnsureRunningAsync();

    public Task DisposeAsync() => servers.EnsureRunningAsync();

    [Theory]
    [InlineData(RunStep.Compare)]
    [InlineData(RunStep.Merge)]
    public async Task A_source_that_is_killed_changes_nothing(RunStep step)
    {
        await using var scenario = await CreateAsync();
        await scenario.ChangeAsync();
        var before = await scenario.TargetContentAsync();

        var result = await scenario.SyncAsync(
            Faults.AtStep(step, () => servers.Source.KillAsync(default).Wait()),
            mode: SyncMode.Incremental);

        Faults.AssertFailed(result, step == RunStep.Merge ? RunOutcome.RolledBack : RunOutcome.Aborted, step, ErrorIds.ConnectionFailed);
        Assert.Contains("railway", result.Error!.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await servers.Source.StartAgainAsync(default);
        // It counts from zero again, but has not been set back.
        Assert.DoesNotContain("replaced", (await scenario.AssertBroughtUpToDateAsync()).Changes().Reason, StringComparison.Ordinal);
        await scenario.AssertNothingIsLeftAsync();
    }

    /// <summary>A crash sets the counters to zero by which a run tells whether others have written: then stamps are not believed.</summary>
    [Theory]
    [InlineData(RunStep.Compare)]
    [InlineData(RunStep.Merge)]
    [InlineData(RunStep.Verify)]
    [InlineData(RunStep.Publish)]
    public async Task A_target_that_is_killed_is_what_it_was_when_it_is_back_and_is_compared_by_content(RunStep step)
    {
        await using var scenario = await CreateAsync();
        await scenario.ChangeAsync();
        var before = await scenario.TargetContentAsync();

        var result = await scenario.SyncAsync(
            Faults.AtStep(step, () => servers.Target.KillAsync(default).Wait()),
            mode: SyncMode.Incremental);

        Assert.False(result.Success);
        Assert.Contains("neon", result.Error!.Message, StringComparison.Ordinal);
        await servers.Target.StartAgainAsync(default);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        var next = await scenario.AssertBroughtUpToDateAsync();
        Assert.Equal(
            (ChangeTracking.Content, "the target's server counts what is written to it anew since the last run"),
            (next.Changes().Way, next.Changes().Reason));
        await scenario.OnSourceAsync("UPDATE items SET name = 'once more', updated_at = now() WHERE id = 7");
        Assert.Equal(ChangeTracking.UpdatedAt, (await scenario.AssertBroughtUpToDateAsync()).Changes().Way);
    }

    [SkippableFact]
    public async Task A_target_whose_disk_is_full_is_what_it_was()
    {
        await using var disk = await SmallDisk.MountAsync(6_000_000);
        await using var scenario = await CreateAsync();
        var folder = Path.Combine(disk.Path, "tablespace");
        Directory.CreateDirectory(folder);
        await RunAsync("chown", $"--reference={servers.Target.DataDirectory}", folder);
        await scenario.OnTargetAsync($"CREATE TABLESPACE small LOCATION '{folder}'");
        await scenario.OnTargetAsync("ALTER TABLE items SET TABLESPACE small");
        await scenario.OnSourceAsync("UPDATE items SET name = name || ' ' || md5(name)");
        var before = await scenario.TargetContentAsync();
        disk.Fill();

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Assert.Equal(RunOutcome.RolledBack, result.Outcome);
        Assert.Contains("No space left on device", Faults.AllOf(result.Error!), StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.OnTargetAsync("ALTER TABLE items SET TABLESPACE pg_default");
        await scenario.OnTargetAsync("DROP TABLESPACE small");
        await scenario.AssertNextGoesWellAsync();
    }

    async Task<Scenario> CreateAsync()
    {
        var scenario = await Items.CreateAsync(servers);
        // Who is dead is not waited for long.
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Connect = TimeSpan.FromSeconds(2) } };
        return scenario;
    }

    static async Task RunAsync(string program, params string[] arguments)
    {
        var result = await ChildProcess.RunAsync(new ChildCommand(program, arguments), default);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
    }
}
