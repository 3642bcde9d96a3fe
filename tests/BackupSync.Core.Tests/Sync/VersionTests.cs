using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Runs;

namespace BackupSync.Tests.Sync;

/// <summary>Servers of different versions.</summary>
public sealed class VersionTests(Servers servers, NewerServer newer) : IClassFixture<Servers>, IClassFixture<NewerServer>
{
    [SkippableTheory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task An_empty_newer_target_is_filled_with_the_older_tools_and_refused_once_there_is_something_to_keep(PublishMode publish)
    {
        await SkipIfThereAreNewerToolsAsync();
        await using var scenario = await Scenario.CreateAsync(servers.Source, newer.Server, publish);
        await scenario.LoadRealisticDataAsync(servers.Tools);

        var first = await scenario.SyncAsync();

        Assert.Null(first.Error);
        Assert.Contains(first.Warnings, w => w.StartsWith("Neon is empty, so there is no safety backup; the next run will need pg_dump 18 for one.", StringComparison.Ordinal));
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
        await SkipIfThereAreNewerToolsAsync();
        await using var scenario = await Scenario.CreateAsync(newer.Server, servers.Target);
        await scenario.FillAsync();

        var result = await scenario.SyncAsync();

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Check, ErrorIds.ToolTooOld);
        Assert.Contains("18 or newer are needed for a server of version 18", result.Error!.Message, StringComparison.Ordinal);
        await scenario.AssertNothingIsLeftAsync();
    }

    async Task SkipIfThereAreNewerToolsAsync()
    {
        var newest = (await new ToolLocator(new ToolsConfig()).FindAllAsync(default)).Max(t => t.Version.Major);
        Skip.If(newest >= newer.Server.Version.Major, "The installed client programs are as new as the newer server.");
    }
}
