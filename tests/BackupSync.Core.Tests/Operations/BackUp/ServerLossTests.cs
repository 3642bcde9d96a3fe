using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.BackUp;

/// <summary>The server dies while it is backed up.</summary>
public sealed class ServerLossTests(OwnServers servers) : IClassFixture<OwnServers>
{
    [Fact]
    public async Task A_server_killed_during_the_dump_leaves_nothing_and_the_next_backup_goes_well()
    {
        await servers.EnsureRunningAsync();
        using var folder = new TempFolder();
        await using var database = await TestDatabase.CreateAsync(servers.Source, TestRole.Superuser);
        await database.ExecuteAsync("CREATE TABLE noise AS SELECT i AS id, (SELECT string_agg(sha512((i * 100 + j)::text::bytea), '') "
            + "FROM generate_series(1, 16) j) AS bytes FROM generate_series(1, 30000) i");
        await database.ExecuteAsSuperuserAsync("CHECKPOINT"); // the server does not wait for the disk, and must not lose this
        var place = new FolderPlaceConfig { Name = "local", Directory = folder.File("local") };
        var config = new BackupSyncConfig { Path = folder.File("backupsync.yml"), Databases = [], Jobs = [], Places = [place] };
        var auth = Scenario.Named("auth", database.Address, DatabaseRole.Backup);
        var order = BackupOrders.ByHand(config);
        order = order with { Settings = order.Settings with { Limits = new LimitsConfig { Connect = TimeSpan.FromSeconds(2) } } };
        var killing = Faults.WhenAsync(
            database.AsSuperuser,
            $"query LIKE 'COPY public.noise%' AND datname = '{database.Name}'",
            () => servers.Source.KillAsync(default));

        var result = (await BackupRunner.BackUpAsync([auth], order, _ => [], null, default))[0];
        await killing;

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Dump, ErrorIds.DumpFailed, ErrorIds.ConnectionFailed);
        Assert.Empty(Directory.GetFiles(place.Directory, "*.dump*", SearchOption.AllDirectories));
        await servers.EnsureRunningAsync();
        Vault.Well((await BackupRunner.BackUpAsync([auth], order, _ => [], null, default))[0]);
        Assert.Single(await BackupStore.ListAsync(place, s => Assert.Fail(s), default));
    }
}
