using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Encryption;
using BackupSync.Operations.Expire;
using BackupSync.Runs;
using BackupSync.Tests.CommandLine;
using BackupSync.Tests.Operations.BackUp;

namespace BackupSync.Tests.Backups;

/// <summary>Somebody can write where backups are kept, and has no passphrase.</summary>
public sealed class ForgeryTests(Servers servers) : IClassFixture<Servers>
{
    /// <summary>What is put beside a genuine one of 1,000 rows and an older one of 10, so that it would be the newest.</summary>
    enum Forgery
    {
        PlainWithALaterDate,
        OlderWithALaterDate,
        OlderWithALaterDateAndItsSignature,
        SignedWithAnotherPassphrase,
        ManifestOfAnotherDatabase,
        ManifestsExchanged,
    }

    [Fact]
    public async Task What_is_forged_is_refused_and_what_is_ours_is_found()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, encrypted: true, rows: 10);
        await scenario.RunWellAsync("backup", "auth");
        await scenario.OnAuthAsync("INSERT INTO users SELECT i, 'name ' || i FROM generate_series(11, 1000) i");
        await scenario.RunWellAsync("backup", "auth");
        await scenario.RunWellAsync("backup", "auth");
        var all = await scenario.BackupsAsync("auth");
        Assert.All(all, b => Assert.Null(b.NotAuthenticated));
        await scenario.OnAuthAsync("TRUNCATE users");
        var forged = new Dictionary<Forgery, string>();
        foreach (var forgery in Enum.GetValues<Forgery>())
            forged[forgery] = await ForgeAsync(scenario, forgery, all);
        var genuine = all.Where(b => !forged.ContainsValue(b.Path)).ToList();

        var listed = await scenario.RunWellAsync("backups", "auth");
        Assert.All(forged.Values, path => Assert.Contains(Path.GetFileName(path), listed.All, StringComparison.Ordinal));
        Assert.Equal(forged.Count - 1, listed.Output.Split("NOT AUTHENTICATED").Length - 1);
        Assert.Contains("of another database, standby", listed.All, StringComparison.Ordinal);
        Assert.Equal(genuine[0].Path, Assert.Single(await scenario.BackupsAsync("auth", "--latest")).Path);

        var verified = await scenario.RunAsync("verify", "auth", "--all", "--json");
        Assert.True(verified.ExitCode == 1, verified.All);
        var runs = BackupScenario.Runs(verified).ToDictionary(r => r.Source);
        Assert.All(genuine, b => Assert.True(runs[b.FileName].Success, verified.All));
        foreach (var (forgery, path) in forged)
        {
            var errorId = forgery == Forgery.SignedWithAnotherPassphrase ? ErrorIds.PassphraseWrong : ErrorIds.NotAuthenticated;
            Assert.Equal(errorId, (await RefusedAsync(scenario, "restore", "--path", path, "--to", "standby", "--json")).Error!.Id);
            Assert.Equal(errorId, (await RefusedAsync(scenario, "drill", "--path", path, "--on", "standby", "--json")).Error!.Id);
            Assert.Equal(
                forgery == Forgery.ManifestOfAnotherDatabase ? null : errorId, runs.GetValueOrDefault(Path.GetFileName(path))?.Error!.Id);
            Assert.Null(ManifestStore.Read(path).Proof); // nothing that was found out about it makes it look like ours
        }

        await scenario.RunWellAsync("restore", "auth", "--latest", "--to", "standby");
        Assert.Equal(1000, await scenario.UsersOfStandbyAsync());

        await scenario.RunWellAsync("cleanup");
        Assert.All(genuine, b => Assert.True(File.Exists(b.Path)));
        Assert.All(forged.Values, path => Assert.True(File.Exists(path)));
    }

    [Fact]
    public async Task What_is_asked_for_by_name_is_restored_and_told()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, rows: 10);
        await scenario.RunWellAsync("backup", "auth");
        var plain = Assert.Single(await scenario.BackupsAsync());
        Assert.Null(plain.NotAuthenticated); // where there is no passphrase, nobody asks
        scenario.Configure(encrypted: true);

        var none = await scenario.RunAsync("restore", "auth", "--latest", "--to", "standby");
        Assert.True(none.ExitCode == 1, none.All);
        Assert.Contains(plain.Path, none.Errors, StringComparison.Ordinal);
        Assert.Contains("--unauthenticated", none.Errors, StringComparison.Ordinal);
        var restored = await scenario.RunWellAsync("restore", "auth", "--latest", "--to", "standby", "--unauthenticated");
        Assert.Equal(10, await scenario.UsersOfStandbyAsync());
        Assert.Contains("is not authenticated", restored.All, StringComparison.Ordinal);

        // A proof does not make it ours either.
        await scenario.RunWellAsync("verify", "auth", "--latest", "--unauthenticated");
        var proven = ManifestStore.Read(plain.Path);
        Assert.True(proven is { Proof.Good: true, Signature: null });
        Assert.NotNull(Assert.Single(await scenario.BackupsAsync("auth")).NotAuthenticated);
    }

    [Fact]
    public async Task Old_ones_are_signed_when_they_were_read()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, encrypted: true, rows: 10);
        await scenario.RunWellAsync("backup", "auth");
        await scenario.RunWellAsync("backup", "auth");
        var backups = await scenario.BackupsAsync();
        // Whoever writes to the place can have written all but the data: it is shown, and no proof is believed.
        var now = DateTimeOffset.UtcNow;
        var proof = new ProofRecord(BackupProof.Drill, now, 1, true, true, null) { Restored = now, RestoredInto = "18.6" };
        foreach (var backup in backups)
            ManifestStore.Write(backup.Path, OfBefore(backup.Path) with { Proof = proof, Tag = "before-it", Pinned = true, KeepDays = 5 });
        FlipLastByte(backups[0].Path);

        var unasked = await scenario.RunAsync("backups", "sign", "auth", "--all");
        Assert.True(unasked.ExitCode == 2, unasked.All);
        Assert.Contains("encrypted, tag before-it, kept for ever, kept for 5 days", unasked.Errors, StringComparison.Ordinal);
        var signed = await scenario.RunAsync("backups", "sign", "auth", "--all", "--yes");
        Assert.True(signed.ExitCode == 1, signed.All);
        Assert.Contains("signed", signed.Output, StringComparison.Ordinal);

        var found = (await scenario.BackupsAsync()).ToDictionary(b => b.Path);
        Assert.NotNull(found[backups[0].Path].NotAuthenticated);
        Assert.Null(found[backups[1].Path].NotAuthenticated);
        Assert.True(found[backups[1].Path].Proof is { How: BackupProof.Integrity, Good: true, Restored: null, RestoredInto: null });
        await scenario.RunWellAsync("restore", "auth", "--latest", "--to", "standby");
        Assert.Equal(10, await scenario.UsersOfStandbyAsync());
        // What is proven later stays signed.
        await scenario.RunWellAsync("verify", "--path", backups[1].Path);
        Assert.True((await scenario.BackupsAsync()).Single(b => b.Path == backups[1].Path) is { NotAuthenticated: null, Proof.Good: true });
    }

    /// <summary>Otherwise it would be signed with whatever else has been written into it.</summary>
    [Theory]
    [InlineData(true, ErrorIds.NotAuthenticated, "its signature is missing")]
    [InlineData(false, ErrorIds.PassphraseWrong, "the HMAC in its manifest does not fit")]
    public async Task What_has_lost_its_signature_is_not_taken_for_one_of_before(bool saysSo, string errorId, string words)
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, encrypted: true, rows: 10);
        await scenario.RunWellAsync("backup", "auth");
        var ours = Assert.Single(await scenario.BackupsAsync());
        var created = ours.Created.AddDays(1);
        var path = Path.Combine(Path.GetDirectoryName(ours.Path)!, $"auth_manual_backup_{created.UtcDateTime:yyyyMMdd_HHmmss}.dump.enc");
        File.Copy(ours.Path, path);
        var manifest = ManifestStore.Read(ours.Path);
        Assert.True(manifest.Encryption!.Signed);
        WriteAsIs(path, manifest with
        {
            Format = 2, Signature = null, File = Path.GetFileName(path), Created = created, Tag = "deployed", Companions = [],
            Encryption = manifest.Encryption with { Signed = saysSo },
        });

        var result = await scenario.RunAsync("backups", "sign", "--all", "--yes", "--json");

        Assert.True(result.ExitCode == 1, result.All);
        var refused = Assert.Single(BackupScenario.Runs(result)).Error!;
        Assert.Equal(errorId, refused.Id);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.Null(ManifestStore.Read(path).Signature);
        Assert.Equal(ours.Path, Assert.Single(await scenario.BackupsAsync("--latest")).Path);
        // Who names it has looked at it; of what does not fit its own HMAC nobody can have seen that it is whole.
        Assert.Equal(saysSo ? 0 : 1, (await scenario.RunAsync("backups", "sign", "--path", path, "--yes")).ExitCode);
    }

    [Fact]
    public async Task Nothing_is_signed_that_only_lies_there()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, rows: 10);
        await scenario.RunWellAsync("backup", "auth");
        var plain = Assert.Single(await scenario.BackupsAsync());
        scenario.Configure(encrypted: true);
        await scenario.RunWellAsync("backup", "auth");
        var ours = (await scenario.BackupsAsync())[0];
        var dated = Redate(ours, signature: false);
        var altered = Redate(ours, signature: true, days: 2);

        var result = await scenario.RunAsync("backups", "sign", "--all", "--yes");

        Assert.True(result.ExitCode == 1, result.All);
        Assert.Contains("is not encrypted, so nothing shows that it is yours", result.Errors, StringComparison.Ordinal);
        Assert.Contains("has another date in its name", result.Errors, StringComparison.Ordinal);
        Assert.Contains("was altered since it was signed", result.Errors, StringComparison.Ordinal);
        Assert.Null(ManifestStore.Read(plain.Path).Signature);
        Assert.Null(ManifestStore.Read(dated).Signature);
        // Who names it has looked at it.
        await scenario.RunWellAsync("backups", "sign", "--path", plain.Path, "--yes");
        Assert.Null((await scenario.BackupsAsync()).Single(b => b.Path == plain.Path).NotAuthenticated);
        Assert.Equal(1, (await scenario.RunAsync("backups", "sign", "--path", altered, "--yes")).ExitCode);
    }

    [Fact]
    public async Task A_copy_is_ours_as_its_original_is()
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted: true);
        var backup = await vault.BackUpWellAsync();
        Assert.Equal(RunOutcome.Succeeded, (await vault.CopyAsync(backup, vault.Offsite)).Outcome);

        var copy = Assert.Single(await BackupStore.ListAsync(vault.Offsite, Assert.Fail, default, encryption: vault.Config.Encryption));
        Assert.Null(copy.NotAuthenticated);
        Assert.Equal(File.ReadAllBytes(ManifestStore.PathOf(backup.Path)), File.ReadAllBytes(ManifestStore.PathOf(copy.Path)));
        Assert.Single(await BackupStore.HeldAsync(vault.Offsite, null, default, encryption: vault.Config.Encryption));

        // A copy that was tampered with is none, and is mended by copying once more.
        ManifestStore.Write(copy.Path, ManifestStore.Read(copy.Path) with { Created = copy.Created.AddDays(1) });
        Assert.Empty(await BackupStore.HeldAsync(vault.Offsite, null, default, encryption: vault.Config.Encryption));
        Assert.Equal(RunOutcome.Succeeded, (await vault.CopyAsync(backup, vault.Offsite)).Outcome);
        Assert.Single(await BackupStore.HeldAsync(vault.Offsite, null, default, encryption: vault.Config.Encryption));
    }

    [Fact]
    public async Task A_safety_backup_that_is_forged_is_passed_over()
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 10);
        File.AppendAllText(
            Path.Join(scenario.Folder, "backupsync.yml"),
            $"\nencryption: {{ passphrase: \"{BackupScenario.Passphrase}\" }}\n");
        await scenario.OnTargetAsync("CREATE TABLE users AS SELECT i AS id, 'name ' || i AS name FROM generate_series(1, 7) i");
        Assert.Equal(0, (await scenario.RunAsync("sync", "--yes")).ExitCode);
        var safety = BackupCatalog.List(Path.Join(scenario.Folder, "backups")).Single(b => b.Kind == BackupKind.Safety);
        Assert.NotNull(ManifestStore.Read(safety.Path).Signature);
        var source = BackupCatalog.List(Path.Join(scenario.Folder, "backups")).Single(b => b.Kind == BackupKind.Source);
        var forged = Path.Join(Path.GetDirectoryName(safety.Path), "neon_safety_backup_20990101_000000.dump");
        File.Copy(source.Path, forged);
        ManifestStore.Write(forged, ManifestStore.Read(source.Path) with
        {
            File = Path.GetFileName(forged), Kind = BackupKind.Safety, Database = "neon", RunId = "f0f0f0f0", Created = safety.Created
                .AddMinutes(1), Companions = [],
        });

        var refused = await scenario.RunAsync("restore-safety", forged, "--yes");
        Assert.True(refused.ExitCode == 1, refused.All);
        Assert.Contains("is not authenticated", refused.Errors, StringComparison.Ordinal);
        var restored = await scenario.RunAsync("restore-safety", "--job", "railway-to-neon", "--latest", "--yes");
        Assert.True(restored.ExitCode == 0, restored.All);
        Assert.Contains("not authenticated", restored.Errors, StringComparison.Ordinal);
        Assert.Equal(7, await scenario.UsersOnTargetAsync());

        Assert.Equal(0, (await scenario.RunAsync("restore-safety", forged, "--unauthenticated", "--yes")).ExitCode);
        Assert.Equal(10, await scenario.UsersOnTargetAsync());
    }

    [Fact]
    public void Forged_newer_ones_let_no_good_one_expire()
    {
        using var folder = new TempFolder();
        var encryption = new EncryptionConfig(Vault.Passphrase);
        var key = ManifestKey.Of(Vault.Passphrase);
        foreach (var day in Enumerable.Range(0, 3))
            Sign(BackupSamples.Add(folder.Path, $"ours{day}.dump", created: BackupSamples.Morning.AddDays(-day)));
        foreach (var day in Enumerable.Range(0, 20))
            BackupSamples.Add(folder.Path, $"forged{day}.dump", created: BackupSamples.Morning.AddDays(10 + day));
        Sign(BackupSamples.Add(folder.Path, "expired.dump", created: BackupSamples.Morning.AddDays(-9)));
        var now = BackupSamples.Morning.AddDays(40);
        string[] Removed(EncryptionConfig? asked) =>
            [.. Retention.Plan(folder.Path, 7, now, encryption: asked).Where(d => d.Remove).Select(d => Path.GetFileName(d.Path)).Order()];

        Assert.Equal(["expired.dump"], Removed(encryption));
        Assert.Contains("ours0.dump", Removed(null)); // as it was before manifests were signed
        Assert.Equal("ours0.dump", BackupQuery.LatestOfJobs(BackupCatalog.List(folder.Path, encryption: encryption)).Single().FileName);
        Assert.All(BackupCatalog.List(folder.Path, encryption: new EncryptionConfig(new ConfigurationProblem("f", 0, 0, "", "is not set"))),
            b => Assert.NotNull(b.NotAuthenticated));

        void Sign(string path) => ManifestStore.Write(path, ManifestStore.Read(path), key, overwrite: true);
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_no_signature_of_ours()
    {
        var key = ManifestKey.Of(Vault.Passphrase);
        var encryption = new EncryptionConfig(Vault.Passphrase);
        var signed = ManifestStore.Format(BackupSamples.Manifest("a.dump", [1, 2, 3]) with { Tag = new string('0', 64) }, key);
        Assert.Null(ManifestStore.Parse(signed, "a.dump.json", "a.dump", encryption).NotAuthenticated);
        // A salt of its own each time.
        Assert.NotEqual(signed, ManifestStore.Format(ManifestStore.Parse(signed, "a.dump.json", "a.dump"), key));
        for (var i = 0; i < signed.Length; i++)
        {
            var bad = signed.ToArray();
            bad[i] ^= 1;
            WithChecksum(bad);
            try
            {
                // The letters of the checksum itself are mended by that.
                Assert.True(bad.AsSpan().SequenceEqual(signed)
                    || ManifestStore.Parse(bad, "a.dump.json", "a.dump", encryption).NotAuthenticated is not null, $"byte {i}");
            }
            catch (BackupSyncException e)
            {
                Assert.Equal(ErrorIds.BackupInvalid, e.ErrorId);
            }
        }
    }

    static async Task<RunResult> RefusedAsync(BackupScenario scenario, params string[] arguments)
    {
        var result = await scenario.RunAsync(arguments);
        Assert.True(result.ExitCode == 1, result.All);
        return Assert.Single(BackupScenario.Runs(result));
    }

    /// <param name="all">Newest first.</param>
    /// <returns>The archive that would be the newest.</returns>
    static async Task<string> ForgeAsync(BackupScenario scenario, Forgery forgery, List<BackupFile> all)
    {
        switch (forgery)
        {
            case Forgery.OlderWithALaterDate:
                return Redate(all[^1], signature: false);
            case Forgery.OlderWithALaterDateAndItsSignature:
                return Redate(all[^1], signature: true, days: 1);
            case Forgery.ManifestsExchanged:
                var (mine, theirs) = (ManifestStore.Read(all[0].Path), ManifestStore.Read(all[^1].Path));
                WriteAsIs(all[0].Path, theirs with { File = all[0].FileName, Companions = [], Created = mine.Created, Size = mine.Size });
                return all[0].Path;
            case Forgery.ManifestOfAnotherDatabase:
                // Its own passphrase's, and right beside the standby's: only not here.
                await scenario.RunWellAsync("restore", "auth", "--latest", "--to", "standby");
                await scenario.RunWellAsync("backup", "standby");
                var other = (await scenario.BackupsAsync("standby")).First(b => b.Kind == BackupKind.Manual);
                var path = all[^1].Path.Replace(all[^1].FileName, other.FileName, StringComparison.Ordinal);
                foreach (var file in Directory.GetFiles(Path.GetDirectoryName(other.Path)!, other.FileName + "*"))
                    File.Copy(file, Path.Join(Path.GetDirectoryName(path), Path.GetFileName(file)));
                WriteAsIs(path, ManifestStore.Read(path) with { Created = DateTimeOffset.UtcNow.AddMinutes(1) });
                return path;
            default:
                var before = (await scenario.BackupsAsync("auth")).Select(b => b.Path).ToHashSet();
                scenario.Configure(encrypted: forgery == Forgery.SignedWithAnotherPassphrase, passphrase: "another, of twelve letters");
                await scenario.OnAuthAsync("INSERT INTO users VALUES (666, 'not ours')");
                await scenario.RunWellAsync("backup", "auth");
                scenario.Configure(encrypted: true);
                return (await scenario.BackupsAsync("auth")).Single(b => !before.Contains(b.Path)).Path;
        }
    }

    /// <summary>Puts a backup once more into its folder as one of a later day.</summary>
    static string Redate(BackupFile backup, bool signature, int days = 0)
    {
        var created = backup.Created.AddMinutes(10).AddDays(-days);
        var stamp = DateTimeOffset.UtcNow.AddDays(1 + days).ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture);
        var path = Path.Combine(Path.GetDirectoryName(backup.Path)!, $"auth_manual_backup_{stamp}.dump.enc");
        File.Copy(backup.Path, path);
        var manifest = signature ? ManifestStore.Read(backup.Path) : OfBefore(backup.Path) with { Signature = null };
        WriteAsIs(path, manifest with { File = Path.GetFileName(path), Created = created, Companions = [] });
        return path;
    }

    /// <summary>The manifest of an encrypted backup as releases before signatures would have written it.</summary>
    static BackupManifest OfBefore(string path)
    {
        var manifest = ManifestStore.Read(path);
        var encryption = manifest.Encryption! with { Signed = false };
        var keys = EncryptionKeys.Of(encryption, new Secret(BackupScenario.Passphrase), path);
        return manifest with
        {
            Encryption = encryption with { Hmac = Hmac(path) },
            Companions = [.. manifest.Companions.Select(c => c with { Hmac = Hmac(Path.Combine(Path.GetDirectoryName(path)!, c.File)) })],
        };

        string Hmac(string file)
        {
            using var digests = new CiphertextDigests(keys);
            digests.Append(File.ReadAllBytes(file));
            return digests.Finish().Hmac;
        }
    }

    /// <summary>With the checksum that anybody can compute, and the signature that it had.</summary>
    static void WriteAsIs(string path, BackupManifest manifest)
    {
        byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(
            manifest with { Checksum = new string('0', 64) },
            JsonFormat.Indented), (byte)'\n'];
        WithChecksum(bytes);
        File.WriteAllBytes(ManifestStore.PathOf(path), bytes);
    }

    /// <summary>It is the last that a manifest has: 64 letters, then <c>"</c>, a line, <c>}</c>, a line.</summary>
    static void WithChecksum(byte[] manifest)
    {
        var checksum = manifest.AsSpan(manifest.Length - 68, 64);
        checksum.Fill((byte)'0');
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(manifest)), checksum);
    }

    static void FlipLastByte(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
