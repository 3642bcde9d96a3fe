using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>The network breaks, or falls silent, between a run and its servers.</summary>
public sealed class NetworkTests(Servers servers) : IClassFixture<Servers>
{
    public static TheoryData<PublishMode, int> Offsets => new()
    {
        { PublishMode.Swap, 0 }, { PublishMode.Swap, 100_000 }, { PublishMode.Swap, 6_000_000 },
        { PublishMode.Transaction, 0 }, { PublishMode.Transaction, 100_000 }, { PublishMode.Transaction, 6_000_000 },
    };

    public static TheoryData<PublishMode> BothWays => Faults.BothWays;

    [Theory]
    [InlineData(0)]
    [InlineData(10_000)]
    [InlineData(1_000_000)]
    [InlineData(6_000_000)]
    public async Task A_line_to_the_source_cut_during_the_dump_changes_nothing(int bytes)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await using var proxy = new TcpProxy(servers.Source.Port);
        var before = await scenario.PrepareAsync();
        scenario.ReadFrom(proxy.Through(scenario.Source));
        await scenario.FillWithNoiseAsync(5);

        var result = await scenario.SyncAsync(Faults.AtStep(RunStep.Dump, () => proxy.CutAfter(bytes)));

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Dump, ErrorIds.DumpFailed, ErrorIds.ConnectionFailed);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
        proxy.Restore();
        await scenario.AssertNextRunGoesWellAsync();
    }

    [Theory]
    [MemberData(nameof(Offsets))]
    public async Task A_line_to_the_target_cut_during_the_restore_leaves_the_old_content(PublishMode publish, int bytes)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await using var proxy = new TcpProxy(servers.Target.Port);
        var before = await scenario.PrepareAsync();
        scenario.WriteTo(proxy.Through(scenario.Target));
        await scenario.FillWithNoiseAsync(5);

        var result = await scenario.SyncAsync(Faults.AtStep(RunStep.Restore, () => proxy.CutAfter(bytes)));

        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Restore, ErrorIds.RestoreFailed, ErrorIds.ConnectionFailed);
        Assert.Contains("this could not be confirmed", result.Error!.Rollback, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        proxy.Restore();
        await scenario.AssertNextRunGoesWellAsync();
    }

    /// <summary>The server has committed, and nobody has heard of it.</summary>
    [Theory]
    [InlineData(PublishMode.Transaction, "COMMIT\n;\0")]
    [InlineData(PublishMode.Swap, "COMMIT\0")]
    public async Task An_answer_to_the_commit_that_is_lost_is_asked_for(PublishMode publish, string commit)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await using var proxy = new TcpProxy(servers.Target.Port);
        var before = await scenario.PrepareAsync();
        scenario.WriteTo(proxy.Through(scenario.Target));

        var result = await scenario.SyncAsync(Faults.AtStep(RunStep.Publish, () => proxy.LoseAnswerTo(commit)));

        Assert.True(proxy.HasLostAnswer);
        if (publish == PublishMode.Transaction)
        {
            Assert.True(result.Success, result.Error?.Message);
            Assert.Contains(result.Warnings, w => w.Contains("the server says that it was done", StringComparison.Ordinal));
            Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        }
        else
        {
            // What was renamed is renamed back: the names tell how far it had come.
            Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Publish, ErrorIds.ConnectionFailed);
            Scenario.AssertSame(before, await scenario.TargetContentAsync());
        }
        await scenario.AssertNothingIsLeftAsync();
        await scenario.AssertNextRunGoesWellAsync();
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task A_run_whose_lock_was_lost_does_not_publish(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await using var proxy = new TcpProxy(servers.Target.Port);
        var before = await scenario.PrepareAsync();
        scenario.WriteTo(proxy.Through(scenario.Target));

        var result = await scenario.SyncAsync(Faults.AtStep(RunStep.Publish, () =>
        {
            proxy.CutNow();
            proxy.Restore();
        }));

        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Publish, ErrorIds.LockLost, ErrorIds.ConnectionFailed);
        Assert.Contains("was compared and holds what it held before", result.Error!.Rollback, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
        await scenario.AssertNextRunGoesWellAsync();
    }

    [Fact]
    public async Task A_source_that_falls_silent_is_given_up_at_the_limit()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await using var proxy = new TcpProxy(servers.Source.Port);
        var before = await scenario.PrepareAsync();
        scenario.ReadFrom(proxy.Through(scenario.Source));
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Dump = TimeSpan.FromSeconds(3) } };

        var result = await scenario.SyncAsync(Faults.AtStep(RunStep.Dump, proxy.Stall)).WaitAsync(TimeSpan.FromMinutes(1));

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Dump, ErrorIds.TimeLimit);
        Assert.Contains("Dump railway took longer than its limit of 3", result.Error!.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        proxy.Restore();
        await scenario.AssertNextRunGoesWellAsync();
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task A_target_that_falls_silent_is_given_up_at_the_limit(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await using var proxy = new TcpProxy(servers.Target.Port);
        var before = await scenario.PrepareAsync();
        scenario.WriteTo(proxy.Through(scenario.Target));
        await scenario.FillWithNoiseAsync(5);
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Restore = TimeSpan.FromSeconds(3) } };
        var stalling = Task.CompletedTask;

        var result = await scenario.SyncAsync(Faults.AtStep(RunStep.Restore, () => stalling = StallAfterAsync(proxy, 1_000_000)))
            .WaitAsync(TimeSpan.FromMinutes(1));
        await stalling;

        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Restore, ErrorIds.TimeLimit);
        Assert.Contains("this could not be confirmed", result.Error!.Rollback, StringComparison.Ordinal);
        // Until then, its server believes that the restore goes on.
        proxy.Restore();
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNextRunGoesWellAsync();
    }

    static Task StallAfterAsync(TcpProxy proxy, long bytes)
    {
        var passed = proxy.Passed;
        return Task.Run(async () =>
        {
            await Eventually.IsTrueAsync(() => proxy.Passed > passed + bytes, "bytes pass", 30, pause: 1);
            proxy.Stall();
        });
    }
}
