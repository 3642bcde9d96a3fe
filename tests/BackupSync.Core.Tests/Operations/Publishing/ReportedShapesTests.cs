using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Runs;
using BackupSync.Tests.Operations.Incremental;

namespace BackupSync.Tests.Operations.Publishing;

/// <summary>
/// Shapes of databases that pg_dump and pg_restore bring over, rebuilt from what users of such tools have reported: they are copied,
/// proven and restored.
/// </summary>
public sealed class ReportedShapesTests
{
    const string Table = "CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t SELECT g, 'n' || g FROM generate_series(1, 10) g;";

    static readonly Dictionary<string, string> Shapes = new()
    {
        ["a function of a materialized view's rows"] = """
            CREATE MATERIALIZED VIEW mv AS SELECT id, name FROM t GROUP BY id;
            CREATE FUNCTION named(mv) RETURNS text LANGUAGE sql AS 'SELECT $1.name';
            """,
        ["a materialized view that a function of another one reads"] = """
            CREATE MATERIALIZED VIEW later AS SELECT count(*) AS n FROM public.t;
            CREATE FUNCTION total() RETURNS bigint LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT n FROM public.later); END $$;
            CREATE MATERIALIZED VIEW earlier AS SELECT public.total() AS n;
            """,
        ["a range type with a canonical function"] = """
            CREATE TYPE disc;
            CREATE FUNCTION canon(disc) RETURNS disc LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
            CREATE TYPE disc AS RANGE (subtype = int4, canonical = canon);
            CREATE TABLE discs (d disc); INSERT INTO discs VALUES ('[1,3]');
            """,
        ["partitions and children in a server that is away"] = """
            CREATE EXTENSION postgres_fdw;
            CREATE SERVER archive FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1', dbname 'x');
            CREATE USER MAPPING FOR PUBLIC SERVER archive OPTIONS (user 'u', password 'p');
            CREATE TABLE m (id int, at date NOT NULL) PARTITION BY RANGE (at);
            CREATE TABLE m_new PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01'); INSERT INTO m VALUES (1, '2024-02-01');
            CREATE FOREIGN TABLE m_old PARTITION OF m FOR VALUES FROM ('2023-01-01') TO ('2024-01-01') SERVER archive;
            CREATE TABLE parent (id int); INSERT INTO parent VALUES (1);
            CREATE FOREIGN TABLE child () INHERITS (parent) SERVER archive;
            """,
        ["an event trigger that refuses"] = """
            CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'DDL is forbidden here: %',
                tg_tag; END $$;
            CREATE EVENT TRIGGER guard ON ddl_command_start EXECUTE FUNCTION forbid();
            """,
        ["default_tablespace by name"] = """
            CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (100);
            INSERT INTO parts VALUES (5);
            DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_tablespace = pg_default', current_database()); END $$;
            """,
    };

    public static TheoryData<string, int, PublishMode> All
    {
        get
        {
            var data = new TheoryData<string, int, PublishMode>();
            foreach (var (shape, n) in Shapes.Keys.Select((s, n) => (s, n)))
            {
                data.Add(shape, n % 2 == 0 ? 15 : 17, PublishMode.Swap);
                data.Add(shape, n % 2 == 0 ? 18 : 19, PublishMode.Swap);
                data.Add(shape, n % 2 == 0 ? 19 : 18, PublishMode.Transaction);
                data.Add(shape, n % 2 == 0 ? 17 : 15, PublishMode.Transaction);
            }
            return data;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(All))]
    public async Task They_are_copied_twice_proven_and_restored(string shape, int major, PublishMode publish)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, publish);
        await scenario.OnSourceAsync(Table + Shapes[shape]);
        if (shape.StartsWith("default_tablespace", StringComparison.Ordinal))
            await scenario.OnTargetAsync(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_tablespace = pg_default', current_database()); END $$");

        await scenario.SyncWellAsync();
        await AssertSameAsync(scenario, major);
        var second = await scenario.SyncWellAsync();
        await AssertSameAsync(scenario, major);

        var drill = await DrillAsync(scenario, second.SourceBackup!);
        Assert.True(drill.Success, $"{drill.Error}");
        var restored = await scenario.RestoreAsync(second.SourceBackup!);
        Assert.True(restored.Success, $"{restored.Error?.Message} {restored.Error?.Detail}");
        await AssertSameAsync(scenario, major);
    }

    /// <summary>A function that was replaced rewrites no rows: they hold what it gave before.</summary>
    [SkippableTheory]
    [InlineData(15, PublishMode.Transaction)]
    [InlineData(18, PublishMode.Swap)]
    public async Task Generated_values_that_their_expressions_would_not_give_now_are_told_and_stop_nothing(int major, PublishMode publish)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, publish);
        await scenario.OnSourceAsync("""
            CREATE FUNCTION slug(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower($1) $$;
            CREATE TABLE pages (id int PRIMARY KEY, title text, slug text GENERATED ALWAYS AS (slug(title)) STORED);
            INSERT INTO pages (id, title) VALUES (1, 'A b');
            CREATE OR REPLACE FUNCTION slug(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT replace(lower($1), ' ', '-') $$;
            INSERT INTO pages (id, title) VALUES (2, 'C d');
            """);

        var full = await scenario.SyncWellAsync();
        Assert.Contains(
            full.Warnings,
            w => w.Contains("table public.pages: all is equal but the values of its generated columns", StringComparison.Ordinal));
        Assert.Equal("a-b", await Scenario.TextAsync(scenario.TargetAdmin, "SELECT slug FROM pages WHERE id = 1"));
        await scenario.OnSourceAsync("UPDATE pages SET title = 'E f' WHERE id = 2");
        Assert.Equal(SyncMode.Incremental, (await scenario.SyncWellAsync(SyncMode.Incremental)).Mode);
        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental, fullVerify: true)).Tables.Sum(t => t.Changes!.All));
        Assert.True((await DrillAsync(scenario, full.SourceBackup!)).Success);
        Assert.True((await scenario.RestoreAsync(full.SourceBackup!)).Success);

        // What other columns hold is compared as ever.
        await scenario.OnTargetAsync("UPDATE pages SET title = 'other' WHERE id = 1");
        // With the one of before the restore.
        Assert.Equal(2, (await scenario.SyncWellAsync(SyncMode.Incremental, fullVerify: true)).Tables.Sum(t => t.Changes!.Updated));
    }

    /// <summary>
    /// The manual's own example of such a trigger: https://www.postgresql.org/docs/current/event-trigger-database-login-example.html
    /// </summary>
    [SkippableTheory]
    [InlineData(18, PublishMode.Swap)]
    [InlineData(19, PublishMode.Transaction)]
    public async Task A_trigger_of_logins_does_not_write_into_the_copy(int major, PublishMode publish)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, publish);
        await scenario.OnSourceAsync(Table + """
            CREATE TABLE logins (who text, at timestamptz DEFAULT now());
            CREATE FUNCTION on_login() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = public AS $$ BEGIN INSERT INTO logins (who) VALUES (session_user); END $$;
            CREATE EVENT TRIGGER logged ON login EXECUTE FUNCTION on_login();
            ALTER EVENT TRIGGER logged ENABLE ALWAYS;
            """);

        var first = await scenario.SyncWellAsync();
        Assert.Single(first.Tables, t => t.Table == "public.logins" && t.TargetRows == t.SourceRows && t.TargetRows > 0);
        var second = await scenario.SyncWellAsync();
        var drill = await DrillAsync(scenario, second.SourceBackup!);
        Assert.True(drill.Success, $"{drill.Error}");
        Assert.True((await scenario.RestoreAsync(second.SourceBackup!)).Success);
    }

    /// <summary>Neither of two readings tells where it stood when pg_dump asked.</summary>
    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task A_sequence_that_goes_around_while_it_is_dumped_is_what_the_archive_says(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Swap);
        await scenario.OnSourceAsync("CREATE SEQUENCE around MAXVALUE 7 CYCLE; CREATE SEQUENCE back; CREATE TABLE big AS SELECT g AS "
            + "id, repeat(md5(g::text), 6) AS v FROM generate_series(1, 50000) g;");
        using var stop = new CancellationTokenSource();
        var working = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await scenario.OnSourceAsync(
                    "SELECT nextval('around'), setval('back', 1 + (random() * 1000)::int) FROM generate_series(1, 3)");
        });

        for (var run = 0; run < 3; run++)
        {
            var synced = await scenario.SyncWellAsync();
            var restored = await scenario.RestoreAsync(synced.SourceBackup!);
            Assert.True(restored.Success, $"{restored.Error?.Message} {restored.Error?.Detail}");
        }
        await stop.CancelAsync();
        await working;
    }

    [SkippableTheory]
    [InlineData(15, PublishMode.Swap)]
    [InlineData(18, PublishMode.Transaction)]
    public async Task What_is_excluded_of_a_partitioned_table_is_excluded_of_its_partitions(int major, PublishMode publish)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, publish);
        await scenario.OnSourceAsync("""
            CREATE TABLE ev (id int, k int) PARTITION BY LIST (k);
            CREATE TABLE ev_1 PARTITION OF ev FOR VALUES IN (1) PARTITION BY RANGE (id);
            CREATE TABLE ev_1a PARTITION OF ev_1 FOR VALUES FROM (0) TO (1000); INSERT INTO ev SELECT g, 1 FROM generate_series(1, 100) g;
            CREATE TABLE gone (id int) PARTITION BY LIST (id); CREATE TABLE gone_1 PARTITION OF gone FOR VALUES IN (1);
            INSERT INTO gone VALUES (1);
            """ + Table);
        scenario.Job = scenario.Job with { Exclude = new ExcludeConfig { Data = ["ev"], Tables = ["gone"] } };

        await scenario.SyncWellAsync();

        Assert.Equal(0, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM ev"));
        Assert.Equal(0, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM pg_class WHERE relname LIKE 'gone%'"));
        Assert.Equal(10, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM t"));
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task A_large_object_that_has_changed_keeps_what_the_target_says_of_it(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await scenario.OnSourceAsync(Table + "SELECT lo_from_bytea(70001, 'longer than what comes'), lo_from_bytea(70002, 'gone')");
        await scenario.SyncWellAsync();
        await scenario.OnTargetAsync("COMMENT ON LARGE OBJECT 70001 IS 'kept'; GRANT SELECT ON LARGE OBJECT 70001 TO PUBLIC");
        await scenario.OnSourceAsync("SELECT lo_unlink(70001), lo_unlink(70002), lo_from_bytea(70001, 'short')");

        Assert.Equal(SyncMode.Incremental, (await scenario.SyncWellAsync(SyncMode.Incremental)).Mode);

        Assert.Equal("short kept =r", await Scenario.TextAsync(scenario.TargetAdmin,
            "SELECT concat_ws(' ', convert_from(lo_get(oid), 'UTF8'), obj_description(oid, 'pg_largeobject'), substring(lomacl::text "
                + "from '=r')) FROM pg_largeobject_metadata"));
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Tables_come_back_with_rows_that_a_rule_not_valid_would_refuse_and_sequences_of_others_stay(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await scenario.OnSourceAsync("""
            CREATE DOMAIN small AS int;
            CREATE TABLE loans (id int PRIMARY KEY, amount int, rate small) PARTITION BY RANGE (id);
            CREATE TABLE loans_1 PARTITION OF loans FOR VALUES FROM (0) TO (100); INSERT INTO loans VALUES (1, -5, 9);
            ALTER TABLE loans ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID; COMMENT ON CONSTRAINT positive ON loans IS 'since May';
            ALTER DOMAIN small ADD CONSTRAINT lim CHECK (value < 3) NOT VALID;
            CREATE TABLE u1 (id serial PRIMARY KEY); CREATE TABLE u2 (id int DEFAULT nextval('u1_id_seq') PRIMARY KEY);
            INSERT INTO u1 SELECT nextval('u1_id_seq') FROM generate_series(1, 100);
            """);
        var backup = (await scenario.SyncWellAsync()).SourceBackup!;
        await scenario.OnTargetAsync(
            "DELETE FROM loans; DELETE FROM u1 WHERE id > 50; INSERT INTO u2 SELECT nextval('u1_id_seq') FROM generate_series(1, 50)");

        var result = await Scenario.RestoreTablesAsync(scenario.Job, BackupHandles.Of(backup, null), ["loans", "u1"]);

        Assert.Null(result.Error);
        Assert.Equal("1 100 1 f f since May", await Scenario.TextAsync(scenario.TargetAdmin, """
            SELECT concat_ws(' ', (SELECT count(*) FROM loans), (SELECT count(*) FROM u1), (SELECT count(*) FROM pg_constraint
                WHERE conname = 'positive' AND conrelid = 'loans_1'::regclass),
                (SELECT convalidated FROM pg_constraint WHERE conname = 'positive' AND conrelid = 'loans'::regclass), (SELECT convalidated
                    FROM pg_constraint WHERE conname = 'lim'),
                (SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conname = 'positive'
                    AND conrelid = 'loans'::regclass))
            """));
        await scenario.OnTargetAsync("INSERT INTO u2 DEFAULT VALUES");
        Assert.Equal(151, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT max(id)::bigint FROM u2"));
    }

    [SkippableFact]
    public async Task A_key_without_overlaps_is_no_key_to_tell_rows_by()
    {
        var server = await VersionedServers.GetAsync(18);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await scenario.OnSourceAsync("""
            CREATE EXTENSION btree_gist; CREATE TABLE stays (room int, at daterange, name text, PRIMARY KEY (room, at WITHOUT OVERLAPS));
            INSERT INTO stays VALUES (1, '[2024-01-01,2024-02-01)', 'a'), (1, '[2024-02-01,2024-03-01)', 'b');
            """);
        await scenario.SyncWellAsync();
        await scenario.OnSourceAsync("UPDATE stays SET name = 'z' WHERE name = 'a'");

        Assert.Equal(SyncMode.Incremental, (await scenario.SyncWellAsync(SyncMode.Incremental)).Mode);

        await AssertSameAsync(scenario, 18);
    }

    [SkippableFact]
    public async Task Rows_that_an_extension_does_not_let_be_dumped_are_named_and_so_are_the_targets_own_guards()
    {
        var server = await VersionedServers.GetAsync(18);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Swap);
        await scenario.OnSourceAsync(Table + "CREATE EXTENSION cube; COMMENT ON EXTENSION cube IS 'ours'; CREATE TABLE queue (id int "
            + "PRIMARY KEY); INSERT INTO queue VALUES (1); ALTER EXTENSION cube ADD TABLE queue;");
        await scenario.OnTargetAsync("""
            CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
            CREATE EVENT TRIGGER guard ON sql_drop EXECUTE FUNCTION forbid();
            """);

        var result = await scenario.SyncWellAsync();

        Assert.Contains(result.Warnings, w => w.Contains("rows of public.queue are not copied", StringComparison.Ordinal));
        Assert.Contains(result.Warnings, w => w.Contains("the event trigger guard goes", StringComparison.Ordinal));
        Assert.Equal("ours", await Scenario.TextAsync(
            scenario.TargetAdmin,
            "SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'cube'"));
    }

    /// <summary>Rows that came in while triggers were off, and a view that divides by a zero of later.</summary>
    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task What_the_server_refuses_is_left_out_of_a_restore_by_whoever_asks_for_it(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Swap);
        await scenario.OnSourceAsync(Table);
        await scenario.SyncWellAsync();
        await scenario.OnSourceAsync("""
            CREATE TABLE room (id int PRIMARY KEY); CREATE TABLE dis (id int PRIMARY KEY, room int REFERENCES room);
            CREATE INDEX ON dis (room);
            ALTER TABLE dis DISABLE TRIGGER ALL; INSERT INTO dis VALUES (2, 777); ALTER TABLE dis ENABLE TRIGGER ALL;
            CREATE TABLE src (a int); INSERT INTO src VALUES (1); CREATE MATERIALIZED VIEW m AS SELECT 10 / a AS x FROM src;
            INSERT INTO src VALUES (0);
            """);
        var sync = await scenario.SyncAsync();
        Assert.Equal(ErrorIds.RestoreFailed, sync.Error!.Id);
        var backup = sync.SourceBackup!;

        var drill = await DrillAsync(scenario, backup);
        Assert.Equal(ErrorIds.NotProven, drill.Error!.Id);
        Assert.Contains("-SkipRefused (--skip-refused)", drill.Error.Advice);
        var refused = await scenario.RestoreAsync(backup);
        Assert.Contains("-SkipRefused (--skip-refused)", refused.Error!.Advice);

        var restored = await scenario.RestoreAsync(backup, options: new RunOptions { SkipRefused = true });

        Assert.True(restored.Success, $"{restored.Error?.Message} {restored.Error?.Detail}");
        Assert.Contains(restored.Warnings, w => w.Contains("left out: FK CONSTRAINT public dis dis_room_fkey", StringComparison.Ordinal)
            && w.Contains("violates foreign key", StringComparison.Ordinal));
        Assert.Contains(restored.Warnings, w => w.Contains("left out: MATERIALIZED VIEW DATA public m:", StringComparison.Ordinal)
            && w.Contains("division by zero", StringComparison.Ordinal));
        Assert.Equal("777 f 10", await Scenario.TextAsync(scenario.TargetAdmin,
            "SELECT concat_ws(' ', (SELECT room FROM dis), (SELECT relispopulated FROM pg_class WHERE relname = 'm'), (SELECT count(*) "
                + "FROM t))"));

        Assert.Equal(["FK CONSTRAINT public dis dis_room_fkey", "MATERIALIZED VIEW DATA public m"], restored.LeftOut);
    }

    /// <summary>
    /// Functions that were replaced since the rows were written, so that checks refuse them, or raise; and one that reads another
    /// table.
    /// </summary>
    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Rows_that_a_check_refuses_come_back_and_the_check_holds_for_rows_to_come(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Swap);
        await scenario.OnSourceAsync(Table + """
            CREATE FUNCTION known(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
            CREATE FUNCTION raises(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
            CREATE DOMAIN small AS int CHECK (public.known(VALUE));
            CREATE TABLE checked (a int CHECK (known(a)), b int CHECK (b > 0), c small); INSERT INTO checked VALUES (1, 1, 1), (2, 2, 2);
            COMMENT ON CONSTRAINT checked_a_check ON checked IS 'known';
            CREATE TABLE raised (a int, CONSTRAINT fine CHECK (raises(a))); INSERT INTO raised VALUES (1);
            CREATE TABLE parted (a int CHECK (raises(a))) PARTITION BY RANGE (a);
            CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10); INSERT INTO parted VALUES (1);
            CREATE FUNCTION is_room(int) RETURNS boolean
                LANGUAGE plpgsql AS 'BEGIN RETURN EXISTS (SELECT FROM public.room WHERE id = $1); END';
            CREATE TABLE room (id int PRIMARY KEY); INSERT INTO room VALUES (7); CREATE TABLE booked (room int CHECK (is_room(room)));
            INSERT INTO booked VALUES (7);
            CREATE TABLE other (id int PRIMARY KEY REFERENCES room); INSERT INTO other VALUES (7);
            CREATE OR REPLACE FUNCTION known(int) RETURNS boolean LANGUAGE sql AS 'SELECT false';
            CREATE OR REPLACE FUNCTION raises(int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no rule''; END';
            """);
        var backup = (await scenario.SyncAsync()).SourceBackup!;
        Assert.Contains("NOT VALID", (await scenario.RestoreAsync(backup)).Error!.Advice, StringComparison.Ordinal);

        var restored = await scenario.RestoreAsync(backup, options: new RunOptions { SkipRefused = true });

        Assert.True(restored.Success, $"{restored.Error?.Message} {restored.Error?.Detail}");
        Assert.Equal(4, restored.LeftOut.Count);
        Assert.All(restored.LeftOut, o => Assert.StartsWith("validity of constraint ", o, StringComparison.Ordinal));
        Assert.Equal("2 1 1 1 1", await Scenario.TextAsync(scenario.TargetAdmin, "SELECT concat_ws(' ', (SELECT count(*) FROM "
            + "checked), (SELECT count(*) FROM raised), (SELECT count(*) FROM parted), (SELECT count(*) FROM booked), (SELECT count(*) "
            + "FROM other))"));
        Assert.Equal("booked_room_check t, checked_a_check f, checked_b_check t, fine f, parted_a_check f, small_check f", await Scenario
            .TextAsync(scenario.TargetAdmin,
                "SELECT string_agg(DISTINCT conname || ' ' || left(convalidated::text, 1), ', ') FROM pg_constraint WHERE contype = "
                    + "'c' AND connamespace = 'public'::regnamespace"));
        Assert.Equal("known", await Scenario.TextAsync(
            scenario.TargetAdmin,
            "SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conname = 'checked_a_check'"));
    }

    /// <summary>No check is to blame: nothing that could be left out would bring the rows back.</summary>
    [SkippableFact]
    public async Task Rows_are_never_left_out()
    {
        var server = await VersionedServers.GetAsync(18);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Swap);
        await scenario.OnSourceAsync(Table);
        await scenario.SyncWellAsync();
        await scenario.OnSourceAsync("""
            CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2';
            CREATE TABLE computed (a int, b int GENERATED ALWAYS AS (twice(a)) STORED); INSERT INTO computed VALUES (1);
            CREATE OR REPLACE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 0';
            """);
        var backup = (await scenario.SyncAsync()).SourceBackup!;

        var refused = await scenario.RestoreAsync(backup, options: new RunOptions { SkipRefused = true });

        Assert.Equal((RunOutcome.RolledBack, ErrorIds.RestoreFailed), (refused.Outcome, refused.Error?.Id));
        Assert.Contains(
            "refuses TABLE DATA public computed, with and without the checks of the table: division by zero",
            refused.Error!.Message,
            StringComparison.Ordinal);
        Assert.Contains("Rows are never left out", refused.Error.Advice, StringComparison.Ordinal);
        Assert.Equal(10, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM t"));
    }

    /// <summary>
    /// Each entry that is tried again loads everything again: what is made when all rows are there is tried once more, not once for
    /// each.
    /// </summary>
    [SkippableFact]
    public async Task Indexes_that_cannot_be_made_load_the_rows_twice_at_most()
    {
        var server = await VersionedServers.GetAsync(18);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Swap);
        await scenario.OnSourceAsync("""
            CREATE FUNCTION k(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END'; CREATE TABLE t (a int);
            INSERT INTO t VALUES (1);
            CREATE INDEX t_1 ON t (k(a)); CREATE INDEX t_2 ON t (k(a + 1)); CREATE INDEX t_3 ON t (k(a + 2));
            CREATE INDEX t_4 ON t (k(a + 3));
            CREATE OR REPLACE FUNCTION k(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE EXCEPTION ''no key''; END';
            """);

        var result = await scenario.SyncAsync();

        Assert.Equal(ErrorIds.RestoreFailed, result.Error?.Id);
        Assert.Equal(1, scenario.LogLines.Count(l => l.Contains("everything is loaded once more", StringComparison.Ordinal)));
    }

    static Task<RunResult> DrillAsync(Scenario scenario, BackupFile backup) =>
        BackupRunner.ProveAsync(
            BackupHandles.Of(backup, null), BackupProof.Drill, scenario.Job.SourceDatabase, null, null, [], default);

    static async Task AssertSameAsync(Scenario scenario, int major)
    {
        var tools = await new ToolLocator(new ToolsConfig()).FindAsync(major, default);
        await DumpText.AssertSameAsync(tools, scenario.SourceAdmin, scenario.TargetAdmin, "rows");
    }
}
