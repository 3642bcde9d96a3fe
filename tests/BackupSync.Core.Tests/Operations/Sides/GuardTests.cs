using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Sides;

/// <summary>What is refused before anything is touched.</summary>
public sealed class GuardTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task Production_is_never_a_target()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        scenario.Job = scenario.Job with { TargetDatabase = scenario.Job.TargetDatabase with { Role = DatabaseRole.Production } };

        await AssertRefusedAsync(
            scenario, ErrorIds.TargetIsProduction, "neon has the role production, and production is never the target of a sync.");
    }

    [Fact]
    public async Task One_database_under_two_addresses_is_recognised()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnTargetAsync("CREATE TABLE precious (i int); INSERT INTO precious VALUES (1)");
        var other = scenario.TargetAdmin.WithHost("localhost", scenario.TargetAdmin.Port);
        scenario.ReadFrom(other);

        await AssertRefusedAsync(scenario, ErrorIds.SameDatabase, "railway and neon are one and the same database.");
    }

    [Fact]
    public async Task The_same_url_twice_is_told_before_anything_else()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        scenario.ReadFrom(scenario.Target);

        await AssertRefusedAsync(scenario, ErrorIds.SameDatabase, "railway and neon are one and the same database.");
    }

    [Fact]
    public async Task Forced_row_security_is_seen_before_the_target_role_fails_on_it()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap, TestRole.Creator);
        await scenario.FillAsync();
        await scenario.OnSourceAsync("ALTER TABLE users ENABLE ROW LEVEL SECURITY; ALTER TABLE users FORCE ROW LEVEL SECURITY;");

        var result = await AssertRefusedAsync(
            scenario, ErrorIds.PrivilegeMissing, "could not verify public.users: row-level security is forced there, on the owner too.");
        Assert.Matches("^ALTER ROLE .* BYPASSRLS;$", result.Error!.Advice);

        await scenario.OnTargetAsync($"ALTER ROLE {Sql.Identifier(scenario.Target.User)} BYPASSRLS");
        await scenario.SyncWellAsync();
    }

    [Fact]
    public async Task Two_databases_of_one_server_are_not_the_same()
    {
        await using var scenario = await Scenario.CreateAsync(servers.Target, servers.Target);
        await scenario.FillAsync();

        await scenario.SyncWellAsync();
    }

    [Fact]
    public async Task A_source_that_lost_most_of_its_rows_is_refused_unless_forced()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync(1000);
        await scenario.SyncWellAsync();
        await scenario.OnSourceAsync("DELETE FROM users WHERE id > 400");

        await AssertRefusedAsync(
            scenario,
            ErrorIds.SourceShrunken,
            "railway has 400 rows, neon has 1,000: more than the 50% that guards.maximumShrink allows are gone.");

        var forced = await scenario.SyncAsync(force: true);
        Assert.True(forced.Success);
        Assert.True(forced.Forced);
        Assert.Contains(forced.Warnings, w => w.StartsWith("Forced: railway has 400 rows", StringComparison.Ordinal));
        Assert.Equal(400, (await scenario.TargetContentAsync()).TotalRows());
    }

    [Fact]
    public async Task A_reported_table_that_was_emptied_is_refused()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync(1000, "big");
        await scenario.FillAsync(100);
        scenario.Job = scenario.Job with { Verify = new VerifyConfig { Report = ["users"] } };
        await scenario.SyncWellAsync();
        await scenario.OnSourceAsync("DELETE FROM users");

        await AssertRefusedAsync(scenario, ErrorIds.SourceShrunken, "The table public.users of railway is empty; in neon it has 100 rows.");
    }

    [Fact]
    public async Task A_source_without_tables_is_refused_even_by_force()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnTargetAsync("CREATE TABLE precious (i int); INSERT INTO precious VALUES (1)");

        await AssertRefusedAsync(
            scenario, ErrorIds.SourceEmpty, "railway has no tables: there is nothing to copy or back up.", force: true);
    }

    [Fact]
    public async Task A_dump_that_is_too_small_is_refused()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync(3);
        scenario.Job = scenario.Job with { Guards = new GuardsConfig { MinimumBackupSize = 20_000 } };

        var result = await AssertRefusedAsync(scenario, ErrorIds.BackupInvalid, "less than the 20 kB that make a good one");
        Assert.Equal(RunStep.Dump, result.Error!.Step);
        Assert.Empty(Directory.GetFiles(scenario.Directory, "source_*"));
    }

    /// <summary>Who tries it with three rows has done nothing wrong; with thousands, so small a dump is suspicious.</summary>
    [Theory]
    [InlineData(3, true)]
    [InlineData(2000, false)]
    public async Task Where_no_size_was_said_few_rows_make_a_small_dump(int rows, bool isGood)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync($"CREATE TABLE t AS SELECT 1 AS one FROM generate_series(1, {rows})");
        scenario.Job = scenario.Job with { Guards = new GuardsConfig() };

        if (isGood)
            await scenario.SyncWellAsync();
        else
            await AssertRefusedAsync(scenario, ErrorIds.BackupInvalid, "less than the 10 kB that make a good one");
    }

    [Fact]
    public async Task Roles_that_policies_name_are_asked_for_before_anything_is_touched()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        await scenario.OnSourceAsync("DO $$ BEGIN CREATE ROLE \"Clerk of policies\"; EXCEPTION WHEN duplicate_object THEN NULL; END "
            + "$$; ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON users TO \"Clerk of policies\" USING (true);");

        var result = await AssertRefusedAsync(
            scenario,
            ErrorIds.PrivilegeMissing,
            "neon lacks the role(s) Clerk of policies, which policies, user mappings or values of the content name.");
        Assert.Equal("Create them there: CREATE ROLE \"Clerk of policies\" NOLOGIN;", result.Error!.Advice);
    }

    [Fact]
    public async Task A_role_that_may_not_create_databases_cannot_swap()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap, TestRole.Owner);
        await scenario.FillAsync();

        var result = await AssertRefusedAsync(scenario, ErrorIds.PrivilegeMissing, "may not create databases.");
        Assert.Matches("^ALTER ROLE .* CREATEDB;$", result.Error!.Advice);
    }

    [Theory]
    [InlineData("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR {0} SERVER s")]
    [InlineData("CREATE TABLE who (r regrole); INSERT INTO who VALUES (NULL), ('{0}')")]
    [InlineData("CREATE TABLE who (r regrole[]); INSERT INTO who VALUES (ARRAY['{0}'::regrole])")]
    [InlineData("CREATE DOMAIN some_role AS regrole; CREATE TABLE who (r some_role); INSERT INTO who VALUES ('{0}')")]
    [InlineData("CREATE TABLE who (r aclitem[]); INSERT INTO who VALUES ('{{{0}=r/postgres}}')")]
    public async Task Roles_that_user_mappings_and_values_name_are_named_where_the_target_lacks_them(string statements)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        var role = $"named_{Guid.NewGuid():N}";
        await scenario.OnSourceAsync($"CREATE ROLE {role}");
        await scenario.OnSourceAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, statements, role)
            .Replace("/postgres", $"/{scenario.SourceAdmin.User}", StringComparison.Ordinal));

        await AssertRefusedAsync(
            scenario, ErrorIds.PrivilegeMissing, $"lacks the role(s) {role}, which policies, user mappings or values of the content name.");

        // A backup knows them, too.
        var config = new BackupSyncConfig
        {
            Path = Path.Combine(scenario.Directory, "x.yml"),
            Databases = [scenario.Job.SourceDatabase],
            Jobs = [],
            Places = [FolderPlaceConfig.At(scenario.Directory)],
        };
        var backup = (await BackupRunner.BackUpAsync([scenario.Job.SourceDatabase], BackupOrders.ByHand(config), _ => [], null, default))[0]
            .SourceBackup!;
        var restore = await scenario.RestoreAsync(backup);
        Faults.AssertFailed(restore, RunOutcome.Aborted, RunStep.Check, ErrorIds.PrivilegeMissing);
        Assert.Contains(role, restore.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_extension_that_is_in_another_schema_there_is_named_before_a_transaction_begins()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction);
        await scenario.OnSourceAsync("CREATE SCHEMA here; CREATE EXTENSION hstore SCHEMA here; CREATE TABLE t (id int PRIMARY KEY, h "
            + "here.hstore); INSERT INTO t VALUES (1, 'a=>1')");
        await scenario.OnTargetAsync("CREATE SCHEMA there; CREATE EXTENSION hstore SCHEMA there");

        var refused = await AssertRefusedAsync(
            scenario, ErrorIds.PrivilegeMissing, "its extension 'hstore' is in the schema there, and the content needs it in here.");
        Assert.Contains("ALTER EXTENSION \"hstore\" SET SCHEMA \"here\";", refused.Error!.Advice, StringComparison.Ordinal);

        await scenario.OnTargetAsync("CREATE SCHEMA here; ALTER EXTENSION hstore SET SCHEMA here; DROP SCHEMA there");
        var backup = (await scenario.SyncWellAsync()).SourceBackup!;
        await scenario.OnTargetAsync("CREATE SCHEMA there; ALTER EXTENSION hstore SET SCHEMA there");
        var restore = await scenario.RestoreAsync(backup);
        Faults.AssertFailed(restore, RunOutcome.Aborted, RunStep.Check, ErrorIds.PrivilegeMissing);
    }

    [Fact]
    public async Task Objects_of_other_roles_are_named_before_a_transaction_begins()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction, TestRole.Owner);
        await scenario.FillAsync();
        await scenario.OnTargetAsync("CREATE TABLE of_the_superuser (i int)");

        var result = await AssertRefusedAsync(
            scenario, ErrorIds.PrivilegeMissing, "does not own table public.of_the_superuser, and so may not replace it.");
        Assert.StartsWith(
            "Let the role own them: ALTER TABLE public.of_the_superuser OWNER TO ", result.Error!.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_source_role_may_not_read_is_named()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        var (role, password) = ($"reader_{Guid.NewGuid():N}", "pass");
        await scenario.OnSourceAsync(
            $"CREATE ROLE {role} LOGIN PASSWORD '{password}'; GRANT SELECT ON users TO {role}; CREATE TABLE hidden (i int);");
        var reader = servers.Source.AddressFor(scenario.Source.Database, role, password);
        scenario.ReadFrom(reader);

        await AssertRefusedAsync(scenario, ErrorIds.PrivilegeMissing, "may not read public.hidden, public.users_id_seq");
    }

    [Fact]
    public async Task Too_few_free_connections_on_the_source_are_told()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        var (role, password) = ($"few_{Guid.NewGuid():N}", "pass");
        await scenario.OnSourceAsync(
            $"CREATE ROLE {role} LOGIN PASSWORD '{password}' CONNECTION LIMIT 3; GRANT pg_read_all_data TO {role};");
        var few = servers.Source.AddressFor(scenario.Source.Database, role, password);
        scenario.Job = scenario.Job with { Parallel = 4 };
        scenario.ReadFrom(few);

        var result = await scenario.SyncAsync();
        Assert.Null(result.Error);
        Assert.Contains(
            result.Warnings,
            w => w.StartsWith("railway has only 3 free connections of 3; the run keeps to 3 instead of 6.", StringComparison.Ordinal));

        await scenario.OnSourceAsync($"ALTER ROLE {role} CONNECTION LIMIT 1");
        await AssertRefusedAsync(scenario, ErrorIds.TooFewConnections, "railway has 1 free connection(s)");
    }

    /// <summary>A URL that was typed is known by its text only where that is the configuration's.</summary>
    [Fact]
    public async Task Production_by_another_spelling_of_its_address_is_refused()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync(20);
        await scenario.OnTargetAsync("CREATE TABLE theirs AS SELECT 1 AS n");
        var target = scenario.Job.TargetDatabase;
        DatabaseConfig Production(DatabaseAddress address) => Scenario.Named("prod", address, DatabaseRole.Production);
        scenario.Job = scenario.Job with
        {
            TargetDatabase = target with { NotToBe = [Production(target.Address.WithHost("localhost", target.Address.Port))] },
        };

        await AssertRefusedAsync(scenario, ErrorIds.TargetIsProduction, "is prod, which has the role production, by another address.");

        scenario.Job = scenario.Job with
        {
            TargetDatabase = target with
            {
                NotToBe = [Production(target.Address.WithHost("127.0.0.1", 1)), Production(scenario.Source)],
            },
            Limits = scenario.Job.Limits with { Connect = TimeSpan.FromSeconds(1) },
        };
        var result = await scenario.SyncWellAsync();
        Assert.Contains(result.Warnings, w => w.StartsWith(
            "Whether neon is the production database prod by another address was not looked at", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connections_to_the_source_stay_within_the_budget()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync(20_000);
        for (var i = 0; i < 8; i++)
            await scenario.FillAsync(2000, $"t{i}");
        scenario.Job = scenario.Job with { Parallel = 8, Limits = scenario.Job.Limits with { Connections = 3 } };
        using var stop = new CancellationTokenSource();
        var prefix = new RunTag(scenario.Target, "x").SessionPrefix;
        var watching = Task.Run(async () =>
        {
            long most = 0;
            await using var session = await Scenario.OpenAsync(scenario.SourceAdmin);
            Task<long> CountAsync() => session.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE "
                + $"starts_with(application_name, {Sql.Literal(prefix)}) AND datname = current_database()", default);
            while (!stop.IsCancellationRequested)
            {
                var count = await CountAsync();
                if (count > 3)
                {
                    // A server notices the end of a connection a moment after the next one has come.
                    await Task.Delay(200);
                    count = Math.Min(count, await CountAsync());
                }
                most = Math.Max(most, count);
            }
            return most;
        });

        var result = await scenario.SyncAsync();
        await stop.CancelAsync();

        Assert.Null(result.Error);
        Assert.InRange(await watching, 1, 3);
    }

    static async Task<RunResult> AssertRefusedAsync(Scenario scenario, string errorId, string message, bool force = false)
    {
        var before = await scenario.TargetContentAsync();
        var result = await scenario.SyncAsync(force: force);
        Assert.Equal(RunOutcome.Aborted, result.Outcome);
        Assert.Equal(errorId, result.Error!.Id);
        Assert.Contains(message, result.Error.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
        return result;
    }
}
