using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Encryption;

namespace BackupSync.Tests.Backups;

[Trait("Needs", "nothing")]
public sealed class BackupCatalogTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly List<string> _warnings = [];

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void No_directory_means_no_backups()
    {
        Assert.Empty(BackupCatalog.List(_temp.File("missing"), _warnings.Add));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void The_newest_comes_first_then_the_name_decides()
    {
        BackupSamples.Add(_temp.Path, "b.dump", BackupKind.Source, BackupSamples.Morning);
        BackupSamples.Add(_temp.Path, "c.dump", BackupKind.Safety, BackupSamples.Morning);
        BackupSamples.Add(_temp.Path, "a.dump", BackupKind.Manual, BackupSamples.Morning.AddHours(1));

        Assert.Equal(["a.dump", "c.dump", "b.dump"], BackupCatalog.List(_temp.Path, _warnings.Add).Select(b => b.FileName));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_backup_has_what_its_manifest_says()
    {
        var path = BackupSamples.Add(_temp.Path, "a.dump", BackupKind.Safety);

        var backup = Assert.Single(BackupCatalog.List(_temp.Path));

        Assert.Equal(path, backup.Path);
        Assert.Equal((BackupKind.Safety, "railway-to-neon", "neon", "a1b2c3d4"), (backup.Kind, backup.Job, backup.Database, backup.RunId));
        Assert.Equal((BackupSamples.Morning, 13L, 2), (backup.Created, backup.Rows, backup.Tables));
        Assert.Equal(new FileInfo(path).Length, backup.Size);
    }

    [Fact]
    public void Manifest_that_is_named_for_its_backup_is_told_to_be_one()
    {
        var path = BackupSamples.Add(_temp.Path, "a.dump", BackupKind.Safety);

        var failure = Assert.Throws<BackupSyncException>(() => BackupCatalog.Open($"{path}.json"));

        Assert.Equal(
            (ErrorIds.BackupInvalid, $"{path}.json is a manifest: the backup is {path}.", $"Name the backup: {path}."),
            (failure.ErrorId, failure.Message, failure.Advice));
    }

    [Fact]
    public void What_a_manifest_says_of_keeping_and_proof_is_shown()
    {
        var proof = new ProofRecord(BackupSync.Configuration.BackupProof.Drill, BackupSamples.Morning.AddHours(1), 12.5, true, null, null)
        {
            Verdict = ProofVerdict.Good,
        };
        BackupSamples.Add(_temp.Path, "a.dump.enc", BackupKind.Plan, change: m => m with
        {
            Tag = "pre-deployment-1", Pinned = true, KeepDays = 30, Proof = proof, Encryption = new EncryptionInfo(600_000, "00", "00"),
        });
        BackupSamples.Add(_temp.Path, "b.dump", created: BackupSamples.Morning.AddDays(-1));

        var backups = BackupCatalog.List(_temp.Path, _warnings.Add);

        Assert.Equal(
            ("pre-deployment-1", true, 30, true, proof, null),
            (backups[0].Tag, backups[0].Pinned, backups[0].KeepDays, backups[0].Encrypted, backups[0].Proof, backups[0].Place));
        Assert.Equal(
            (null, false, null, false, null),
            (backups[1].Tag, backups[1].Pinned, backups[1].KeepDays, backups[1].Encrypted, backups[1].Proof));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void What_looks_like_a_backup_but_is_none_is_told()
    {
        BackupSamples.Add(_temp.Path, "good.dump");
        _temp.Write("unfinished.dump", "PGDMP");
        File.Delete(BackupSamples.Add(_temp.Path, "gone.dump"));
        File.WriteAllText(BackupSamples.Add(_temp.Path, "short.dump"), "PGDMP");
        _temp.Write("encrypted.dump.enc", "Salted__");
        _temp.Write("damaged.dump", "PGDMP");
        _temp.Write("damaged.dump.json", "{");

        Assert.Equal(["good.dump"], BackupCatalog.List(_temp.Path, _warnings.Add).Select(b => b.FileName));
        Assert.Collection(
            _warnings,
            w => Assert.Contains("damaged.dump.json is damaged", w, StringComparison.Ordinal),
            w => Assert.Contains("encrypted.dump.enc: no manifest", w, StringComparison.Ordinal),
            w => Assert.Contains("gone.dump.json: a manifest whose archive is gone", w, StringComparison.Ordinal),
            w => Assert.Contains("short.dump: is truncated", w, StringComparison.Ordinal),
            w => Assert.Contains("unfinished.dump: no manifest", w, StringComparison.Ordinal));
    }

    [Fact]
    public void Other_files_and_folders_are_passed_over()
    {
        string[] names = ["history.jsonl", "history-2026-11.jsonl", "latest.json", ".latest.lock", ".backups.lock", "backupsync.log",
            "backupsync.log.1", "notes.txt", "notes.json", "a.dump.partial", "a.dump.json.partial"];
        foreach (var name in names)
            _temp.Write(name, "");
        Directory.CreateDirectory(_temp.File("below"));
        BackupSamples.Add(_temp.File("below"), "b.dump");
        Directory.CreateDirectory(_temp.File("folder.dump"));

        Assert.Empty(BackupCatalog.List(_temp.Path, _warnings.Add));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_directory_that_is_a_file_has_no_backups() => Assert.Empty(BackupCatalog.List(_temp.Write("file", "")));

    [Fact]
    public void A_safety_backup_that_a_restore_took_has_no_job_and_says_how_it_is_restored()
    {
        var backup = new BackupFile(
            _temp.File("a.dump"), BackupKind.Safety, "restore-auth", "auth", DateTimeOffset.UtcNow, 10, 1, 1, "a1b2c3d4", "15.18", "00");
        var config = new BackupSyncConfig { Path = _temp.File("backupsync.yml"), Databases = [], Jobs = [], Places = [] };

        var e = Assert.Throws<BackupSyncException>(() => SafetyBackups.JobOf(backup, config));

        Assert.Equal(ErrorIds.UnknownName, e.ErrorId);
        Assert.Contains("restore --path", e.Advice, StringComparison.Ordinal);
    }
}
