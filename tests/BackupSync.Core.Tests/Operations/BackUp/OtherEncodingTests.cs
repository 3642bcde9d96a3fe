using BackupSync.Application;
using BackupSync.Configuration;

namespace BackupSync.Tests.Operations.BackUp;

public sealed class OtherEncodingTests(Servers servers) : IClassFixture<Servers>
{
    [Theory]
    [InlineData("LATIN1", "C")]
    [InlineData("SQL_ASCII", "C")]
    public async Task A_database_of_another_encoding_is_backed_up_with_its_names(string encoding, string locale)
    {
        var admin = servers.Source.AddressFor("postgres", servers.Source.Address.User, servers.Source.Address.Password!);
        var name = $"db_{Guid.NewGuid():N}"[..15];
        await TestDatabase.ExecuteAsync(
            admin,
            $"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE '{locale}' LC_CTYPE '{locale}' TEMPLATE template0");
        using var folder = new TempFolder();
        try
        {
            var address = admin.WithDatabase(name);
            await TestDatabase.ExecuteAsync(
                address,
                "CREATE TABLE \"größe\" AS SELECT 'Grüße' || i AS \"schlüssel\" FROM generate_series(1, 10) i");
            var place = new FolderPlaceConfig { Name = "local", Directory = folder.File("local") };
            var config = new BackupSyncConfig { Path = folder.File("backupsync.yml"), Databases = [], Jobs = [], Places = [place] };
            var auth = Scenario.Named("auth", address, DatabaseRole.Backup);

            var backup = Vault.Well((await BackupRunner.BackUpAsync([auth], BackupOrders.ByHand(config), _ => [], null, default))[0])
                .SourceBackup!;

            Assert.Equal(10, backup.Rows);
            Vault.Well(
                await BackupRunner.ProveAsync(BackupHandles.Of(backup, config), BackupProof.Integrity, auth, null, config, [],
                    default));
        }
        finally
        {
            await TestDatabase.ExecuteAsync(admin, $"DROP DATABASE {name} WITH (FORCE)");
        }
    }
}
