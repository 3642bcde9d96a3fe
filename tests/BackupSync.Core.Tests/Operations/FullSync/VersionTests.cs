using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>Servers of different versions.</summary>
public sealed class VersionTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableTheory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task An_empty_newer_target_is_filled_with_the_older_tools_and_refused_once_there_is_something_to_keep(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(
            await VersionedServers.GetAsync(17), await VersionedServers.GetAsync(18), publish);
        await OnlyWithToolsOfAsync(17, scenario);
        await scenario.LoadRealisticDataAsync(servers.Tools);

        var first = await scenario.SyncAsync();

        Assert.Null(first.Error);
        Assert.Contains(first.Warnings, w => w.StartsWith(
            "neon is empty, so there is no safety backup; the next run will need pg_dump 18 for one.",
            StringComparison.Ordinal));
        Assert.Null(first.SafetyBackup);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();

        await scenario.DoADaysWorkAsync(servers.Tools);
        var before = await scenario.TargetContentAsync();
        var second = await scenario.SyncAsync();

        Faults.AssertFailed(second, RunOutcome.Aborted, RunStep.Check, ErrorIds.ToolTooOld);
        Assert.Contains("18 or newer are needed for a server of version 18", second.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("18", second.Error.Advice, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [SkippableFact]
    public async Task A_source_newer_than_every_pg_dump_is_refused_with_the_version_needed()
    {
        await using var scenario = await Scenario.CreateAsync(await VersionedServers.GetAsync(18), await VersionedServers.GetAsync(18));
        await OnlyWithToolsOfAsync(17, scenario);
        await scenario.FillAsync();

        var result = await scenario.SyncAsync();

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Check, ErrorIds.ToolTooOld);
        Assert.Contains("18 or newer are needed for a server of version 18", result.Error!.Message, StringComparison.Ordinal);
        await scenario.AssertNothingIsLeftAsync();
    }

    /// <summary>The job is on a machine that has these programs alone.</summary>
    static async Task OnlyWithToolsOfAsync(int major, Scenario scenario) => scenario.Job = scenario.Job with
    {
        Tools = new ToolsConfig { PostgresBin = [(await VersionedServers.ToolsAsync(major)).Directory], PassOverUsual = true },
    };
}
