using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.BackUp;

public sealed class BackupRunnerTests(Servers servers) : IClassFixture<Servers>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_backup_is_taken_listed_and_found_whole(bool encrypted)
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted);

        var backup = await vault.BackUpWellAsync();

        Assert.Equal(encrypted, backup.Encrypted);
        Assert.Equal(Path.Combine(vault.Local.Directory, "auth", backup.FileName), backup.Path);
        var listed = Assert.Single(await BackupStore.ListAsync(vault.Local, s => Assert.Fail(s), default));
        Assert.Equal(
            (backup.Path, backup.Sha256, "local", "auth/" + backup.FileName),
            (listed.Path, listed.Sha256, listed.Place, listed.Key));
        var checkedResult = Vault.Well(await vault.ProveAsync(listed));
        Assert.Equal((RunKind.Verify, true), (checkedResult.Kind, checkedResult.SourceBackup!.Proof!.Good));
        Assert.Equal(BackupProof.Integrity, Assert.Single(await BackupStore.ListAsync(vault.Local, null, default)).Proof!.How);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_drill_restores_every_row_and_is_measured_against_the_tier(bool encrypted)
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted);
        var backup = await vault.BackUpWellAsync();

        var drill = Vault.Well(await vault.ProveAsync(backup, BackupProof.Drill));

        Assert.Equal(RunKind.Drill, drill.Kind);
        Assert.True(drill.Recovery is { RtoMet: true, RpoMet: true, Tier: "critical" }, $"{drill.Recovery}");
        var proof = Assert.Single(await BackupStore.ListAsync(vault.Local, null, default)).Proof!;
        Assert.Equal((BackupProof.Drill, true, (bool?)true), (proof.How, proof.Good, proof.RtoMet));
    }

    [Fact]
    public async Task A_plan_proves_stores_and_cleans_up()
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted: true);
        var plan = new BackupPlanConfig
        {
            Name = "nightly",
            Databases = [vault.Database],
            Places = [vault.Local, vault.Offsite],
            Keep = new KeepConfig { Days = 1 },
        };

        var result = Vault.Well(await vault.BackUpAsync(BackupOrders.Of(plan, vault.Config)));

        foreach (var place in new[] { vault.Local, vault.Offsite })
        {
            var stored = Assert.Single(await BackupStore.ListAsync(place, s => Assert.Fail(s), default));
            Assert.Equal(
                (BackupKind.Plan, "nightly", result.SourceBackup!.Sha256, BackupProof.Integrity),
                (stored.Kind, stored.Job, stored.Sha256, stored.Proof!.How));
            Vault.Well(await vault.ProveAsync(stored, BackupProof.Drill));
        }
    }

    [Fact]
    public async Task A_copy_is_the_same_backup_elsewhere()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();

        Vault.Well(await vault.CopyAsync(backup, vault.Offsite));

        var copy = Assert.Single(await BackupStore.ListAsync(vault.Offsite, s => Assert.Fail(s), default));
        Assert.Equal(backup.Sha256, copy.Sha256);
        Vault.Well(await vault.ProveAsync(copy));
    }

    [Fact]
    public async Task A_copy_replaces_no_other_backup_of_its_name()
    {
        await using var vault = await Vault.CreateAsync(servers);

        await vault.AssertNamesakeIsRefusedAsync(vault.Offsite);
    }

    [Fact]
    public async Task A_name_that_any_place_has_already_is_not_given_again()
    {
        await using var vault = await Vault.CreateAsync(servers);
        foreach (var name in Vault.NamesOfNextMinute())
            vault.Folder.Write($"offsite/auth/{name}", "");
        var plan = new BackupPlanConfig
        {
            Name = "nightly",
            Databases = [vault.Database],
            Places = [vault.Local, vault.Offsite],
            Keep = new KeepConfig { Days = 1 },
        };

        var backup = await vault.BackUpWellAsync(BackupOrders.Of(plan, vault.Config));

        Assert.EndsWith("_2.dump", backup.FileName, StringComparison.Ordinal);
        Assert.Equal(backup.FileName, Assert.Single(await BackupStore.ListAsync(vault.Offsite, null, default)).FileName);
    }
}
