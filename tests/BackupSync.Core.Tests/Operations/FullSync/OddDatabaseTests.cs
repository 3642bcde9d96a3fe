using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>What real databases have and simple copies trip over.</summary>
public sealed class OddDatabaseTests(Servers servers) : IClassFixture<Servers>
{
    public static TheoryData<PublishMode> BothWays => [PublishMode.Swap, PublishMode.Transaction];

    const string HashPartitions = """
        CREATE TYPE kind AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g');
        CREATE TABLE hashed (k kind, n int) PARTITION BY HASH (k);
        CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO hashed SELECT (enum_range(null::kind))[1 + n % 7], n FROM generate_series(1, 100) n;
        """;

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task Odd_but_legal_schemas_are_copied_again_and_again(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        // On the target, other enums first: the oids that hashes go by differ.
        await scenario.OnTargetAsync("CREATE TYPE shifts_oids AS ENUM ('x'); CREATE TYPE shifts_more AS ENUM ('x', 'y')");
        await scenario.OnSourceAsync(HashPartitions + """
            CREATE TABLE ranged (a int) PARTITION BY RANGE (a);
            CREATE TABLE ranged_0 PARTITION OF ranged FOR VALUES FROM (0) TO (1000);
            INSERT INTO ranged SELECT generate_series(1, 999);
            ALTER TABLE ranged ADD CONSTRAINT later CHECK (a > 10) NOT VALID;
            SELECT lo_from_bytea(0, '\xdeadbeef');
            SELECT lo_from_bytea(4242, convert_to(repeat('large object ', 20000), 'UTF8'));
            COMMENT ON LARGE OBJECT 4242 IS 'a picture';
            CREATE TYPE shell;
            CREATE TABLE ddl_log (at timestamptz, what text);
            INSERT INTO ddl_log VALUES ('2025-01-01', 'first');
            CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ddl_log
                VALUES (now(), tg_tag); END $$;
            CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM ranged;
            CREATE EVENT TRIGGER logs_ddl ON ddl_command_end EXECUTE FUNCTION log_ddl();
            """);

        for (var run = 0; run < 3; run++)
        {
            var result = await scenario.SyncWellAsync();
            Assert.Empty(result.Warnings);
            Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        }
        Assert.Equal(2, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM pg_largeobject_metadata"));
        Assert.Equal(1, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM ddl_log"));
    }

    [Fact]
    public async Task Large_objects_do_not_end_the_transaction_that_publishes()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction);
        await scenario.OnTargetAsync("CREATE TABLE precious (a int); INSERT INTO precious SELECT generate_series(1, 500)");
        var before = await scenario.TargetContentAsync();
        await scenario.FillAsync();
        await scenario.OnSourceAsync("""
            SELECT lo_from_bytea(0, '\xdead');
            """);
        using var stop = new CancellationTokenSource();

        var result = await scenario.SyncAsync(Faults.AtStep(RunStep.Verify, stop.Cancel), stop.Token);

        Assert.Equal(RunOutcome.Cancelled, result.Outcome);
        Assert.Equal(0, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM pg_largeobject_metadata"));
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task Rights_on_the_target_stay_as_they_are(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.OnSourceAsync("""
            CREATE SCHEMA app; CREATE TABLE app.users (id int); CREATE TYPE mood AS ENUM ('a');
            CREATE FUNCTION secret(mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
            CREATE FUNCTION plain(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
            CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
            """);
        await scenario.SyncWellAsync();
        var reader = $"reader_{Guid.NewGuid():N}";
        await scenario.OnTargetAsync($"""
            CREATE ROLE {reader};
            REVOKE ALL ON FUNCTION secret(mood) FROM PUBLIC; GRANT EXECUTE ON FUNCTION secret(mood) TO {reader};
            REVOKE ALL ON FUNCTION total(int) FROM PUBLIC;
            GRANT USAGE ON SCHEMA app TO {reader};
            ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO {reader};
            REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO {reader};
            """);
        await using (var session = await Scenario.OpenAsync(scenario.TargetAdmin))
            Assert.Equal(await RightsAsync(session), await AfterAnotherSyncAsync());

        async Task<string?> AfterAnotherSyncAsync()
        {
            Assert.Empty((await scenario.SyncWellAsync()).Warnings);
            await using var session = await Scenario.OpenAsync(scenario.TargetAdmin);
            return await RightsAsync(session);
        }

        async Task<string?> RightsAsync(PgSession session) => await session.ScalarAsync<string>($"""
            SELECT concat_ws(' ', has_function_privilege('{reader}', 'public.secret(mood)', 'EXECUTE'),
                has_function_privilege('pg_monitor', 'public.secret(mood)', 'EXECUTE'),
                has_function_privilege('pg_monitor', 'public.plain(int)', 'EXECUTE'),
                has_function_privilege('pg_monitor', 'public.total(int)', 'EXECUTE'),
                has_schema_privilege('{reader}', 'app', 'USAGE'),
                has_schema_privilege('pg_monitor', 'public', 'USAGE'), has_schema_privilege('{reader}', 'public', 'USAGE'),
                (SELECT string_agg(defaclobjtype::text || ' ' || array_to_string(ARRAY(SELECT a.privilege_type || a.grantee::regrole
                    FROM aclexplode(defaclacl) a WHERE a.grantee = '{reader}'::regrole), ','), ';') FROM pg_default_acl))
            """, default);
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task A_trigger_that_is_off_on_a_partition_of_a_partition_stays_off(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.OnSourceAsync("""
            CREATE TABLE ev (id int, k int) PARTITION BY RANGE (k);
            CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM (0) TO (10) PARTITION BY HASH (id);
            CREATE TABLE ev_1_a PARTITION OF ev_1 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
            INSERT INTO ev SELECT n, n % 10 FROM generate_series(1, 100) n;
            CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
            CREATE TRIGGER tr BEFORE INSERT ON ev FOR EACH ROW EXECUTE FUNCTION tf();
            COMMENT ON TRIGGER tr ON ev IS 'of all';
            ALTER TABLE ev_1_a DISABLE TRIGGER tr;
            """);

        // Which of pg_restore's workers was first was a matter of chance.
        for (var run = 0; run < 4; run++)
            Assert.Empty((await scenario.SyncWellAsync()).Warnings);

        Assert.Equal(1, await Scenario.CountAsync(
            scenario.TargetAdmin,
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.ev_1_a'::regclass AND tgenabled = 'D'"));
        Assert.Equal(1, await Scenario.CountAsync(
            scenario.TargetAdmin,
            "SELECT count(*) FROM pg_trigger WHERE obj_description(oid, 'pg_trigger') = 'of all'"));
    }

    [Fact]
    public async Task An_empty_search_path_of_the_target_is_carried_over()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await scenario.FillAsync();
        await scenario.OnTargetAsync($"ALTER DATABASE {Sql.Identifier(scenario.Target.Database)} SET search_path = ''");

        await scenario.SyncWellAsync();
        await scenario.SyncWellAsync();
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task A_lost_lock_is_rolled_back_from(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.FillAsync(20_000);
        await scenario.SyncWellAsync();
        var before = await scenario.TargetContentAsync();
        await scenario.OnSourceAsync("UPDATE users SET name = 'changed'");

        var result = await scenario.SyncAsync(e =>
        {
            if (e is StepStarted { Step: RunStep.Verify })
            {
                scenario.OnTargetAsync("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid IN (SELECT "
                    + "pid FROM pg_stat_activity WHERE starts_with(application_name, "
                    + $"{Sql.Literal(new RunTag(scenario.Target, "x").SessionPrefix)}))").Wait();
            }
        });

        Assert.Equal(RunOutcome.RolledBack, result.Outcome);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task Idle_time_limits_of_the_role_do_not_hold_for_a_run(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.FillAsync(300_000);
        await scenario.OnTargetAsync($"ALTER ROLE {Sql.Identifier(scenario.Target.User)} SET idle_session_timeout = '200ms'");
        await scenario.OnSourceAsync($"ALTER ROLE {Sql.Identifier(scenario.Source.User)} SET idle_session_timeout = '200ms'; ALTER "
            + $"ROLE {Sql.Identifier(scenario.Source.User)} SET idle_in_transaction_session_timeout = '200ms'");

        await scenario.SyncWellAsync();
    }
}
