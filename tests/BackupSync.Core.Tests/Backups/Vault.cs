using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Tests.Sync;

namespace BackupSync.Tests.Backups;

/// <summary>A database with the realistic schema, a configuration with two folders for its backups, and what to do with them.</summary>
sealed class Vault : IAsyncDisposable
{
    public static readonly Secret Passphrase = new("correct horse battery staple");

    readonly TestDatabase _database;
    readonly TempFolder _folder = new();

    Vault(TestDatabase database, bool encrypted)
    {
        _database = database;
        Database = Scenario.Named("auth", database.Address, DatabaseRole.Backup) with { Tier = new TierConfig { Name = "critical", Rto = TimeSpan.FromHours(1), Rpo = TimeSpan.FromHours(1) } };
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
        return new Vault(await database.WithDemoDataAsync(servers.Tools), encrypted);
    }

    public BackupOrder ByHand(params PlaceConfig[] places) => BackupOrder.ByHand(Config, places.Length > 0 ? places : null);

    public async Task<RunResult> BackUpAsync(BackupOrder? order = null, CancellationToken cancellationToken = default) =>
        (await BackupRunner.BackUpAsync([Database], order ?? ByHand(), _ => [], null, cancellationToken))[0];

    public async Task<BackupFile> BackUpWellAsync(BackupOrder? order = null) => Well(await BackUpAsync(order)).SourceBackup!;

    public Task<RunResult> ProveAsync(BackupFile backup, BackupProof how = BackupProof.Integrity) =>
        BackupRunner.ProveAsync(BackupHandle.Of(backup, Config), how, Database, null, Config.Tools, [], default);

    public Task<RunResult> CopyAsync(BackupFile backup, PlaceConfig to) => BackupRunner.CopyAsync(BackupHandle.Of(backup, Config), to, [], default);

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
