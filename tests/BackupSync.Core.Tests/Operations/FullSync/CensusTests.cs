using BackupSync.Configuration;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>A run makes no target poorer, or opener, than it was, in silence.</summary>
public sealed class CensusTests
{
    /// <summary>One object of every kind that has an owner.</summary>
    const string Content = """
        CREATE EXTENSION hstore; CREATE EXTENSION postgres_fdw;
        CREATE SCHEMA app;
        CREATE TABLE app.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text, secret text);
        INSERT INTO app.t (note) VALUES ('a'), ('b');
        CREATE TABLE public.parts (id int, at date) PARTITION BY RANGE (at);
        CREATE TABLE public.parts_24 PARTITION OF public.parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE VIEW app.v AS SELECT id FROM app.t; CREATE MATERIALIZED VIEW app.m AS SELECT id FROM app.t; CREATE SEQUENCE app.numbers;
        CREATE SEQUENCE app.of_table OWNED BY app.t.id; CREATE STATISTICS app.st ON id, note FROM app.t;
        CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT $1';
        CREATE PROCEDURE app.p() LANGUAGE sql AS 'SELECT 1';
        CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
        CREATE TYPE app.mood AS ENUM ('a', 'b'); CREATE TYPE app.pair AS (a int, b int);
        CREATE DOMAIN app.positive AS int CHECK (value > 0);
        CREATE TYPE app.span AS RANGE (SUBTYPE = int); CREATE COLLATION app.words (LOCALE = 'C');
        CREATE CONVERSION app.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
        CREATE OPERATOR app.=#= (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq); CREATE OPERATOR FAMILY app.fam USING btree;
        CREATE OPERATOR CLASS app.cls FOR TYPE int USING btree FAMILY app.fam AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=,
            OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
        CREATE TEXT SEARCH CONFIGURATION app.conf (COPY = pg_catalog.simple);
        CREATE TEXT SEARCH DICTIONARY app.dict (TEMPLATE = pg_catalog.simple);
        CREATE FOREIGN DATA WRAPPER wrapper; CREATE SERVER there FOREIGN DATA WRAPPER wrapper;
        CREATE FOREIGN TABLE app.far (id int) SERVER there;
        CREATE FUNCTION app.handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
        CREATE TRUSTED LANGUAGE lang HANDLER app.handler;
        CREATE FUNCTION app.nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER watching ON sql_drop EXECUTE FUNCTION app.nothing(); SELECT lo_from_bytea(4711, 'x');
        """;

    public static TheoryData<int, PublishMode> Ways
    {
        get
        {
            var ways = new TheoryData<int, PublishMode>();
            foreach (var major in new[] { 15, 17, 18, 19 })
            {
                ways.Add(major, PublishMode.Swap);
                ways.Add(major, PublishMode.Transaction);
            }
            return ways;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Ways))]
    public async Task What_is_no_content_is_as_it_was(int major, PublishMode publish)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, publish);
        await scenario.OnSourceAsync(Content);
        await scenario.SyncWellAsync();
        var id = Guid.NewGuid().ToString("N")[..8];
        var (other, third, boss) = ($"other_{id}", $"third \"{id}\"", $"boss_{id}");
        var named = Quoted(third);
        await scenario.OnTargetAsync($"""
            CREATE ROLE {other}; CREATE ROLE {named}; CREATE ROLE {boss} SUPERUSER;
            ALTER SCHEMA app OWNER TO {other}; GRANT USAGE ON SCHEMA app TO {named} WITH GRANT OPTION;
            ALTER TABLE app.t OWNER TO {other}; ALTER TABLE app.v OWNER TO {named}; ALTER MATERIALIZED VIEW app.m OWNER TO {boss};
            ALTER SEQUENCE app.numbers OWNER TO {other};
            GRANT SELECT, INSERT ON app.t TO {named} WITH GRANT OPTION; GRANT UPDATE (note, id) ON app.t TO {named};
            GRANT SELECT (secret) ON app.t TO PUBLIC;
            SET ROLE {named}; GRANT SELECT ON app.t TO {boss}; RESET ROLE; REVOKE DELETE, TRUNCATE ON app.t FROM {other};
            GRANT USAGE ON SEQUENCE app.numbers TO PUBLIC; ALTER STATISTICS app.st OWNER TO {other};
            REVOKE ALL ON FUNCTION app.f FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.f TO {named}; ALTER FUNCTION app.f OWNER TO {boss};
            ALTER PROCEDURE app.p OWNER TO {other};
            REVOKE ALL ON PROCEDURE app.p FROM {other}, PUBLIC; ALTER AGGREGATE app.total(int) OWNER TO {other};
            GRANT EXECUTE ON FUNCTION app.total TO {named} WITH GRANT OPTION;
            ALTER TYPE app.mood OWNER TO {other}; ALTER TYPE app.pair OWNER TO {named}; ALTER DOMAIN app.positive OWNER TO {other};
            REVOKE ALL ON TYPE app.mood FROM PUBLIC;
            GRANT USAGE ON DOMAIN app.positive TO {boss}; ALTER TYPE app.span OWNER TO {other};
            ALTER COLLATION app.words OWNER TO {other}; ALTER CONVERSION app.conv OWNER TO {other};
            ALTER OPERATOR app.=#= (int, int) OWNER TO {other}; ALTER OPERATOR FAMILY app.fam USING btree OWNER TO {other};
            ALTER OPERATOR CLASS app.cls USING btree OWNER TO {named};
            ALTER TEXT SEARCH CONFIGURATION app.conf OWNER TO {other}; ALTER TEXT SEARCH DICTIONARY app.dict OWNER TO {other};
            ALTER FOREIGN DATA WRAPPER wrapper OWNER TO {boss}; GRANT USAGE ON FOREIGN DATA WRAPPER wrapper TO {named};
            ALTER SERVER there OWNER TO {boss};
            GRANT USAGE ON FOREIGN SERVER there TO {other} WITH GRANT OPTION; ALTER FOREIGN TABLE app.far OWNER TO {other};
            ALTER LANGUAGE lang OWNER TO {boss}; REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC; GRANT USAGE ON LANGUAGE plpgsql TO {other};
            ALTER EVENT TRIGGER watching OWNER TO {boss}; ALTER LARGE OBJECT 4711 OWNER TO {other};
            GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;
            -- What came with an extension, and the system's own.
            REVOKE EXECUTE ON FUNCTION hstore(text, text) FROM PUBLIC; ALTER FUNCTION hstore_to_json(hstore) OWNER TO {other};
            GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO {other};
            REVOKE EXECUTE ON FUNCTION pg_catalog.lo_create(oid) FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO {other};
            REVOKE SELECT ON pg_catalog.pg_tables FROM PUBLIC; GRANT SELECT (rolpassword) ON pg_catalog.pg_authid TO {other};
            REVOKE USAGE ON SCHEMA information_schema FROM PUBLIC;
            -- What new objects get.
            ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {named};
            ALTER DEFAULT PRIVILEGES FOR ROLE {other} IN SCHEMA app GRANT SELECT ON TABLES TO {named}, PUBLIC;
            ALTER DEFAULT PRIVILEGES FOR ROLE {other} REVOKE ALL ON TABLES FROM {other};
            ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {other} WITH GRANT OPTION;
            -- The schema "public", and the database.
            ALTER SCHEMA public OWNER TO {other}; GRANT ALL ON SCHEMA public TO {named}; REVOKE USAGE ON SCHEMA public FROM PUBLIC;
            COMMENT ON SCHEMA public IS 'it''s ours';
            ALTER DATABASE {scenario.Target.Database} SET work_mem = '5MB';
            ALTER ROLE {other} IN DATABASE {scenario.Target.Database} SET work_mem = '6MB';
            GRANT CREATE ON DATABASE {scenario.Target.Database} TO {named} WITH GRANT OPTION;
            COMMENT ON DATABASE {scenario.Target.Database} IS 'a copy';
            -- What is published.
            CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert'); COMMENT ON PUBLICATION everything IS 'all';
            CREATE PUBLICATION few FOR TABLE app.t (id, note) WHERE (id > 1), TABLE public.parts WITH (publish_via_partition_root = true);
            ALTER PUBLICATION few OWNER TO {boss};
            CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA app; CREATE PUBLICATION empty;
            """);
        var before = await Census.TakeAsync(scenario.TargetAdmin);

        var warnings = (await scenario.SyncWellAsync()).Warnings;

        var after = await Census.TakeAsync(scenario.TargetAdmin);
        Assert.True(before.SequenceEqual(after),
            $"gone: {string.Join('\n', before.Except(after))}\n\ncome: {string.Join('\n', after.Except(before))}\n\ntold: "
                + $"{string.Join('\n', warnings)}");
        Assert.Empty(warnings);
    }

    /// <summary>Whose role is no superuser's may not bring everything back: what he may not is told.</summary>
    [SkippableTheory]
    [MemberData(nameof(Ways))]
    public async Task What_an_ordinary_owner_may_not_bring_back_is_told(int major, PublishMode publish)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(
            server, server, publish, publish == PublishMode.Swap ? TestRole.Creator : TestRole.Owner);
        await scenario.OnSourceAsync("""
            CREATE EXTENSION hstore; CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, note text);
            INSERT INTO app.t VALUES (1, 'a'); CREATE TABLE app.u (id int); CREATE TABLE app.w (id int);
            CREATE FUNCTION app.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; CREATE TYPE app.mood AS ENUM ('a');
            SELECT lo_from_bytea(4711, 'x'); CREATE SEQUENCE app.s;
            """);
        await scenario.SyncWellAsync();
        var id = Guid.NewGuid().ToString("N")[..8];
        var (mine, third, self) = ($"mine_{id}", $"third_{id}", scenario.Target.User);
        await scenario.OnTargetAsync($"""
            CREATE ROLE {mine}; CREATE ROLE {third}; GRANT {mine} TO {self}; GRANT CREATE, USAGE ON SCHEMA app TO {mine}, {third};
            ALTER TABLE app.u OWNER TO {mine}; GRANT SELECT ON app.u TO {third} WITH GRANT OPTION; SET ROLE {third};
            GRANT SELECT ON app.u TO {mine}; RESET ROLE;
            REVOKE ALL ON FUNCTION app.f FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.f TO {third};
            GRANT SELECT (note), UPDATE ON app.t TO {third}; REVOKE INSERT ON app.t FROM {self};
            ALTER TYPE app.mood OWNER TO {mine}; GRANT USAGE ON SEQUENCE app.s TO {third}; GRANT SELECT ON LARGE OBJECT 4711 TO {third};
            REVOKE EXECUTE ON FUNCTION hstore(text, text) FROM PUBLIC; REVOKE EXECUTE ON FUNCTION pg_catalog.lo_create(oid) FROM PUBLIC;
            ALTER DEFAULT PRIVILEGES FOR ROLE {self} GRANT SELECT ON TABLES TO {third};
            ALTER DEFAULT PRIVILEGES FOR ROLE {third} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
            CREATE PUBLICATION everything FOR ALL TABLES; CREATE PUBLICATION few FOR TABLE app.t (id);
            ALTER PUBLICATION few OWNER TO {self}; COMMENT ON SCHEMA public IS 'ours';
            """);
        if (publish == PublishMode.Swap)
            await scenario.OnTargetAsync($"ALTER TABLE app.w OWNER TO {third}; GRANT SELECT ON app.w TO {self}");
        var before = await Census.TakeAsync(scenario.TargetAdmin);

        var warnings = (await scenario.SyncWellAsync()).Warnings;

        var after = await Census.TakeAsync(scenario.TargetAdmin);
        var told = string.Join('\n', warnings);
        var untold = before.Except(after).Concat(after.Except(before))
            .Where(l => !Words(l).Any(w => told.Contains(w, StringComparison.Ordinal)))
            .ToList();
        Assert.True(untold.Count == 0, $"untold: {string.Join('\n', untold)}\n\ntold: {told}");
        if (publish == PublishMode.Swap)
        {
            Assert.Contains("hstore(text, text)", told, StringComparison.Ordinal);
            Assert.Contains("app.w: owned by", told, StringComparison.Ordinal);
            Assert.Contains("CREATE PUBLICATION everything FOR ALL TABLES", told, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// A routine is the same though its arguments have other names; and what its owner's change takes along is brought back where that
    /// cannot be made.
    /// </summary>
    [SkippableTheory]
    [MemberData(nameof(Ways))]
    public async Task Functions_stay_shut_though_an_argument_is_renamed_or_the_owner_cannot_be_set(int major, PublishMode publish)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(
            server, server, publish, publish == PublishMode.Swap ? TestRole.Creator : TestRole.Owner);
        await scenario.OnSourceAsync("""
            CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY); INSERT INTO s.t VALUES (1);
            CREATE FUNCTION s.pay(amount int, VARIADIC more int[]) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
            CREATE FUNCTION s.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
            CREATE PROCEDURE s.p(INOUT a int, b text) LANGUAGE sql AS 'SELECT 1';
            """);
        await scenario.SyncWellAsync();
        var (own, reader, self) = ($"own_{Guid.NewGuid():N}", $"reader_{Guid.NewGuid():N}", scenario.Target.User);
        await scenario.OnTargetAsync($"""
            CREATE ROLE {own}; CREATE ROLE {reader}; GRANT {own} TO {self}; GRANT CREATE, USAGE ON SCHEMA s TO {own};
            ALTER TABLE s.t OWNER TO {own}; GRANT SELECT ON s.t TO {reader}; ALTER FUNCTION s.f OWNER TO {own};
            REVOKE ALL ON FUNCTION s.f FROM PUBLIC; GRANT EXECUTE ON FUNCTION s.f TO {reader};
            REVOKE ALL ON FUNCTION s.pay FROM PUBLIC; GRANT EXECUTE ON FUNCTION s.pay TO {reader};
            REVOKE ALL ON PROCEDURE s.p FROM PUBLIC; REVOKE CREATE ON SCHEMA s FROM {own};
            """);
        await scenario.OnSourceAsync("DROP FUNCTION s.pay; CREATE FUNCTION s.pay(cents int, VARIADIC others int[]) RETURNS int "
            + "LANGUAGE sql SECURITY DEFINER AS 'SELECT 2'");

        var warnings = (await scenario.SyncWellAsync()).Warnings;

        await using var session = await Scenario.OpenAsync(scenario.TargetAdmin);
        Assert.Equal("t t t t t f f f", await session.ScalarAsync<string>($"""
            SELECT concat_ws(' ', has_table_privilege('{reader}', 's.t', 'SELECT'), has_table_privilege('{own}', 's.t', 'SELECT'),
                has_function_privilege('{reader}', 's.f()', 'EXECUTE'),
                has_function_privilege('{own}', 's.f()', 'EXECUTE'), has_function_privilege('{reader}', 's.pay(int, int[])', 'EXECUTE'),
                has_function_privilege('pg_monitor', 's.f()', 'EXECUTE'),
                has_function_privilege('pg_monitor', 's.pay(int, int[])', 'EXECUTE'),
                has_function_privilege('pg_monitor', 's.p(int, text)', 'EXECUTE'))
            """, default));
        Assert.Contains(
            warnings,
            w => w.Contains("ROUTINE s.f()", StringComparison.Ordinal) && w.Contains($"before by {own}", StringComparison.Ordinal));
        Assert.DoesNotContain(
            warnings,
            w => w.Contains("lost", StringComparison.Ordinal) || w.Contains("gained", StringComparison.Ordinal));
    }

    /// <summary>What names an object in a line of the census: with its schema, or alone where it has none.</summary>
    static IEnumerable<string> Words(string line) =>
        line[..(line.IndexOf(": ", StringComparison.Ordinal) is > 0 and var end ? end : line.Length)].Split(' ')
        .Concat(line.StartsWith("publi", StringComparison.Ordinal) ? [line.Split("\"pubname\": \"")[^1].Split('"')[0]] : [])
        .Select(w => w.Split('(', '[')[0]) // arguments and arrays are spelt otherwise
        .Where(w => w.Contains('.', StringComparison.Ordinal) || w is "public" or "hstore" or "lo_create"
            || w.StartsWith("every", StringComparison.Ordinal)
            || w.StartsWith("third_", StringComparison.Ordinal));

    static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
