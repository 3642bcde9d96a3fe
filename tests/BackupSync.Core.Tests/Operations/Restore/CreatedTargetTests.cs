using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Tests.Operations.BackUp;

namespace BackupSync.Tests.Operations.Restore;

/// <summary>A restore to a database that is not there.</summary>
public sealed class CreatedTargetTests(Servers servers) : IClassFixture<Servers>
{
    [Theory]
    [InlineData(TestRole.Superuser)]
    [InlineData(TestRole.Creator)]
    public async Task It_is_created_like_the_one_that_the_backup_is_of(TestRole role)
    {
        await using var vault = await Vault.CreateAsync(servers);
        await vault.Server.ExecuteAsync($"ALTER DATABASE \"{vault.Server.Name}\" SET bytea_output = 'escape'");
        var backup = await vault.BackUpWellAsync();
        await using var target = await servers.CreateTargetAsync(role);
        var address = Missing(target);

        var result = await RestoreAsync(vault, backup, address);

        Assert.True(result.Success, $"{result.Error}");
        Scenario.AssertSame(
            await Scenario.ContentAsync(vault.Server.AsSuperuser),
            await Scenario.ContentAsync(target.AsSuperuser.WithDatabase(address.Database)));
        const string Made = "SELECT pg_encoding_to_char(encoding) || datcollate || datctype FROM pg_database WHERE datname = "
            + "current_database()";
        Assert.Equal(await vault.Server.ScalarAsync<string>(Made), await TestDatabase.ScalarAsync<string>(address, Made));
        Assert.Equal("escape", await TestDatabase.ScalarAsync<string>(address, "SHOW bytea_output"));
        Assert.Equal(target.Address.User, await TestDatabase.ScalarAsync<string>(
            address, "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()"));
        // And it is an ordinary target from then on.
        Assert.True((await RestoreAsync(vault, backup, address)).Success);
    }

    [Theory]
    [InlineData(RunStep.Statistics)]
    [InlineData(RunStep.Restore)]
    [InlineData(RunStep.CheckPublished)]
    public async Task It_is_removed_again_where_the_restore_fails(RunStep step)
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();
        await using var target = await servers.CreateTargetAsync();
        using var stop = new CancellationTokenSource();

        var result = await RestoreAsync(vault, backup, Missing(target), new RunListener(told =>
        {
            if (told is StepStarted started && started.Step == step)
                stop.Cancel();
        }), stop.Token);

        Assert.Equal(RunOutcome.Cancelled, result.Outcome);
        Assert.Equal(0, await CountAsync(target));
    }

    [Fact]
    public async Task A_role_that_may_not_create_it_is_told_what_it_lacks()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();
        await using var target = await servers.CreateTargetAsync(TestRole.Owner);

        var result = await RestoreAsync(vault, backup, Missing(target));

        Assert.Equal(ErrorIds.PrivilegeMissing, result.Error!.Id);
        Assert.Contains("CREATEDB", result.Error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_tables_alone_none_is_created()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();
        await using var target = await servers.CreateTargetAsync();

        var result = await RestoreAsync(vault, backup, Missing(target), tables: ["users"]);

        Assert.Equal(ErrorIds.DatabaseMissing, result.Error!.Id);
        Assert.Equal(0, await CountAsync(target));
    }

    [Fact]
    public void A_url_of_a_production_database_is_that_database_and_another_of_its_name_is_told_from_it()
    {
        var config = AdHocConfiguration.In(Path.GetTempPath()) with
        {
            Databases = [Scenario.Named("auth", DatabaseAddress.Parse("postgresql://u:p@db.example/sales"), DatabaseRole.Production)],
        };

        Assert.True(Selection.ByUrl(config, "postgresql://other@db.example:5432/sales") is { Name: "auth", Role: DatabaseRole.Production });
        Assert.True(Selection.ByUrl(config, "postgresql://u@db.example/auth") is { Name: "auth-db.example", Role: DatabaseRole.Backup });
        Assert.True(Selection.ByUrl(config, "postgresql://u@db.example/fresh") is { Name: "fresh", Role: DatabaseRole.Backup });
    }

    static DatabaseAddress Missing(TestDatabase target) => target.Address.WithDatabase($"{target.Name} of a restore");

    static Task<long> CountAsync(TestDatabase target) => target.ScalarAsync<long>(
        $"SELECT count(*) FROM pg_database WHERE datname LIKE '{target.Name} of a%' OR (datname <> '{target.Name}' AND "
            + $"pg_get_userbyid(datdba) = '{target.Address.User}')");

    static Task<RunResult> RestoreAsync(
        Vault vault, BackupFile backup, DatabaseAddress address, IRunObserver? observer = null,
        CancellationToken cancellationToken = default, IReadOnlyList<string>? tables = null) =>
        RestoreRunner.RestoreAsync(
            BackupHandles.Of(backup, vault.Config), tables ?? [], Scenario.Named("fresh", address, DatabaseRole.Backup), vault.Config,
            new RunOptions(), observer is null ? [] : [observer], cancellationToken);
}
