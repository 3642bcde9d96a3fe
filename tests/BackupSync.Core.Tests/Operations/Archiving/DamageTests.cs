using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Encryption;
using BackupSync.Files;
using BackupSync.Operations.Expire;
using BackupSync.Runs;
using BackupSync.Tests.Operations.BackUp;

namespace BackupSync.Tests.Operations.Archiving;

/// <summary>A damaged backup is recognised, and by a restore before its target is touched.</summary>
public sealed class DamageTests(Servers servers) : IClassFixture<Servers>
{
    const int Places = 120;

    [Fact]
    public async Task Where_no_place_has_a_good_one_what_a_sync_has_kept_is_named()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        var kept = (await scenario.SyncWellAsync()).SourceBackup!;
        using var folder = new TempFolder();
        var config = new BackupSyncConfig
        {
            Path = folder.File("x.yml"), Databases = [scenario.Job.SourceDatabase, scenario.Job.TargetDatabase], Jobs = [scenario
                .Job], Places = [FolderPlaceConfig.At(folder.Path)],
        };

        var none = await Assert.ThrowsAsync<BackupSyncException>(
            () => new BackupQuery { Databases = ["railway"] }.FindOneAsync(config, null, default));
        var others = await Assert.ThrowsAsync<BackupSyncException>(
            () => new BackupQuery { Databases = ["neon"] }.FindOneAsync(config, null, default));

        Assert.Contains(kept.Path, none.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain(kept.Path, others.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_flipped_bit_anywhere_is_found(bool encrypted)
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted);
        var backup = await TakeAsync(vault);
        Vault.Well(await vault.ProveAsync(backup));

        await AssertAllFoundAsync(vault, backup, suffix => suffix.Length == 0 ? Places : 15, (bytes, i, count) =>
        {
            bytes[(long)bytes.Length * i / count] ^= (byte)(1 << (i % 8));
            return bytes;
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cut_off_end_is_found(bool encrypted)
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted);
        var backup = await TakeAsync(vault);

        await AssertAllFoundAsync(
            vault, backup, _ => 20, (bytes, i, count) => bytes[..(int)(bytes.Length - 1 - ((long)(bytes.Length - 1) * i / (count - 1)))]);
    }

    [Fact]
    public async Task A_companion_that_is_gone_is_found()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();
        File.Delete(BackupNames.GlobalsOf(backup.Path));

        var result = await vault.ProveAsync(backup);

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Prove, ErrorIds.BackupInvalid);
        Assert.Contains(".globals.sql is gone", result.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_that_were_damaged_before_they_were_hashed_are_found()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();
        var good = await File.ReadAllBytesAsync(backup.Path);
        var data = new BackupSync.Archives.ArchiveReader(new MemoryStream(good), default).Head.Bytes.Length;
        var manifest = ManifestStore.Read(backup.Path);
        for (var i = 0; i < 16; i++)
        {
            var bad = good.ToArray();
            bad[data + ((long)(bad.Length - data) * i / 16)] ^= (byte)(1 << (i % 8));
            await File.WriteAllBytesAsync(backup.Path, bad);
            ManifestStore.Write(backup.Path, manifest with { Sha256 = await FileHash.Sha256Async(backup.Path, default) });

            var result = await vault.ProveAsync(backup);

            // A large object's own number, and the level that zlib notes for people, are no part of what is counted.
            Assert.True(result.Success || result.Error!.Id == ErrorIds.BackupInvalid, $"{i}: {result.Error}");
        }
    }

    [Fact]
    public async Task A_backup_that_failed_its_proof_is_not_the_latest_any_more()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var older = await vault.BackUpWellAsync();
        var newer = await vault.BackUpWellAsync();
        var bytes = await File.ReadAllBytesAsync(newer.Path);
        bytes[^100] ^= 1;
        await File.WriteAllBytesAsync(newer.Path, bytes);
        var latest = new BackupQuery { Databases = ["auth"] };
        Assert.Equal(newer.Path, (await latest.FindOneAsync(vault.Config, null, default)).Path);

        Assert.False((await vault.ProveAsync(newer)).Success);

        Assert.False(ManifestStore.Read(newer.Path).Proof!.Good);
        var warnings = new List<string>();
        Assert.Equal(older.Path, (await latest.FindOneAsync(vault.Config, warnings.Add, default)).Path);
        Assert.StartsWith($"Passed over: {newer.Path} of ", Assert.Single(warnings), StringComparison.Ordinal);
        var plan = Retention.Decide(
            BackupFolder.Scan(Path.GetDirectoryName(older.Path)!), RetentionRules.OfJob(0, null, _ => []), DateTimeOffset.UtcNow);
        Assert.DoesNotContain(plan, d => d.Remove && d.Path == older.Path);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_restore_refuses_it_before_the_target_is_touched_and_names_the_next_older_one(bool encrypted)
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted);
        var bad = await vault.BackUpWellAsync();
        var older = await vault.BackUpWellAsync();
        var newest = await vault.BackUpWellAsync();
        await File.WriteAllTextAsync(bad.Path, "damaged as well");
        await using var target = await servers.CreateTargetAsync();
        await target.ExecuteAsync("CREATE TABLE precious AS SELECT 1 AS x");
        var before = await Scenario.ContentAsync(target.AsSuperuser);
        var (path, manifest) = (newest.Path, ManifestStore.Read(newest.Path));
        var otherPassphrase = vault.Config with { Encryption = new EncryptionConfig(new Secret("another one")) };

        await RefusesAsync("flipped", () => ChangeAsync(path, b => b[b.Length / 2] ^= 4));
        await RefusesAsync("cut", () => ChangeAsync(path, b => b[..^10]));
        await RefusesAsync("gone", () => { File.Delete(path); return Task.CompletedTask; });
        await RefusesAsync("manifest", () => ChangeAsync(path + ".json", b => b[b.Length / 2] ^= 4));
        await RefusesAsync(
            "other manifest",
            () => { File.Copy(older.Path + ".json", path + ".json", overwrite: true); return Task.CompletedTask; });
        await RefusesAsync(
            "other archive",
            () => StateAsync(ManifestStore.Read(older.Path) with { File = newest.FileName, Created = newest.Created, Size = newest.Size }));
        await RefusesAsync("newer tool", () => StateAsync(manifest with { ToolVersion = "99.1" }), ErrorIds.ToolTooOld);
        if (encrypted)
            await RefusesAsync("passphrase", () => Task.CompletedTask, ErrorIds.PassphraseWrong, otherPassphrase);
        else
            await RefusesAsync("newer format", async () => { await ChangeAsync(path, b => b[6] = 30); await StateAsync(
                manifest with { Sha256 = await FileHash.Sha256Async(path, default) }); });

        // And that older one does bring it back.
        Vault.Well(await RestoreAsync(older, vault.Config));

        async Task RefusesAsync(string damage, Func<Task> cause, string errorId = ErrorIds.BackupInvalid, BackupSyncConfig? config = null)
        {
            var (archive, stated) = (await File.ReadAllBytesAsync(path), await File.ReadAllBytesAsync(path + ".json"));
            await cause();

            var result = await RestoreAsync(newest, config ?? vault.Config);

            Assert.True(
                result is { Outcome: RunOutcome.Aborted, Error.Step: RunStep.Check, SafetyBackup: null } && result.Error.Id == errorId,
                $"{damage}: {result.Outcome} {result.Error}");
            // With another passphrase none is known to be ours.
            Assert.Contains(
                errorId == ErrorIds.PassphraseWrong ? "no older backup" : $"The next older one is {older.Path} of ",
                result.Error.Advice,
                StringComparison.Ordinal);
            Assert.DoesNotContain("another one", Faults.AllOf(result.Error), StringComparison.Ordinal);
            Scenario.AssertSame(before, await Scenario.ContentAsync(target.AsSuperuser));
            await File.WriteAllBytesAsync(path, archive);
            await File.WriteAllBytesAsync(path + ".json", stated);
        }

        Task<RunResult> RestoreAsync(BackupFile backup, BackupSyncConfig config) => RestoreRunner.RestoreAsync(
            BackupHandles.Of(backup, config), [], Scenario.Named(
                "copy", target.Address, DatabaseRole.Development), config, new RunOptions(), [], default);

        Task StateAsync(BackupManifest stated)
        {
            ManifestStore.Write(path, stated, encrypted ? ManifestKey.Of(Vault.Passphrase) : null, overwrite: true);
            return Task.CompletedTask;
        }
    }

    /// <summary>An encrypted one is made anew with a key that is derived sooner: hundreds of checks would take minutes else.</summary>
    static async Task<BackupFile> TakeAsync(Vault vault)
    {
        var backup = await vault.BackUpWellAsync();
        var manifest = ManifestStore.Read(backup.Path);
        if (manifest.Encryption is not { } encryption)
            return backup;
        var slow = EncryptionKeys.Of(encryption, Vault.Passphrase, backup.FileName);
        var quick = EncryptionKeys.Of(encryption with { Iterations = 1000 }, Vault.Passphrase, backup.FileName);
        var archive = await AnewAsync(backup.Path, slow, quick);
        var globals = await AnewAsync(BackupNames.GlobalsOf(backup.Path), slow, quick);
        ManifestStore.Write(backup.Path, manifest with
        {
            Size = archive.Size, Sha256 = archive.Sha256, Encryption = quick.Describe(archive),
            Companions = [manifest.Companions[0] with { Size = globals.Size, Sha256 = globals.Sha256, Hmac = globals.Hmac }],
        }, ManifestKey.Of(Vault.Passphrase), overwrite: true);
        return backup;
    }

    static async Task<EncryptedFile> AnewAsync(string path, EncryptionKeys from, EncryptionKeys to)
    {
        using var plain = new MemoryStream();
        await using (var decrypting = await DecryptingStream.OpenAsync(File.OpenRead(path), from, path, default))
            await decrypting.CopyToAsync(plain);
        await using var file = File.Create(path);
        await using var encrypting = EncryptingStream.Begin(file, to);
        await encrypting.WriteAsync(plain.ToArray());
        return await encrypting.FinishAsync(default);
    }

    /// <summary>
    /// Damages one file of a copy of the backup at a time, several copies at once: a run that fails takes a moment to end.
    /// </summary>
    static async Task AssertAllFoundAsync(Vault vault, BackupFile backup, Func<string, int> countOf, Func<byte[], int, int, byte[]> damage)
    {
        string[] suffixes = ["", ".json", BackupNames.GlobalsOf(backup.Path)[backup.Path.Length..]];
        var cases = suffixes.SelectMany(s => Enumerable.Range(0, countOf(s)).Select(i => (Suffix: s, Index: i)));
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (c, _) =>
        {
            using var folder = new TempFolder();
            var copy = backup with { Path = folder.File(backup.FileName), Place = null, Key = null };
            foreach (var suffix in suffixes)
                File.Copy(backup.Path + suffix, copy.Path + suffix);
            await File.WriteAllBytesAsync(
                copy.Path + c.Suffix,
                damage(await File.ReadAllBytesAsync(copy.Path + c.Suffix), c.Index, countOf(c.Suffix)));

            var result = await vault.ProveAsync(copy);

            Assert.True(
                result is { Outcome: RunOutcome.Aborted, Error.Id: ErrorIds.BackupInvalid },
                $"*{c.Suffix}, {c.Index}: {result.Outcome} {result.Error}");
        });
    }

    static Task ChangeAsync(string path, Action<byte[]> change) => ChangeAsync(path, bytes =>
    {
        change(bytes);
        return bytes;
    });

    static async Task ChangeAsync(string path, Func<byte[], byte[]> change) =>
        await File.WriteAllBytesAsync(path, change(await File.ReadAllBytesAsync(path)));
}
