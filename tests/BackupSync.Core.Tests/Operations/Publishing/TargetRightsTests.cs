using BackupSync.Configuration;

namespace BackupSync.Tests.Operations.Publishing;

/// <summary>Who may do what on the target, and who owns what, is the target's own, and stays as it was.</summary>
public sealed class TargetRightsTests
{
    public static TheoryData<int, PublishMode> Ways => new()
    {
        { 15, PublishMode.Swap }, { 15, PublishMode.Transaction }, { 17, PublishMode.Transaction },
        { 18, PublishMode.Swap }, { 18, PublishMode.Transaction }, { 19, PublishMode.Swap },
    };

    const string Content = """
        CREATE TABLE t (id int PRIMARY KEY, note text); INSERT INTO t VALUES (1, 'a');
        CREATE TABLE measured (at date) PARTITION BY RANGE (at);
        CREATE TABLE measured_24 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        INSERT INTO measured SELECT '2024-01-01'::date + n FROM generate_series(1, 100) n;
        CREATE MATERIALIZED VIEW days AS SELECT at FROM measured;
        CREATE FUNCTION secret_total() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.t';
        CREATE FUNCTION open_one() RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN positive AS int CHECK (value > 0);
        CREATE FUNCTION step(text[], anyelement) RETURNS text[] LANGUAGE sql AS 'SELECT $1';
        CREATE AGGREGATE first_in(ORDER BY anyelement) (SFUNC = step, STYPE = text[], INITCOND = '{}');
        CREATE COLLATION words (LOCALE = 'C'); CREATE OPERATOR =#= (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
        """;

    [SkippableTheory]
    [MemberData(nameof(Ways))]
    public async Task Functions_that_were_shut_to_everybody_stay_shut_and_others_open(int major, PublishMode publish)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, publish);
        await scenario.OnSourceAsync(Content);
        // Before there is anything, as a careful owner does it.
        var owner = scenario.Target.User;
        await scenario.OnTargetAsync($"""
            ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
            ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE USAGE ON TYPES FROM PUBLIC;
            """);

        await scenario.SyncWellAsync();
        Assert.Equal("false false", await RightsAsync(scenario));
        await scenario.OnTargetAsync("GRANT EXECUTE ON FUNCTION open_one() TO PUBLIC");
        await scenario.SyncWellAsync();

        Assert.Equal("false true", await RightsAsync(scenario));
        Assert.Equal(2, await Scenario.CountAsync(scenario.TargetAdmin,
            "SELECT count(*) FROM pg_default_acl WHERE defaclnamespace = 0 AND NOT EXISTS (SELECT FROM aclexplode(defaclacl) WHERE "
                + "grantee = 0)"));
    }

    [SkippableTheory]
    [MemberData(nameof(Ways))]
    public async Task Default_privileges_take_nothing_from_what_is_there_and_owners_and_grants_stay(int major, PublishMode publish)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, publish);
        await scenario.OnSourceAsync(Content);
        await scenario.SyncWellAsync();
        var other = $"other_{Guid.NewGuid():N}";
        await scenario.OnTargetAsync($"""
            CREATE ROLE {other};
            ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO {other}; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {other};
            GRANT SELECT (id) ON t TO {other}; REVOKE UPDATE ON t FROM CURRENT_USER;
            GRANT EXECUTE ON FUNCTION first_in(anyelement) TO {other};
            ALTER TYPE mood OWNER TO {other}; REVOKE ALL ON DOMAIN positive FROM PUBLIC; GRANT USAGE ON DOMAIN positive TO {other};
            ALTER COLLATION words OWNER TO {other}; ALTER OPERATOR =#= (int, int) OWNER TO {other}; COMMENT ON SCHEMA public IS 'ours';
            """);
        var before = await Census.TakeAsync(scenario.TargetAdmin);

        Assert.Empty((await scenario.SyncWellAsync()).Warnings);

        Assert.Equal(before, await Census.TakeAsync(scenario.TargetAdmin));
        Assert.Equal(3, await Scenario.CountAsync(scenario.TargetAdmin, """
            SELECT count(DISTINCT starelid) FROM pg_statistic
            WHERE starelid IN ('public.measured'::regclass, 'public.measured_24'::regclass, 'public.days'::regclass)
            """));
    }

    static async Task<string?> RightsAsync(Scenario scenario)
    {
        await using var session = await Scenario.OpenAsync(scenario.TargetAdmin);
        return await session.ScalarAsync<string>("""
            SELECT has_function_privilege('pg_monitor', 'public.secret_total()', 'execute')::text || ' '
                || has_function_privilege('pg_monitor', 'public.open_one()', 'execute')::text
            """, default);
    }
}
