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

    [Theory]
    [InlineData(TestRole.Superuser)]
    [InlineData(TestRole.Creator)]
    public async Task Nobody_finds_it_before_it_is_verified_and_then_it_is_open_as_any_new_one_and_stays_so(TestRole role)
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();
        await using var target = await servers.CreateTargetAsync(role);
        await using var other = await servers.CreateTargetAsync(TestRole.Owner);
        var address = Missing(target);
        var seen = new List<string?>();

        var result = await RestoreAsync(vault, backup, address, new RunListener(told =>
        {
            if (told is StepStarted { Step: RunStep.Statistics or RunStep.Restore or RunStep.Verify or RunStep.CheckPublished })
                seen.Add(Found(target.AsSuperuser, address.Database));
        }));

        Assert.True(result.Success, $"{result.Error}");
        Assert.Equal(["nothing", "nothing", "nothing", "nothing"], seen);
        Assert.Null(result.SafetyBackup);
        Assert.Equal(1, await CountAsync(target));
        await EnsureOpenAsync();
        Assert.True((await RestoreAsync(vault, backup, address)).Success);
        await EnsureOpenAsync();

        async Task EnsureOpenAsync()
        {
            Assert.Equal(1, await TestDatabase.ScalarAsync<int>(other.Address.WithDatabase(address.Database), "SELECT 1"));
            Assert.True(await target.ScalarAsync<bool>(
                $"SELECT coalesce(datacl @> acldefault('d', datdba) AND datacl <@ acldefault('d', datdba), true) "
                    + $"FROM pg_database WHERE datname = '{address.Database}'"));
        }
    }

    [Theory]
    [InlineData(RunStep.Restore)]
    [InlineData(RunStep.CheckPublished)]
    public async Task What_others_create_under_its_name_meanwhile_stays_as_it_is(RunStep step)
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();
        await using var target = await servers.CreateTargetAsync();
        var address = Missing(target);

        var result = await RestoreAsync(vault, backup, address, new RunListener(told =>
        {
            if (told is StepStarted started && started.Step == step)
                Task.Run(CreateAsync).GetAwaiter().GetResult();
        }));

        Assert.Equal(ErrorIds.PublishFailed, result.Error!.Id);
        Assert.Contains("It is left as it is", result.Error.Message, StringComparison.Ordinal);
        Assert.Equal(1, await TestDatabase.ScalarAsync<long>(address, "SELECT count(*) FROM theirs"));
        Assert.Equal(1, await CountAsync(target));

        async Task CreateAsync()
        {
            await target.ExecuteAsync($"CREATE DATABASE \"{address.Database}\"");
            await TestDatabase.ExecuteAsync(address, "CREATE TABLE theirs AS SELECT 1 AS id");
        }
    }

    [Fact]
    public async Task What_a_backup_does_not_have_of_the_database_itself_is_told()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();
        await using var target = await servers.CreateTargetAsync();
        var told = new List<string>();

        await RestoreAsync(vault, backup, Missing(target), new RunListener(e =>
        {
            if (e is RunLog log)
                told.Add(log.Message);
        }));

        Assert.Contains(told, t => t.Contains("no grants on the database itself, nor its owner, connection limit and comment",
            StringComparison.Ordinal));
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

    /// <summary>Whether a database of the name is there, and others may connect to what stands in for it.</summary>
    static string? Found(DatabaseAddress admin, string name) => Task.Run(() => TestDatabase.ScalarAsync<string>(admin,
        $"""
        SELECT coalesce(string_agg(datname, ', '), 'nothing') FROM pg_database
        WHERE datname = '{name}'
            OR (datname LIKE 'backupsync%_target' AND (datacl IS NULL OR EXISTS (SELECT FROM aclexplode(datacl) WHERE grantee = 0)))
        """)).GetAwaiter().GetResult();

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
