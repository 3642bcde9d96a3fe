using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Publishing;

/// <summary>What a target holds is replaced again and again by transaction, whatever it is, and however much.</summary>
public sealed class ReplacedObjectsTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task Every_kind_of_object_is_replaced_in_each_run(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Transaction);
        await scenario.OnSourceAsync(EveryKind);
        var objects = await ObjectsAsync(scenario.SourceAdmin);

        for (var run = 1; run <= 3; run++)
        {
            await scenario.SyncWellAsync();

            Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
            Assert.Equal(objects, await ObjectsAsync(scenario.TargetAdmin));
        }
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task An_ordinary_owner_replaces_what_he_owns()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction, TestRole.Owner);
        await scenario.OnSourceAsync("""
            CREATE SCHEMA calc;
            CREATE FUNCTION calc.bump(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
            CREATE AGGREGATE calc.tally(*) (sfunc = calc.bump, stype = bigint, initcond = '0');
            CREATE TABLE calc.t (id int PRIMARY KEY) PARTITION BY HASH (id);
            CREATE TABLE calc.t0 PARTITION OF calc.t FOR VALUES WITH (MODULUS 1, REMAINDER 0);
            INSERT INTO calc.t SELECT generate_series(1, 50); CREATE VIEW calc.how_many AS SELECT calc.tally(*) AS n FROM calc.t;
            CREATE DOMAIN calc.positive AS int CHECK (VALUE > 0); CREATE PROCEDURE calc.nothing() LANGUAGE sql AS 'SELECT 1';
            SELECT lo_from_bytea(0, 'mine');
            """);

        for (var run = 1; run <= 3; run++)
            await scenario.SyncWellAsync();

        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    [Theory]
    [InlineData("CREATE SCHEMA theirs", "schema theirs")]
    [InlineData("CREATE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function public.theirs()")]
    [InlineData("CREATE TYPE theirs AS ENUM ('a')", "type public.theirs")]
    [InlineData("SELECT lo_create(4711)", "large object 4711")]
    public async Task What_he_does_not_own_is_named_before_anything_is_begun(string statement, string what)
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction, TestRole.Owner);
        await scenario.FillAsync();
        await scenario.OnTargetAsync(statement);

        var result = await scenario.SyncAsync();

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Check, ErrorIds.PrivilegeMissing);
        Assert.Contains($"does not own {what},", result.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Large_objects_are_written_over_removed_and_made()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction);
        await scenario.OnSourceAsync("""
            CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
            SELECT lo_from_bytea(5001, 'stays'), lo_from_bytea(5002, 'becomes shorter'), lo_from_bytea(5003, 'goes'),
                lo_from_bytea(5004, 'loses its comment');
            COMMENT ON LARGE OBJECT 5004 IS 'old'; COMMENT ON LARGE OBJECT 5001 IS 'kept';
            """);
        await scenario.SyncWellAsync();
        await scenario.OnSourceAsync("""
            SELECT lo_unlink(5003), lo_from_bytea(5005, 'new'), lo_truncate(lo_open(5002, 131072), 7);
            COMMENT ON LARGE OBJECT 5004 IS NULL; COMMENT ON LARGE OBJECT 5005 IS 'new';
            """);

        await scenario.SyncWellAsync();

        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        Assert.Equal(1, await Scenario.CountAsync(scenario.TargetAdmin, """
            SELECT count(*) FROM (SELECT string_agg(oid || coalesce('=' || obj_description(oid, 'pg_largeobject'), ''), ','
                ORDER BY oid) AS all FROM pg_largeobject_metadata) o
            WHERE o.all = '5001=kept,5002,5004,5005=new'
            """));
    }

    [Fact]
    public async Task What_another_session_has_made_since_the_run_before_goes_too()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        await scenario.OnTargetAsync("CREATE VIEW theirs AS SELECT * FROM users");

        await scenario.SyncWellAsync();

        Assert.Equal(0, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM pg_views WHERE viewname = 'theirs'"));
    }

    [Fact]
    public async Task More_large_objects_than_the_lock_table_has_room_for_are_replaced()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction);
        var room = await Scenario.CountAsync(scenario.TargetAdmin, Room);
        await scenario.OnSourceAsync("CREATE TABLE docs (id int PRIMARY KEY, o oid); INSERT INTO docs SELECT g, lo_from_bytea(0, "
            + $"convert_to('doc ' || g, 'UTF8')) FROM generate_series(1, {room + 3000}) g");
        await scenario.SyncWellAsync();
        await scenario.OnSourceAsync("SELECT lo_put(o, 0, 'DOC') FROM docs WHERE id % 100 = 0");

        await scenario.SyncWellAsync();

        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    [Fact]
    public async Task More_tables_than_the_lock_table_has_room_for_are_refused_before_anything_is_begun()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction);
        var room = await Scenario.CountAsync(scenario.TargetAdmin, Room);
        for (var schema = 0; schema < 4; schema++) // in several transactions, which would have no room either
            await scenario.OnSourceAsync($"CREATE SCHEMA s{schema}; DO $$ BEGIN FOR i IN 1..{room / 20} LOOP EXECUTE format('CREATE "
                + $"TABLE s{schema}.t%s (id int PRIMARY KEY, v text, UNIQUE (v))', i); END LOOP; END $$");

        var refused = await scenario.SyncAsync();

        Faults.AssertFailed(refused, RunOutcome.Aborted, RunStep.Check, ErrorIds.PrivilegeMissing);
        Assert.Matches(
            "would lock about [0-9]+ objects, and the server's lock table has room for [0-9]+ \\(max_locks_per_transaction = [0-9]+\\)",
            refused.Error!.Message);
        Assert.Contains("publish by swap", refused.Error.Advice, StringComparison.Ordinal);
    }

    const string Room = "SELECT current_setting('max_locks_per_transaction')::bigint * (current_setting('max_connections')::int + "
        + "current_setting('max_prepared_transactions')::int)";

    /// <summary>How the server describes what is there, but for generated names.</summary>
    static async Task<IReadOnlyList<string>> ObjectsAsync(DatabaseAddress address)
    {
        await using var session = await PgSession.OpenAsync(new PgLogin("test", address, "test", ReadOnly: false), default);
        return [.. (await session.RowsAsync("""
            SELECT DISTINCT pg_describe_object(classid, objid, 0) FROM pg_depend WHERE objid >= 16384 AND objsubid = 0
              AND classid NOT IN ('pg_trigger'::regclass, 'pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_rewrite'::regclass)
              AND pg_describe_object(classid, objid, 0) !~ 'toast|pg_temp' AND pg_describe_object(classid, objid, 0) IS NOT NULL
            """, default)).Select(r => r.Text(0)).Order(StringComparer.Ordinal)];
    }

    const string EveryKind = """
        CREATE SCHEMA kinds; CREATE SCHEMA "odd ""schema
        line";
        CREATE TABLE "odd ""schema
        line"."t'
        -- Name: x; Type: TABLE" (id int PRIMARY KEY, "c;" text);
        INSERT INTO "odd ""schema
        line"."t'
        -- Name: x; Type: TABLE" VALUES (1, 'a');
        CREATE FUNCTION kinds.bump(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
        CREATE AGGREGATE kinds.tally(*) (sfunc = kinds.bump, stype = bigint, initcond = '0');
        CREATE FUNCTION kinds.os_step(text[], anyelement) RETURNS text[] LANGUAGE sql IMMUTABLE AS 'SELECT array_append($1, ($2)::text)';
        CREATE FUNCTION kinds.os_fin(text[], anyelement) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1[1]';
        CREATE AGGREGATE kinds.first_in(ORDER BY anyelement) (sfunc = kinds.os_step, stype = text[], finalfunc = kinds.os_fin,
            finalfunc_extra, initcond = '{}');
        CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
        CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
        CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing OPTIONS (a 'b');
        CREATE USER MAPPING FOR CURRENT_USER SERVER nowhere; CREATE USER MAPPING FOR PUBLIC SERVER nowhere;
        CREATE FOREIGN TABLE kinds.far (a int) SERVER nowhere;
        CREATE TEXT SEARCH PARSER kinds.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
        CREATE TEXT SEARCH TEMPLATE kinds.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
        CREATE TEXT SEARCH DICTIONARY kinds.dictionary (TEMPLATE = kinds.template);
        CREATE TEXT SEARCH CONFIGURATION kinds.configuration (PARSER = kinds.parser);
        CREATE TYPE kinds.mood AS ENUM ('sad', 'ok'); CREATE TYPE kinds.pair AS (a int, b kinds.mood);
        CREATE TYPE kinds.span AS RANGE (subtype = numeric);
        CREATE TYPE kinds.base; CREATE FUNCTION kinds.bin(cstring) RETURNS kinds.base LANGUAGE internal IMMUTABLE STRICT AS 'textin';
        CREATE FUNCTION kinds.bout(kinds.base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
        CREATE TYPE kinds.base (input = kinds.bin, output = kinds.bout, like = text);
        CREATE DOMAIN kinds.positive AS int;
        CREATE FUNCTION kinds.is_positive(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
        ALTER DOMAIN kinds.positive ADD CONSTRAINT is_positive CHECK (kinds.is_positive(VALUE));
        CREATE FUNCTION kinds.to_mood(int) RETURNS kinds.mood LANGUAGE sql IMMUTABLE AS $$ SELECT 'ok'::kinds.mood $$;
        CREATE CAST (int AS kinds.mood) WITH FUNCTION kinds.to_mood(int);
        CREATE FUNCTION kinds.pair_eq(kinds.pair, kinds.pair) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1.a = $2.a';
        CREATE OPERATOR kinds.=== (LEFTARG = kinds.pair, RIGHTARG = kinds.pair, FUNCTION = kinds.pair_eq, COMMUTATOR = OPERATOR(kinds.===));
        CREATE OPERATOR FAMILY kinds.family USING btree;
        CREATE OPERATOR CLASS kinds.ints FOR TYPE int USING btree FAMILY kinds.family AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
            OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
        CREATE COLLATION kinds.coll (locale = 'C'); CREATE CONVERSION kinds.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
        CREATE FUNCTION kinds.handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
        CREATE LANGUAGE other HANDLER kinds.handler;
        CREATE PROCEDURE kinds.proc(a int, INOUT b int) LANGUAGE other AS 'BEGIN b := a; END';
        CREATE TABLE kinds.t (id int PRIMARY KEY, n text, other int UNIQUE, p kinds.pair, d kinds.positive, s kinds.span,
            EXCLUDE USING gist (s WITH &&)) ; CREATE STATISTICS kinds.stats ON id, other FROM kinds.t;
        CREATE FUNCTION kinds.of_row(kinds.t) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.id';
        CREATE INDEX of_row ON kinds.t (kinds.of_row(t));
        INSERT INTO kinds.t SELECT i, 'n', i, ROW(i, 'ok'::kinds.mood)::kinds.pair, i, numrange(i, i + 1)::text::kinds.span
            FROM generate_series(1, 20) i;
        CREATE TABLE kinds.circle (id int PRIMARY KEY, t int REFERENCES kinds.t);
        ALTER TABLE kinds.t ADD FOREIGN KEY (other) REFERENCES kinds.circle NOT VALID;
        CREATE FUNCTION kinds.of_circle(kinds.circle) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.id';
        ALTER TABLE kinds.circle ADD CHECK (kinds.of_circle(circle) > 0);
        CREATE TABLE kinds.parent (a int, PRIMARY KEY (a), CONSTRAINT small CHECK (a < 1000)) PARTITION BY RANGE (a);
        CREATE TABLE kinds.part PARTITION OF kinds.parent FOR VALUES FROM (0) TO (10); CREATE INDEX ON kinds.parent (a DESC);
        CREATE TABLE kinds.late (a int NOT NULL, CONSTRAINT small CHECK (a < 1000));
        ALTER TABLE kinds.parent ATTACH PARTITION kinds.late FOR VALUES FROM (10) TO (20); INSERT INTO kinds.parent VALUES (1), (11);
        CREATE TABLE kinds.refers (a int REFERENCES kinds.parent); CREATE TABLE kinds.heir (b int) INHERITS (kinds.t);
        CREATE VIEW kinds.grouped AS SELECT id, n FROM kinds.t GROUP BY id;
        CREATE MATERIALIZED VIEW kinds.stored AS SELECT count(*) FROM kinds.t;
        CREATE VIEW kinds.how_many AS SELECT kinds.tally(*) AS n FROM kinds.t;
        CREATE FUNCTION kinds.least() RETURNS int LANGUAGE sql RETURN (SELECT min(id) FROM kinds.grouped);
        CREATE VIEW kinds.a AS SELECT 1 AS x; CREATE VIEW kinds.b AS SELECT * FROM kinds.a;
        CREATE OR REPLACE VIEW kinds.a AS SELECT x FROM (SELECT 1 AS x) q;
        CREATE RULE r AS ON INSERT TO kinds.a DO INSTEAD INSERT INTO kinds.refers VALUES (1);
        ALTER TABLE kinds.refers ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON kinds.refers USING (EXISTS (SELECT FROM kinds.circle));
        CREATE FUNCTION kinds.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TRIGGER tr BEFORE INSERT ON kinds.parent FOR EACH ROW EXECUTE FUNCTION kinds.fire();
        CREATE CONSTRAINT TRIGGER ct AFTER INSERT ON kinds.t FROM kinds.circle FOR EACH ROW EXECUTE FUNCTION kinds.fire();
        CREATE SEQUENCE kinds.alone;
        CREATE TABLE kinds.numbered (id serial, i int GENERATED ALWAYS AS IDENTITY, n bigint DEFAULT nextval('kinds.alone'));
        CREATE FUNCTION kinds.on_event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1; END';
        CREATE EVENT TRIGGER evt ON sql_drop EXECUTE FUNCTION kinds.on_event();
        CREATE TABLE kinds.with_method (a int) USING heap2;
        SELECT lo_from_bytea(900001, 'one'), lo_from_bytea(900002, 'two'); COMMENT ON LARGE OBJECT 900001 IS 'a comment';
        CREATE SCHEMA empty; COMMENT ON SCHEMA public IS 'ours';
        """;
}
