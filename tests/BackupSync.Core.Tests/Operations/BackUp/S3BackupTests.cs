using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Operations;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.BackUp;

/// <summary>Backups in a bucket: everything that can be done with those in a folder.</summary>
public sealed class S3BackupTests(Servers servers, S3Server s3) : IClassFixture<Servers>, IClassFixture<S3Server>
{
    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_plan_stores_lists_proves_and_restores_from_a_bucket(bool alsoLocal)
    {
        var bucket = s3.CreateBucket();
        await using var vault = await CreateAsync(bucket, encrypted: true);

        var result = Vault.Well(await vault.BackUpAsync(Plan(vault, alsoLocal ? [vault.Local, bucket] : [bucket])));

        var stored = Assert.Single(await BackupStore.ListAsync(bucket, s => Assert.Fail(s), default));
        Assert.Equal(
            (BackupKind.Plan, "nightly", BackupProof.Integrity, "s3"),
            (stored.Kind, stored.Job, stored.Proof!.How, stored.Path[..2]));
        Assert.Equal(alsoLocal ? 1 : 0, (await BackupStore.ListAsync(vault.Local, s => Assert.Fail(s), default)).Count);
        if (!alsoLocal)
            Assert.Equal((stored.Path, "offsite"), (result.SourceBackup!.Path, result.SourceBackup.Place));
        Vault.Well(await vault.ProveAsync(stored));
        Assert.True(Vault.Well(await vault.ProveAsync(stored, BackupProof.Drill)).Recovery!.RtoMet);
        Assert.Equal(BackupProof.Drill, Assert.Single(await BackupStore.ListAsync(bucket, null, default)).Proof!.How);
        await using var target = await servers.CreateTargetAsync();
        Vault.Well(await RestoreAsync(vault, stored, target));
        Scenario.AssertSame(await Scenario.ContentAsync(vault.Server.AsSuperuser), await Scenario.ContentAsync(target.AsSuperuser));
    }

    [SkippableFact]
    public async Task Retention_keeps_the_same_rules_in_a_bucket()
    {
        var bucket = s3.CreateBucket();
        await using var vault = await CreateAsync(bucket);
        var order = Plan(vault, [bucket]) with { Keep = new KeepConfig { Days = 0 } };

        Vault.Well(await vault.BackUpAsync(order));
        var newest = Vault.Well(await vault.BackUpAsync(order)).SourceBackup!;

        Assert.Equal(newest.Path, Assert.Single(await BackupStore.ListAsync(bucket, s => Assert.Fail(s), default)).Path);
        Assert.Equal(3, s3.Kept(bucket).Count);
    }

    [SkippableFact]
    public async Task One_in_a_bucket_is_labelled_and_removed()
    {
        var bucket = s3.CreateBucket();
        await using var vault = await CreateAsync(bucket, encrypted: true);
        Vault.Well(await vault.BackUpAsync(Plan(vault, [bucket])));
        var backup = Assert.Single(await BackupStore.ListAsync(bucket, null, default, encryption: vault.Config.Encryption));
        var handle = BackupHandles.Of(backup, vault.Config);

        Vault.Well(await BackupRunner.LabelAsync(handle, new LabelChange { Tag = "kept", Pin = true }, [], default));
        var labelled = Assert.Single(await BackupStore.ListAsync(bucket, null, default, encryption: vault.Config.Encryption));
        Assert.True(labelled is { Tag: "kept", Pinned: true, NotAuthenticated: null });

        Assert.NotNull(BackupRemoval.Refusal(await new BackupRemoval(vault.Config, force: false).DecideAsync(handle, default)));
        var forced = await new BackupRemoval(vault.Config, force: true).DecideAsync(handle, default);
        Vault.Well(await BackupRunner.RemoveAsync(handle, forced, [], default));
        Assert.Empty(s3.Kept(bucket));
    }

    [SkippableFact]
    public async Task A_name_that_a_bucket_has_already_is_not_given_again()
    {
        var bucket = s3.CreateBucket();
        await using var vault = await CreateAsync(bucket);
        var first = await vault.BackUpWellAsync(Plan(vault, [bucket]));
        foreach (var name in Vault.NamesOfNextMinute().Except([first.FileName]))
            s3.Duplicate(bucket, first.Key!, name);

        var second = await vault.BackUpWellAsync(Plan(vault, [bucket]));

        Assert.EndsWith("_2.dump", second.FileName, StringComparison.Ordinal);
        var stored = await BackupStore.ListAsync(bucket, null, default);
        Assert.Equal([second.Sha256, first.Sha256], stored.Select(b => b.Sha256));
        Vault.Well(await vault.ProveAsync(stored[1]));
    }

    [SkippableFact]
    public async Task A_copy_replaces_no_other_backup_of_its_name()
    {
        var bucket = s3.CreateBucket();
        await using var vault = await CreateAsync(bucket);

        await vault.AssertNamesakeIsRefusedAsync(bucket);
    }

    [SkippableFact]
    public async Task A_name_that_another_machine_takes_meanwhile_stays_its_own()
    {
        var bucket = s3.CreateBucket();
        await using var vault = await CreateAsync(bucket);
        var backup = await vault.BackUpWellAsync(Plan(vault, [vault.Local]));
        var others = vault.Folder.Write("others.dump", "another machine's backup");
        await using (var place = BackupSync.Places.BackupPlaces.Open(bucket))
            await place.StoreAsync($"auth/{backup.FileName}", others, await FileHash.Sha256Async(others, default), null, default);
        s3.HideFromSearch(bucket, $"auth/{backup.FileName}");

        var refused = await vault.CopyAsync(backup, bucket);

        Faults.AssertFailed(refused, RunOutcome.Aborted, RunStep.Store, ErrorIds.PlaceFailed);
        Assert.Contains("There is already another file", refused.Error!.Message, StringComparison.Ordinal);
        Assert.Equal("another machine's backup", await File.ReadAllTextAsync(s3.ContentFile(bucket, $"auth/{backup.FileName}")));
        Assert.Equal([$"pg/auth/{backup.FileName}"], s3.Kept(bucket)); // nothing of ours
        File.Delete(s3.ContentFile(bucket, $"auth/{backup.FileName}"));
        Assert.Empty(Vault.Well(await vault.CopyAsync(backup, bucket)).Warnings);
    }

    [SkippableTheory]
    [InlineData(S3Conditions.Refused)]
    [InlineData(S3Conditions.Ignored)]
    public async Task A_bucket_without_conditions_on_writing_is_warned_of_once(S3Conditions conditions)
    {
        var bucket = s3.CreateBucket(conditions: conditions);
        await using var vault = await CreateAsync(bucket);

        var result = Vault.Well(await vault.BackUpAsync(Plan(vault, [vault.Local, bucket])));

        Assert.Single(result.Warnings, w => w.Contains("If-None-Match", StringComparison.Ordinal));
        Assert.Single(await BackupStore.ListAsync(bucket, s => Assert.Fail(s), default));
    }

    [SkippableFact]
    public async Task An_upload_that_is_cut_off_leaves_the_local_backup_good_and_says_where_it_is()
    {
        await using var proxy = new TcpProxy(s3.Port);
        var bucket = s3.CreateBucket(proxy.Port);
        await using var vault = await CreateAsync(bucket);
        proxy.CutAfter(30_000);

        var result = await vault.BackUpAsync(Plan(vault, [vault.Local, bucket]));

        Faults.AssertFailed(result, RunOutcome.Incomplete, RunStep.Store, ErrorIds.PlaceFailed);
        var local = Assert.Single(await BackupStore.ListAsync(vault.Local, s => Assert.Fail(s), default));
        Assert.Contains($"good and stays in {local.Path}", result.Error!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(bucket.SecretKey!.Reveal(), Faults.AllOf(result.Error), StringComparison.Ordinal);
        proxy.Restore();
        Assert.Empty(await BackupStore.ListAsync(bucket, null, default));
        Vault.Well(await vault.CopyAsync(local, bucket));
        Assert.Equal(local.Sha256, Assert.Single(await BackupStore.ListAsync(bucket, null, default)).Sha256);
    }

    [SkippableFact]
    public async Task A_server_that_is_gone_leaves_what_was_only_for_it_where_it_was_written()
    {
        var stopped = new S3Server();
        await stopped.InitializeAsync();
        var bucket = stopped.CreateBucket();
        await stopped.StopAsync();
        await using var vault = await CreateAsync(bucket);

        var result = await vault.BackUpAsync(Plan(vault, [bucket]));
        await stopped.DisposeAsync();

        Faults.AssertFailed(result, RunOutcome.Incomplete, RunStep.Store, ErrorIds.PlaceFailed);
        var kept = Assert.Single(await BackupStore.ListAsync(vault.Local, s => Assert.Fail(s), default));
        Assert.Contains(kept.Path, result.Error!.Message, StringComparison.Ordinal);
        Vault.Well(await vault.ProveAsync(kept));
    }

    [SkippableFact]
    public async Task An_object_lost_since_it_was_listed_is_told_and_nothing_is_restored()
    {
        var bucket = s3.CreateBucket();
        await using var vault = await CreateAsync(bucket);
        var order = Plan(vault, [bucket]) with { Keep = null };
        var older = Vault.Well(await vault.BackUpAsync(order)).SourceBackup!;
        var lost = Vault.Well(await vault.BackUpAsync(order)).SourceBackup!;
        File.Delete(s3.ContentFile(bucket, lost.Key!));
        await using var target = await servers.CreateTargetAsync();

        var proven = await vault.ProveAsync(lost);
        var restored = await RestoreAsync(vault, lost, target);

        Assert.False(proven.Success);
        Assert.Contains(lost.Path, proven.Error!.Message, StringComparison.Ordinal);
        Faults.AssertFailed(restored, RunOutcome.Aborted, RunStep.Check, ErrorIds.BackupInvalid, ErrorIds.PlaceFailed);
        if (restored.Error!.Id == ErrorIds.BackupInvalid)
            Assert.Contains(older.Path, restored.Error.Advice, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_bit_flipped_in_a_bucket_is_found()
    {
        var bucket = s3.CreateBucket();
        await using var vault = await CreateAsync(bucket);
        var backup = Vault.Well(await vault.BackUpAsync(Plan(vault, [bucket]))).SourceBackup!;
        var file = s3.ContentFile(bucket, backup.Key!);
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[bytes.Length / 2] ^= 16;
        await File.WriteAllBytesAsync(file, bytes);

        Faults.AssertFailed(await vault.ProveAsync(backup), RunOutcome.Aborted, RunStep.Prove, ErrorIds.BackupInvalid);
        Assert.False(Assert.Single(await BackupStore.ListAsync(bucket, null, default)).Proof!.Good);
    }

    /// <summary>Somebody can write into the bucket, and has no passphrase.</summary>
    [SkippableFact]
    public async Task What_is_forged_in_a_bucket_is_refused_and_hides_none_of_ours()
    {
        var bucket = s3.CreateBucket();
        await using var vault = await CreateAsync(bucket, encrypted: true);
        var encryption = vault.Config.Encryption;
        var order = Plan(vault, [bucket]) with { Keep = null };
        var ours = Vault.Well(await vault.BackUpAsync(order)).SourceBackup!;
        var torn = Vault.Well(await vault.BackUpAsync(order)).SourceBackup!;
        var altered = Vault.Well(await vault.BackUpAsync(order)).SourceBackup!;
        File.WriteAllText(s3.ContentFile(bucket, torn.Key! + ManifestStore.Suffix), "null");
        var manifest = s3.ContentFile(bucket, altered.Key! + ManifestStore.Suffix);
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace($"\"{altered.RunId}\"", "\"f0f0f0f0\"", StringComparison.Ordinal));
        vault.Config = vault.Config with { Encryption = null };
        var plain = Vault.Well(await vault.BackUpAsync(Plan(vault, [bucket]) with { Keep = null })).SourceBackup!;
        vault.Config = vault.Config with { Encryption = encryption };

        var warnings = new List<string>();
        var listed = (await BackupStore.ListAsync(bucket, warnings.Add, default, encryption: encryption)).ToDictionary(b => b.FileName);

        Assert.Equal(new[] { ours.FileName, plain.FileName }.Order(), listed.Keys.Order());
        Assert.Null(listed[ours.FileName].NotAuthenticated);
        Assert.Equal(2, warnings.Count);
        Assert.Single(warnings, w => w.Contains($"{torn.Path}: ", StringComparison.Ordinal));
        Assert.Single(
            warnings,
            w => w.Contains($"{altered.Path}: ", StringComparison.Ordinal) && w.Contains("checksum", StringComparison.Ordinal));
        await using var target = await servers.CreateTargetAsync();
        Assert.NotNull(listed[plain.FileName].NotAuthenticated);
        Assert.Equal(ErrorIds.NotAuthenticated, (await vault.ProveAsync(listed[plain.FileName])).Error?.Id);
        Assert.Equal(ErrorIds.NotAuthenticated, (await RestoreAsync(vault, listed[plain.FileName], target)).Error?.Id);
        Vault.Well(await RestoreAsync(vault, listed[ours.FileName], target));
    }

    async Task<Vault> CreateAsync(S3PlaceConfig bucket, bool encrypted = false)
    {
        var vault = await Vault.CreateAsync(servers, encrypted);
        vault.Config = vault.Config with { Places = [vault.Local, bucket] };
        return vault;
    }

    static BackupOrder Plan(Vault vault, PlaceConfig[] places) => BackupOrders.Of(
        new BackupPlanConfig
        {
            Name = "nightly",
            Databases = [vault.Database],
            Places = places,
            Keep = new KeepConfig { Days = 1 },
            Verify = BackupProof.Integrity,
        }, vault.Config);

    static Task<RunResult> RestoreAsync(Vault vault, BackupFile backup, TestDatabase target) => RestoreRunner.RestoreAsync(
        BackupHandles.Of(backup, vault.Config), [], Scenario.Named("copy", target.Address, DatabaseRole.Development), vault
            .Config, new RunOptions(), [], default);
}
