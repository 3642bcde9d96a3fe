using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Restore;

/// <summary>A safety backup brings back what was there; what is no whole backup is refused.</summary>
public sealed class RestoreTests(Servers servers) : IClassFixture<Servers>
{
    [Theory]
    [InlineData(PublishMode.Swap, TestRole.Superuser)]
    [InlineData(PublishMode.Swap, TestRole.Creator)]
    [InlineData(PublishMode.Transaction, TestRole.Superuser)]
    [InlineData(PublishMode.Transaction, TestRole.Owner)]
    public async Task A_safety_backup_brings_the_old_content_back_exactly(PublishMode publish, TestRole role)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish, role);
        await scenario.LoadRealisticDataAsync(servers.Tools);
        await scenario.SyncWellAsync();
        var old = await scenario.TargetContentAsync();
        await scenario.DoADaysWorkAsync(servers.Tools);
        await scenario.OnSourceAsync("CREATE TABLE added_since (i int)");
        var synced = await scenario.SyncWellAsync();
        var replaced = await scenario.TargetContentAsync();

        var result = await scenario.RestoreAsync(synced.SafetyBackup!);

        Assert.Null(result.Error);
        Assert.Equal(RunOutcome.Succeeded, result.Outcome);
        Assert.Equal(RunKind.Restore, result.Kind);
        Assert.Equal(synced.SafetyBackup!.FileName, result.Source);
        Assert.Equal(publish.ToString(), result.Publish);
        Scenario.AssertSame(old, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();

        // And what it replaced can be brought back as well.
        Assert.NotEqual(synced.SafetyBackup.Path, result.SafetyBackup!.Path);
        Assert.Null((await scenario.RestoreAsync(result.SafetyBackup)).Error);
        Scenario.AssertSame(replaced, await scenario.TargetContentAsync());

        Assert.DoesNotContain(result.Warnings, w => w.Contains("this restore changes nothing", StringComparison.Ordinal));
        var again = await scenario.RestoreAsync(result.SafetyBackup);
        Assert.Contains($"neon holds already what {result.SafetyBackup.FileName} holds: this restore changes nothing. Earlier backups "
            + "are told by Get-DbBackup (backupsync backups).", again.Warnings);
    }

    [Fact]
    public async Task A_restore_that_fails_is_rolled_back()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        var synced = await scenario.SyncWellAsync();
        await scenario.OnSourceAsync("UPDATE users SET name = 'changed'");
        await scenario.SyncWellAsync();
        var before = await scenario.TargetContentAsync();

        // Somebody takes the restored rows away before they are verified.
        var result = await scenario.RestoreAsync(
            synced.SafetyBackup!,
            Faults.AtStep(RunStep.CheckPublished, () => scenario.OnTargetAsync("DELETE FROM users").Wait()));

        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.CheckPublished, ErrorIds.VerificationFailed);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Whatever_is_no_whole_backup_is_refused_before_the_target_is_touched()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        var good = (await scenario.SyncWellAsync()).SafetyBackup!;
        await scenario.OnSourceAsync("UPDATE users SET name = 'changed'");
        var other = (await scenario.SyncWellAsync()).SafetyBackup!;
        var before = await scenario.TargetContentAsync();
        var bytes = await File.ReadAllBytesAsync(good.Path);

        await AssertRefusedAsync("is truncated", bytes[..^1]);
        await AssertRefusedAsync("is truncated", bytes[..(bytes.Length / 2)]);
        await AssertRefusedAsync("is truncated", []);
        await AssertRefusedAsync("was altered", [.. bytes, 0]);
        foreach (var position in new[] { 5, 100, bytes.Length / 3, bytes.Length / 2, bytes.Length - 1 })
        {
            var altered = bytes.ToArray();
            altered[position] ^= 0x10;
            await AssertRefusedAsync("was altered", altered);
        }
        await AssertRefusedAsync("is of another format", "CREATE TABLE users (id int);\n"u8.ToArray());
        await File.WriteAllBytesAsync(good.Path, bytes);
        var manifest = ManifestStore.PathOf(good.Path);
        var text = await File.ReadAllBytesAsync(manifest);
        File.Copy(ManifestStore.PathOf(other.Path), manifest, overwrite: true);
        await AssertRefusedAsync("belongs to another file");
        await File.WriteAllTextAsync(manifest, "{ }");
        await AssertRefusedAsync("is not a manifest of BackupSync");
        File.Delete(manifest);
        await AssertRefusedAsync("has no manifest");

        await File.WriteAllBytesAsync(manifest, text);
        Assert.Null((await scenario.RestoreAsync(good)).Error);

        async Task AssertRefusedAsync(string message, byte[]? content = null)
        {
            if (content is not null)
                await File.WriteAllBytesAsync(good.Path, content);
            var result = await scenario.RestoreAsync(good);
            Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Check, ErrorIds.BackupInvalid);
            Assert.Contains(message, result.Error!.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(result.Steps, s => s.Step > RunStep.Check);
            Scenario.AssertSame(before, await scenario.TargetContentAsync());
            await scenario.AssertNothingIsLeftAsync();
        }
    }

    [Fact]
    public async Task Production_is_not_restored_into()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        var backup = (await scenario.SyncWellAsync()).SafetyBackup!;
        scenario.Job = scenario.Job with { TargetDatabase = scenario.Job.TargetDatabase with { Role = DatabaseRole.Production } };

        var result = await scenario.RestoreAsync(backup);

        Assert.Equal(RunOutcome.Aborted, result.Outcome);
        Assert.Equal(ErrorIds.TargetIsProduction, result.Error!.Id);
    }
}
