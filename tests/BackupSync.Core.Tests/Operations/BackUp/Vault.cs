using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.BackUp;

/// <summary>A database with the realistic schema, a configuration with two folders for its backups, and what to do with them.</summary>
sealed class Vault : IAsyncDisposable
{
    public static readonly Secret Passphrase = new("correct horse battery staple");

    readonly TestDatabase _database;
    readonly TempFolder _folder = new();

    Vault(TestDatabase database, bool encrypted)
    {
        _database = database;
        Database = Scenario.Named("auth", database.Address, DatabaseRole.Backup) with { Tier = new TierConfig
        {
            Name = "critical",
            Rto = TimeSpan.FromHours(1),
            Rpo = TimeSpan.FromHours(1),
        } };
        Local = new FolderPlaceConfig { Name = "local", Directory = _folder.File("local") };
        Offsite = new FolderPlaceConfig { Name = "offsite", Directory = _folder.File("offsite") };
        Config = new BackupSyncConfig
        {
            Path = _folder.File("backupsync.yml"), Databases = [Database], Jobs = [], Places = [Local, Offsite],
            Encryption = encrypted ? new EncryptionConfig(Passphrase) : null,
        };
    }

    public TestDatabase Server => _database;
    public DatabaseConfig Database { get; set; }
    public BackupSyncConfig Config { get; set; }
    public FolderPlaceConfig Local { get; }
    public FolderPlaceConfig Offsite { get; }
    public TempFolder Folder => _folder;

    public static async Task<Vault> CreateAsync(Servers servers, bool encrypted = false, TestRole role = TestRole.Superuser)
    {
        var database = await TestDatabase.CreateAsync(servers.Source, role);
        return new Vault(await database.WithRealisticDataAsync(servers.Tools), encrypted);
    }

    public BackupOrder ByHand(params PlaceConfig[] places) => BackupOrders.ByHand(Config, places.Length > 0 ? places : null);

    public async Task<RunResult> BackUpAsync(BackupOrder? order = null, CancellationToken cancellationToken = default) =>
        (await BackupRunner.BackUpAsync([Database], order ?? ByHand(), _ => [], null, cancellationToken))[0];

    public async Task<BackupFile> BackUpWellAsync(BackupOrder? order = null) => Well(await BackUpAsync(order)).SourceBackup!;

    public Task<RunResult> ProveAsync(BackupFile backup, BackupProof how = BackupProof.Integrity) =>
        BackupRunner.ProveAsync(BackupHandles.Of(backup, Config), how, Database, null, Config, [], default);

    public Task<RunResult> CopyAsync(BackupFile backup, PlaceConfig to) =>
        BackupRunner.CopyAsync(BackupHandles.Of(backup, Config), to, Config, [], default);

    /// <summary>Puts a backup once more into its folder, under another name.</summary>
    /// <param name="change">What else its manifest says.</param>
    public static void PutAgain(BackupFile backup, string name, Func<BackupManifest, BackupManifest>? change = null)
    {
        var path = Path.Combine(Path.GetDirectoryName(backup.Path)!, name);
        File.Copy(backup.Path, path);
        File.Copy(BackupNames.GlobalsOf(backup.Path), BackupNames.GlobalsOf(path));
        var manifest = ManifestStore.Read(backup.Path);
        manifest = manifest with { File = name, Companions = [manifest.Companions[0] with { File = Path.GetFileName(
            BackupNames.GlobalsOf(path)) }] };
        ManifestStore.Write(path, change?.Invoke(manifest) ?? manifest);
    }

    /// <summary>What a plan's backup of the next minute would be called, whenever it is taken.</summary>
    public static IEnumerable<string> NamesOfNextMinute() =>
        from second in Enumerable.Range(0, 60) select $"auth_backup_{DateTime.UtcNow.AddSeconds(second):yyyyMMdd_HHmmss}.dump";

    /// <summary>Of two backups with one name, the second does not take the place of the first.</summary>
    public async Task AssertNamesakeIsRefusedAsync(PlaceConfig place)
    {
        var first = await BackUpWellAsync();
        Well(await CopyAsync(first, place));
        Well(await CopyAsync(first, place)); // the same once more is no other
        var second = await BackUpWellAsync();
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(first.Path)!, first.FileName + "*"))
            File.Delete(file);
        PutAgain(second, first.FileName);
        var namesake = Assert.Single(await BackupStore.ListAsync(Local, s => Assert.Fail(s), default), b => b.FileName == first.FileName);

        var refused = await CopyAsync(namesake, place);

        Faults.AssertFailed(refused, RunOutcome.Aborted, RunStep.Store, ErrorIds.PlaceFailed);
        Assert.Contains(first.FileName, refused.Error!.Message, StringComparison.Ordinal);
        var kept = Assert.Single(await BackupStore.ListAsync(place, s => Assert.Fail(s), default));
        Assert.Equal((first.Sha256, first.RunId), (kept.Sha256, kept.RunId));
        Well(await ProveAsync(kept));
    }

    public static RunResult Well(RunResult result)
    {
        Assert.True(result.Success, $"{result.Outcome}: {result.Error?.Message} {result.Error?.Detail}");
        return result;
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }
}
