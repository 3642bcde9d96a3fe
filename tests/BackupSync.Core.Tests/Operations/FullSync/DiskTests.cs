using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>The disk that the backups are written to is too small.</summary>
public sealed class DiskTests(Servers servers) : IClassFixture<Servers>
{
    const int Megabyte = 1_000_000;

    [SkippableFact]
    public async Task A_disk_that_cannot_hold_the_backups_is_told_before_anything_is_begun()
    {
        await using var disk = await SmallDisk.MountAsync(3 * Megabyte);
        await using var scenario = await Scenario.CreateAsync(servers);
        var before = await scenario.PrepareAsync();
        Use(disk, scenario);

        var result = await scenario.SyncAsync();

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Check, ErrorIds.DiskFull);
        Assert.Contains("the backups of this run are expected to take up to", result.Error!.Message, StringComparison.Ordinal);
        await AssertUnchangedAsync(scenario, result, before);
    }

    [SkippableTheory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_disk_that_the_dump_fills_ends_the_run_and_changes_nothing(PublishMode publish)
    {
        await using var disk = await SmallDisk.MountAsync(15 * Megabyte);
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        var before = await scenario.PrepareAsync();
        await scenario.FillWithNoiseAsync(20);
        Use(disk, scenario);

        await AssertDiskGetsFullAsync(scenario, RunStep.Dump, before);
    }

    [SkippableTheory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_disk_that_the_safety_backup_fills_ends_the_run_and_changes_nothing(PublishMode publish)
    {
        await using var disk = await SmallDisk.MountAsync(15 * Megabyte);
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.FillWithNoiseAsync(20);
        var before = await scenario.PrepareAsync();
        await scenario.OnSourceAsync("CREATE TABLE few AS SELECT * FROM noise LIMIT 10; DROP TABLE noise; ALTER TABLE few RENAME TO noise");
        Use(disk, scenario);

        await AssertDiskGetsFullAsync(scenario, RunStep.SafetyBackup, before);
    }

    /// <summary>For backups that take more than is expected of their databases: nothing compresses them.</summary>
    static void Use(SmallDisk disk, Scenario scenario) =>
        scenario.Job = scenario.Job with { Backups = new BackupsConfig { Directory = Path.Combine(disk.Path, "backups") } };

    static async Task AssertDiskGetsFullAsync(Scenario scenario, RunStep step, DatabaseFingerprint before)
    {
        var result = await scenario.SyncAsync(force: true);

        Faults.AssertFailed(result, RunOutcome.Aborted, step, ErrorIds.DiskFull);
        Assert.Contains("The disk is full", result.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("The disk is full", scenario.LogText, StringComparison.Ordinal);
        await AssertUnchangedAsync(scenario, result, before);
    }

    static async Task AssertUnchangedAsync(Scenario scenario, RunResult result, DatabaseFingerprint before)
    {
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
        Assert.Equal(result.RunId, RunHistory.Read(scenario.Directory).First().RunId);
    }
}
