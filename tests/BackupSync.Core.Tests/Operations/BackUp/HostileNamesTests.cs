using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Postgres;

namespace BackupSync.Tests.Operations.BackUp;

/// <summary>
/// Whatever names a database has, its backups are proven and restored, and syncs copy it: what programs print of names is never taken
/// for more.
/// </summary>
public sealed class HostileNamesTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableTheory]
    [InlineData(BackupCompression.None)]
    [InlineData(BackupCompression.Gzip)]
    [InlineData(BackupCompression.Lz4)]
    [InlineData(BackupCompression.Zstd)]
    public async Task A_backup_is_good_and_all_of_it_comes_back(BackupCompression compression)
    {
        Skip.If(compression is BackupCompression.Lz4 or BackupCompression.Zstd && servers.Tools.Version.Major < 16,
            "pg_dump before version 16 knows gzip only.");
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync(HostileNames.Create);
        var config = new BackupSyncConfig
        {
            Path = Path.Combine(scenario.Directory, "backupsync.yml"), Databases = [scenario.Job.SourceDatabase], Jobs = [],
            Places = [new FolderPlaceConfig { Name = "local", Directory = scenario.Directory }],
        };
        var database = scenario.Job.SourceDatabase with { Role = DatabaseRole.Backup };
        var before = await HostileNames.ContentAsync(scenario.SourceAdmin);

        var order = BackupOrders.ByHand(config);
        order = order with { Settings = order.Settings with { Compression = compression } };
        var backup = Vault.Well((await BackupRunner.BackUpAsync([database], order, _ => [], null, default))[0]).SourceBackup!;
        foreach (var how in new[] { BackupProof.Integrity, BackupProof.Drill })
            Vault.Well(await BackupRunner.ProveAsync(BackupHandles.Of(backup, config), how, database, null, config, [], default));

        await scenario.OnSourceAsync(HostileNames.Change(1, "changed"));
        Assert.NotEqual(before, await HostileNames.ContentAsync(scenario.SourceAdmin));
        // Each by itself, as a pattern of it could match others, too.
        var names = HostileNames.Tables.Select(t => t.Display).ToList();
        var result = Vault.Well(
            await RestoreRunner.RestoreAsync(BackupHandles.Of(backup, config), names, database, config, new RunOptions(), [], default));
        Assert.Equal(names.Order(StringComparer.Ordinal), result.Tables.Select(t => t.Table).Order(StringComparer.Ordinal));
        Assert.Equal(before, await HostileNames.ContentAsync(scenario.SourceAdmin));
    }

    /// <summary>What is left out is named to pg_dump by patterns of its own.</summary>
    [Fact]
    public async Task Any_of_it_can_be_left_out()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync(HostileNames.Create);
        scenario.Job = scenario.Job with
        {
            Exclude = new ExcludeConfig { Data = Every(0), Tables = Every(1) },
        };

        await scenario.SyncWellAsync(SyncMode.Full);

        foreach (var (table, i) in HostileNames.Tables.Select((t, i) => (t.Qualified, i)))
        {
            var isThere = await Scenario.CountAsync(scenario.TargetAdmin,
                $"SELECT count(*) FROM pg_class WHERE oid = to_regclass({Sql.Literal(table)})") > 0;
            Assert.Equal(i % 3 != 1, isThere);
            if (isThere)
                Assert.Equal(i % 3 == 0 ? 0 : i + 3, await Scenario.CountAsync(scenario.TargetAdmin, $"SELECT count(*) FROM {table}"));
        }

        static List<string> Every(int third) =>
            [.. HostileNames.Tables.Where((_, i) => i % 3 == third).Select(t => t.Plain)];
    }

    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_sync_copies_it_and_an_incremental_one_keeps_it_up_to_date(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.OnSourceAsync(HostileNames.Create);

        await scenario.SyncWellAsync(SyncMode.Full);
        Assert.Equal(await HostileNames.ContentAsync(scenario.SourceAdmin), await HostileNames.ContentAsync(scenario.TargetAdmin));

        await scenario.OnSourceAsync(HostileNames.Change(1, "changed"));
        await scenario.SyncWellAsync(SyncMode.Full);
        Assert.Equal(await HostileNames.ContentAsync(scenario.SourceAdmin), await HostileNames.ContentAsync(scenario.TargetAdmin));

        for (var run = 0; run < 2; run++)
        {
            await scenario.OnSourceAsync(HostileNames.Change(3, $"again {run}"));
            await scenario.SyncWellAsync(SyncMode.Incremental);
            Assert.Equal(await HostileNames.ContentAsync(scenario.SourceAdmin), await HostileNames.ContentAsync(scenario.TargetAdmin));
        }
        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental)).Tables.Sum(t => t.Changes?.All ?? 0));
    }

    /// <summary>PostgreSQL's programs take such a name for the settings of a connection.</summary>
    [Theory]
    [InlineData("a=b")]
    [InlineData("postgresql://nowhere")]
    [InlineData("it's a \\ name")]
    public async Task Databases_whose_names_look_like_addresses_are_backed_up_with_their_roles_and_restored(string name)
    {
        var admin = (await servers.CreateSourceAsync()).AsSuperuser;
        await TestDatabase.ExecuteAsync(admin, $"CREATE DATABASE {Sql.Identifier(name)}");
        using var folder = new TempFolder();
        try
        {
            var address = admin.WithDatabase(name);
            await TestDatabase.ExecuteAsync(address, "CREATE TABLE t AS SELECT generate_series(1, 10) i");
            var place = new FolderPlaceConfig { Name = "local", Directory = folder.File("local") };
            var config = new BackupSyncConfig { Path = folder.File("backupsync.yml"), Databases = [], Jobs = [], Places = [place] };
            var odd = Scenario.Named("odd", address, DatabaseRole.Backup);

            var taken = (await BackupRunner.BackUpAsync([odd], BackupOrders.ByHand(config), _ => [], null, default))[0];
            var backup = Vault.Well(taken).SourceBackup!;
            Assert.Empty(taken.Warnings);
            Assert.True(File.Exists(BackupNames.GlobalsOf(backup.Path)));
            var handle = BackupHandles.Of(backup, config);
            Vault.Well(await BackupRunner.ProveAsync(handle, BackupProof.Drill, odd, null, config, [], default));
            await TestDatabase.ExecuteAsync(address, "TRUNCATE t");
            Vault.Well(await RestoreRunner.RestoreAsync(handle, [], odd, config, new RunOptions(), [], default));
            Assert.Equal(10, await Scenario.CountAsync(address, "SELECT count(*) FROM t"));
        }
        finally
        {
            await TestDatabase.ExecuteAsync(admin, $"DROP DATABASE {Sql.Identifier(name)} WITH (FORCE)");
        }
    }
}
