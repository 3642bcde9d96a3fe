using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>Ordinary roles, with what others made around them, as managed servers have it.</summary>
public sealed class RoleTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task An_untrusted_extension_that_another_created_is_kept_by_publishing_in_a_transaction()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Auto, TestRole.Creator);
        await scenario.FillAsync();
        await scenario.OnSourceAsync("CREATE EXTENSION citext; CREATE EXTENSION pgstattuple; COMMENT ON EXTENSION pgstattuple IS 'for "
            + "the audit'; ALTER TABLE users ADD email citext; UPDATE users SET email = name || '@example.com'");
        await scenario.OnTargetAsync("CREATE EXTENSION citext; CREATE EXTENSION pgstattuple");
        var oid = await Scenario.CountAsync(scenario.TargetAdmin, ExtensionOid);

        for (var run = 0; run < 2; run++)
        {
            var result = await scenario.SyncAsync();
            Assert.Null(result.Error);
            Assert.Equal("Transaction", result.Publish);
            Assert.Contains(scenario.LogLines, l => l.Contains("may not create the extension 'pgstattuple'", StringComparison.Ordinal));
            Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        }
        Assert.Equal(oid, await Scenario.CountAsync(scenario.TargetAdmin, ExtensionOid));
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task An_untrusted_extension_that_is_not_there_is_told_with_what_to_do()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Auto, TestRole.Creator);
        await scenario.FillAsync();
        await scenario.OnSourceAsync("CREATE EXTENSION pgstattuple");

        var result = await scenario.SyncAsync();

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Check, ErrorIds.PrivilegeMissing);
        Assert.Contains("may not create the extension 'pgstattuple'", result.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("CREATE EXTENSION \"pgstattuple\"", result.Error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trusted_extensions_that_another_created_are_no_obstacle_to_a_swap()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Auto, TestRole.Creator);
        await scenario.FillAsync();
        await scenario.OnSourceAsync("CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions; CREATE EXTENSION hstore; "
            + "COMMENT ON EXTENSION citext IS 'letters of any case'; ALTER TABLE users ADD email extensions.citext, ADD more hstore; "
            + "UPDATE users SET email = name || '@example.com', more = 'a=>1'");
        await scenario.OnTargetAsync("CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions; CREATE EXTENSION hstore");

        for (var run = 0; run < 2; run++)
        {
            var result = await scenario.SyncAsync();
            Assert.Null(result.Error);
            Assert.Equal("Swap", result.Publish);
            Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        }
        await scenario.AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_member_of_the_role_that_owns_the_target_may_replace_it(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish, TestRole.Creator);
        await scenario.FillAsync();
        var team = Sql.Identifier($"team_{Guid.NewGuid():N}");
        await scenario.OnTargetAsync($"""
            CREATE ROLE {team}; GRANT {team} TO {Sql.Identifier(scenario.Target.User)};
            ALTER DATABASE {Sql.Identifier(scenario.Target.Database)} OWNER TO {team};
            CREATE TABLE theirs (i int); ALTER TABLE theirs OWNER TO {team};
            """);
        try
        {
            await scenario.SyncWellAsync();
            await scenario.OnTargetAsync($"ALTER TABLE users OWNER TO {team}");
            var result = await scenario.SyncWellAsync();

            Assert.Equal(publish.ToString(), result.Publish);
            Assert.Equal(1, await Scenario.CountAsync(scenario.TargetAdmin,
                "SELECT count(*) FROM pg_database WHERE datname = current_database() AND pg_get_userbyid(datdba) = "
                    + $"{Sql.Literal(Sql.Bare(team))}"));
            Assert.Equal(1, await Scenario.CountAsync(scenario.TargetAdmin,
                $"SELECT count(*) FROM pg_class WHERE relname = 'users' AND pg_get_userbyid(relowner) = {Sql.Literal(Sql.Bare(team))}"));
            Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        }
        finally
        {
            await scenario.OnTargetAsync(
                $"REASSIGN OWNED BY {team} TO {Sql.Identifier(scenario.Target.User)}; DROP OWNED BY {team}; DROP ROLE {team};");
        }
        await scenario.AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_standby_that_is_read_only_for_its_users_is_still_synced(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish, TestRole.Creator);
        await scenario.PrepareAsync();
        await scenario.OnTargetAsync($"ALTER DATABASE {Sql.Identifier(scenario.Target.Database)} SET default_transaction_read_only = on");

        await scenario.AssertNextRunGoesWellAsync();

        Assert.Equal("on", await TestDatabase.ScalarAsync<string>(scenario.TargetAdmin, "SHOW default_transaction_read_only"));
    }

    const string ExtensionOid = "SELECT oid::bigint FROM pg_extension WHERE extname = 'pgstattuple'";
}
