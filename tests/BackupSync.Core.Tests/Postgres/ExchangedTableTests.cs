using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Operations.Publishing;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Tests.Postgres;

/// <summary>
/// Who owns a table or a sequence exchanges it for a view between our listing it and our lock on it. His functions do not run as the
/// role that reads or writes, whether or not the server knows <c>restrict_nonsystem_relation_kind</c>.
/// </summary>
public sealed class ExchangedTableTests(Servers servers) : IClassFixture<Servers>
{
    /// <summary>One that runs when it is read, and one that runs when the query is planned.</summary>
    const string Traps = """
        CREATE FUNCTION trap() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
        CREATE FUNCTION early_trap(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ran as %', current_user;
        END $$;
        CREATE FUNCTION trigger_trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
        """;

    const string Content = """
        CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t SELECT i, 'name ' || i FROM generate_series(1, 20) i;
        CREATE TABLE indexed (id int PRIMARY KEY, name text); INSERT INTO indexed SELECT * FROM t; CREATE INDEX ON indexed (lower(name));
        CREATE SEQUENCE s;
        CREATE TABLE empty (id int, name text);
        CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT * FROM v;
        """;

    static string ExchangeTable(string table) => $"""
        ALTER TABLE {table} RENAME TO {table}_before;
        CREATE VIEW {table} AS SELECT trap() AS id, name FROM {table}_before WHERE early_trap(1);
        CREATE TRIGGER instead INSTEAD OF INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION trigger_trap()
        """;

    const string ExchangeSequence =
        "DROP SEQUENCE s; CREATE VIEW s AS SELECT trap()::bigint AS last_value, true AS is_called WHERE early_trap(1)";

    /// <summary>Up to version 15 a table becomes a view and is the same relation, which is a table still in a snapshot of before.</summary>
    const string ByRule =
        "CREATE RULE \"_RETURN\" AS ON SELECT TO empty DO INSTEAD SELECT trap() AS id, NULL::text AS name WHERE early_trap(1)";

    [SkippableTheory]
    [InlineData("t", true)]
    [InlineData("t", false)]
    [InlineData("indexed", true)]
    [InlineData("empty", true)]
    [InlineData("s", true)]
    [InlineData("s", false)]
    public async Task On_the_source_of_a_full_sync(string relation, bool isUnknown)
    {
        Skip.If(relation == "empty" && servers.Source.Version.Major > 15, "From version 16 on no table becomes a view.");
        await using var scenario = await CreateAsync();
        if (isUnknown)
            await HideSettingAsync(scenario.SourceAdmin);

        var result = await ExchangeAsync(scenario.SourceAdmin, relation, () => scenario.SyncAsync());

        AssertDidNotRun(scenario, result);
        Assert.True(result.Success, $"{result.Error}");
        Assert.Contains(scenario.LogLines, HasBegunAnew);
        Assert.Equal(
            "v",
            await Scenario.TextAsync(scenario.TargetAdmin, $"SELECT relkind::text FROM pg_class WHERE oid = '{relation}'::regclass"));
    }

    [Theory]
    [InlineData("t", true, true)]
    [InlineData("s", true, true)]
    [InlineData("t", false, true)]
    [InlineData("t", false, false)]
    [InlineData("s", false, false)]
    public async Task In_an_incremental_run(string relation, bool onSource, bool isUnknown)
    {
        await using var scenario = await CreateAsync();
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnSourceAsync("""
            DELETE FROM t WHERE id = 1; UPDATE t SET name = 'other' WHERE id = 2; INSERT INTO t VALUES (100, 'new'); SELECT nextval('s')
            """);
        var admin = onSource ? scenario.SourceAdmin : scenario.TargetAdmin;
        if (isUnknown)
            await HideSettingAsync(admin);

        var result = await ExchangeAsync(admin, relation, () => scenario.SyncAsync(mode: SyncMode.Incremental));

        AssertDidNotRun(scenario, result);
        // That a table is another by now is noticed in other ways, too.
        if (relation == "s")
            Assert.Contains(scenario.LogLines, HasBegunAnew);
    }

    /// <summary>Before rows are written. A view whose definition was read before is locked, too, and no matter.</summary>
    [Fact]
    public async Task A_lock_for_writing_is_refused_on_what_was_exchanged()
    {
        await using var scenario = await CreateAsync();
        await using var session = await Scenario.OpenAsync(scenario.SourceAdmin);
        await session.ExecuteAsync("BEGIN; SET LOCAL lock_timeout = 60000", default);
        await session.RowsAsync("SELECT pg_catalog.pg_get_viewdef('w'::regclass)", default);
        await session.LockTablesAsync("LOCK TABLE ONLY indexed, empty IN SHARE ROW EXCLUSIVE MODE", default);
        await session.ExecuteAsync("COMMIT; BEGIN; SET LOCAL lock_timeout = 60000", default);

        var refused = await ExchangeAsync(scenario.SourceAdmin, "t", () => Assert.ThrowsAsync<PgQueryException>(
            () => session.LockTablesAsync("LOCK TABLE ONLY public.t IN SHARE ROW EXCLUSIVE MODE", default)));

        Assert.Contains("view public.t is restricted", refused.Message, StringComparison.Ordinal);
        Assert.IsType<SnapshotOutdatedException>(SnapshotFailure.ReasonOf(refused));
    }

    /// <summary>Publishing by transaction deletes what a dump holds of them, and does so by name.</summary>
    [Fact]
    public async Task Rows_of_an_extension_are_deleted_from_its_tables_alone()
    {
        await using var scenario = await CreateAsync();
        await scenario.OnSourceAsync("""
            UPDATE pg_extension SET extconfig = ARRAY['t'::regclass::oid, 'indexed'::regclass::oid],
                extcondition = ARRAY['WHERE id > 1', '']
            WHERE extname = 'plpgsql'
            """);
        await using var session = await Scenario.OpenAsync(scenario.SourceAdmin);
        await session.ExecuteAsync("BEGIN", default);

        await ExchangeAsync(scenario.SourceAdmin, "t", async () =>
        {
            await ConfigurationTables.EmptyAsync(session, Assert.Fail, default);
            return true;
        });
        await session.ExecuteAsync("COMMIT", default);

        Assert.Equal(1, await Scenario.CountAsync(scenario.SourceAdmin, "SELECT count(*) FROM t_before"));
        Assert.Equal(0, await Scenario.CountAsync(scenario.SourceAdmin, "SELECT count(*) FROM indexed"));
    }

    /// <summary>Whoever may create a schema can make the table of notes before we do, or as its owner's member change it.</summary>
    [Fact]
    public async Task Notes_are_not_written_to_a_table_with_triggers()
    {
        await using var scenario = await CreateAsync();
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnTargetAsync($"""
            CREATE TRIGGER trap BEFORE INSERT OR UPDATE OR DELETE ON {CatalogQueries.StateSchema}.{CatalogQueries.StateTable}
            FOR EACH ROW EXECUTE FUNCTION trigger_trap()
            """);
        await scenario.OnSourceAsync("INSERT INTO t VALUES (100, 'new')");

        await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Equal(21, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM t"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_test_of_the_connection_tells_what_is_not_protected(bool isUnknown)
    {
        await using var scenario = await CreateAsync();
        if (isUnknown)
            await HideSettingAsync(scenario.SourceAdmin);

        var result = await ConnectionTest.RunAsync(scenario.Job.SourceDatabase, TimeSpan.FromSeconds(30), default);

        Assert.Equal(isUnknown ? 1 : 0, result.Warnings.Count(w => w.Contains("CVE-2024-7348", StringComparison.Ordinal)));
    }

    async Task<Scenario> CreateAsync()
    {
        var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync(Traps + Content);
        return scenario;
    }

    /// <summary>As on a server that does not know it: nothing that asks for it finds it, neither our sessions nor pg_dump.</summary>
    static Task HideSettingAsync(DatabaseAddress admin) => TestDatabase.ExecuteAsync(admin, """
        SET allow_system_table_mods = on;
        CREATE OR REPLACE VIEW pg_catalog.pg_settings AS
        SELECT * FROM pg_catalog.pg_show_all_settings() AS a WHERE a.name <> 'restrict_nonsystem_relation_kind';
        ALTER FUNCTION pg_catalog.current_setting(text, boolean) RENAME TO setting_of_the_server;
        CREATE FUNCTION pg_catalog.current_setting(text, boolean) RETURNS text STABLE STRICT PARALLEL SAFE LANGUAGE sql
        RETURN CASE WHEN $1 <> 'restrict_nonsystem_relation_kind' THEN pg_catalog.setting_of_the_server($1, $2) END
        """);

    /// <summary>The exchange is there when the run waits for it: what it has listed before is still the old.</summary>
    static async Task<T> ExchangeAsync<T>(DatabaseAddress admin, string relation, Func<Task<T>> run)
    {
        var oid = await TestDatabase.ScalarAsync<long>(admin, $"SELECT '{relation}'::regclass::oid::bigint");
        await using var other = await TestDatabase.OpenAsync(admin);
        await ExecuteAsync($"BEGIN; {relation switch { "s" => ExchangeSequence, "empty" => ByRule, _ => ExchangeTable(relation) }}");
        var running = run();
        await Eventually.IsTrueAsync(async () => running.IsCompleted
            || await TestDatabase.ScalarAsync<long>(
                admin,
                $"SELECT count(*) FROM pg_locks WHERE relation = {oid} AND NOT granted") > 0, "it is waited for", 60);
        Assert.False(running.IsCompleted, "The run has waited for nothing.");
        await ExecuteAsync("COMMIT");
        return await running;

        async Task ExecuteAsync(string sql)
        {
            await using var command = new Npgsql.NpgsqlCommand(sql, other);
            await command.ExecuteNonQueryAsync();
        }
    }

    static bool HasBegunAnew(string line) =>
        line.Contains("is restricted", StringComparison.Ordinal) && line.Contains("It begins anew", StringComparison.Ordinal);

    static void AssertDidNotRun(Scenario scenario, RunResult result) =>
        Assert.DoesNotContain(
            "ran as",
            $"{string.Join('\n', scenario.LogLines)}\n{string.Join('\n', result.Warnings)}\n{result.Error}",
            StringComparison.Ordinal);
}
