using BackupSync.Configuration;
using BackupSync.Runs;
using static BackupSync.Tests.Operations.Incremental.StampedItems;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>What would have a run succeed and the target be something else than the source, or lose what is its own.</summary>
public sealed class SilentLossTests
{
    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Rows_of_the_targets_own_stay_whatever_its_clocks_and_transactions_do(int major)
    {
        await using var scenario = await StartedAsync(major, i => i with { Conflict = ConflictRule.LastWriteWins });
        await using var late = await Scenario.OpenAsync(scenario.TargetAdmin);
        // Stamped by its begin, written in a part of it, committed after a run; and one whose clock is years behind.
        await late.ExecuteAsync("BEGIN; CREATE TEMPORARY TABLE scratch (i int); SAVEPOINT part; INSERT INTO scratch VALUES (1)", default);
        await scenario.OnTargetAsync("INSERT INTO items (id, name, updated_at) VALUES (9001, 'slow clock', '2001-01-01')");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await late.ExecuteAsync("INSERT INTO items (id, name) VALUES (9002, 'late'); COMMIT", default);
        await scenario.OnTargetAsync(
            "INSERT INTO items (id, name, updated_at) SELECT 100000 + i, 'own', '2001-01-01' FROM generate_series(1, 10500) i");
        await scenario.SyncWellAsync(SyncMode.Incremental);

        await scenario.OnSourceAsync("DELETE FROM items WHERE id IN (1, 2, 3); INSERT INTO items (id, name) VALUES (5000, 'short-lived')");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnSourceAsync("DELETE FROM items WHERE id = 5000");
        var result = await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Equal((1, 10502), (result.Changes().Deleted, result.Changes().Kept));
        Assert.Equal("9001 9002", await Scenario.TextAsync(
            scenario.TargetAdmin,
            "SELECT string_agg(id::text, ' ' ORDER BY id) FROM items WHERE id IN (1, 2, 3, 5000, 9001, 9002)"));
    }

    /// <summary>
    /// Others hold the oldest transaction of the target open all the time, so that all that runs of ours write is younger.
    /// </summary>
    [SkippableFact]
    public async Task What_a_run_has_written_is_not_taken_for_the_targets_own()
    {
        await using var scenario = await StartedAsync(18, i => i with { Conflict = ConflictRule.LastWriteWins });
        await using var others = await Scenario.OpenAsync(scenario.TargetAdmin);
        await others.ExecuteAsync("BEGIN; SELECT pg_current_xact_id()", default);
        for (var run = 0; run < 3; run++)
        {
            await scenario.OnSourceAsync($"INSERT INTO items (id, name) VALUES ({5000 + run}, 'short-lived')");
            await scenario.SyncWellAsync(SyncMode.Incremental);
        }
        await scenario.OnSourceAsync("DELETE FROM items WHERE id >= 5000");

        Assert.Equal(3, (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes().Deleted);

        await others.ExecuteAsync("ROLLBACK", default);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    [SkippableTheory]
    [InlineData("ALTER TABLE items DROP CONSTRAINT items_pkey; ALTER TABLE items ADD PRIMARY KEY (id, name)")]
    [InlineData(null)]
    public async Task A_key_of_another_shape_and_a_table_that_comes_back_lose_nothing_of_the_targets_own(string? otherKey)
    {
        await using var scenario = await StartedAsync(18, i => i with { Conflict = ConflictRule.LastWriteWins });
        await scenario.OnTargetAsync("INSERT INTO items (id, name, updated_at) VALUES (9001, 'own', '2001-01-01')");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        if (otherKey is not null)
        {
            await scenario.OnSourceAsync(otherKey);
            await scenario.OnTargetAsync(otherKey);
        }
        else
        {
            await scenario.OnSourceAsync("CREATE TABLE other (id int PRIMARY KEY)");
            await scenario.OnTargetAsync("CREATE TABLE other (id int PRIMARY KEY)");
            scenario.Job = scenario.Job with { Exclude = new ExcludeConfig { Data = ["items"] } };
            await scenario.SyncWellAsync(SyncMode.Incremental);
            scenario.Job = scenario.Job with { Exclude = new ExcludeConfig() };
        }

        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Equal(101, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM items"));
    }

    [SkippableTheory]
    [InlineData(15, ConflictRule.LastWriteWins, true)]
    [InlineData(18, ConflictRule.SourceWins, false)]
    public async Task Sequences_and_large_objects_of_rows_that_stay_are_left_to_them(int major, ConflictRule conflict, bool deletes)
    {
        await using var scenario = await StartedAsync(
            major,
            i => i with { Conflict = conflict, Deletes = deletes },
            more: "CREATE SEQUENCE down INCREMENT -1; SELECT nextval('down');");
        await scenario.OnTargetAsync("INSERT INTO items (name) VALUES ('a'), ('b'); SELECT nextval('down') FROM generate_series(1, 5); "
            + "SELECT lo_from_bytea(70001, 'own')");
        await scenario.OnSourceAsync("SELECT nextval('down')");
        await scenario.SyncWellAsync(SyncMode.Incremental);

        await scenario.OnTargetAsync("INSERT INTO items (name) VALUES ('c')");

        Assert.Equal("103 -6 1", await Scenario.TextAsync(scenario.TargetAdmin, "SELECT concat_ws(' ', (SELECT max(id) FROM items), "
            + "(SELECT last_value FROM down), (SELECT count(*) FROM pg_largeobject_metadata))"));
        await scenario.OnSourceAsync("SELECT nextval('down') FROM generate_series(1, 20); INSERT INTO items (id, name) VALUES (500, "
            + "'further'); SELECT setval('items_id_seq', 500)");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal("500 -22", await Scenario.TextAsync(
            scenario.TargetAdmin,
            "SELECT concat_ws(' ', (SELECT last_value FROM items_id_seq), (SELECT last_value FROM down))"));
    }

    [SkippableTheory]
    [InlineData("CREATE TABLE precious (id int)", "table public.precious")]
    [InlineData("CREATE FUNCTION precious() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function public.precious")]
    [InlineData("CREATE VIEW precious AS SELECT 1 AS i", "view public.precious")]
    [InlineData("CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER precious ON sql_drop "
        + "EXECUTE FUNCTION f()", "event trigger precious")]
    [InlineData("CREATE INDEX precious ON items (name)", "index public.precious on items")]
    [InlineData("CREATE CONVERSION precious FOR 'LATIN1' TO 'UTF8' FROM pg_catalog.iso8859_1_to_utf8", "conversion public.precious")]
    public async Task Nothing_that_only_the_target_has_goes_by_a_full_sync_that_nobody_asked_for(string own, string told)
    {
        await using var scenario = await StartedAsync(18);
        await scenario.OnTargetAsync(own);
        await scenario.OnSourceAsync("ALTER TABLE items ADD COLUMN more int");

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Assert.Equal((RunOutcome.Aborted, ErrorIds.SchemaChanged), (result.Outcome, result.Error?.Id));
        Assert.Contains(told, result.Error!.Advice, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_job_for_some_tables_or_with_a_target_that_has_more_never_becomes_full(bool hasTables)
    {
        await using var scenario = await StartedAsync(
            18,
            more: "CREATE TABLE other (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now()); INSERT INTO other VALUES (1);");
        await scenario.OnTargetAsync("CREATE TABLE precious (id int); INSERT INTO precious VALUES (1)");
        if (hasTables)
            scenario.Job = scenario.Job with { Tables = ["items", "fresh"] };
        await scenario.OnSourceAsync("ALTER TABLE items ADD COLUMN more int; CREATE TABLE fresh (id int PRIMARY KEY)");

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Assert.Equal((RunOutcome.Aborted, ErrorIds.SchemaChanged), (result.Outcome, result.Error?.Id));
        Assert.Equal(1, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM precious"));
        if (!hasTables)
            Assert.Contains("public.precious", result.Error!.Advice, StringComparison.Ordinal);
    }

    /// <summary>A full sync of an incremental job says what was the source's; where none has said so, nothing is taken away.</summary>
    [SkippableTheory]
    [InlineData(SyncMode.Incremental, false, PublishMode.Swap)]
    [InlineData(SyncMode.Incremental, false, PublishMode.Transaction)]
    [InlineData(SyncMode.Incremental, true, PublishMode.Swap)]
    [InlineData(SyncMode.Full, false, PublishMode.Swap)]
    public async Task The_first_incremental_run_knows_what_the_target_has_of_its_own(SyncMode mode, bool hasOwn, PublishMode publish)
    {
        var server = await VersionedServers.GetAsync(18);
        await using var scenario = await Scenario.CreateAsync(server, server, publish);
        scenario.Job = scenario.Job with { Mode = mode };
        await scenario.OnSourceAsync(Table + "CREATE TABLE gone (id int PRIMARY KEY); INSERT INTO gone VALUES (1)");
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.OnSourceAsync("DROP TABLE gone; ALTER TABLE items ADD COLUMN more int");
        if (hasOwn)
            await scenario.OnTargetAsync("CREATE TABLE precious (id int)");

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Assert.Equal(
            mode == SyncMode.Incremental && !hasOwn ? (RunOutcome.Succeeded, null) : (RunOutcome.Aborted, ErrorIds.SchemaChanged),
            (result.Outcome, result.Error?.Id));
        if (hasOwn)
            Assert.Contains("table public.precious", result.Error!.Advice, StringComparison.Ordinal);
    }

    /// <summary>What could not be parked is undone, and what is written afterwards is the run's own nevertheless.</summary>
    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Deletes_are_carried_of_rows_that_were_written_after_a_column_could_not_be_parked(int major)
    {
        await using var scenario = await StartedAsync(major, i => i with { Conflict = ConflictRule.LastWriteWins }, """
            CREATE TABLE seats (id int PRIMARY KEY, side text NOT NULL CHECK (side IN ('a', 'b')), seat int NOT NULL,
                updated_at timestamptz NOT NULL DEFAULT now(), UNIQUE (side, seat));
            INSERT INTO seats SELECT i, 'a', i FROM generate_series(1, 20) i;
            """);
        await scenario.OnSourceAsync("""
            BEGIN; UPDATE seats SET seat = -1 WHERE id = 1; UPDATE seats SET seat = 1, updated_at = clock_timestamp() WHERE id = 2;
            UPDATE seats SET seat = 2, updated_at = clock_timestamp() WHERE id = 1;
            INSERT INTO seats VALUES (100, 'b', 100); COMMIT
            """);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnSourceAsync("DELETE FROM seats WHERE id IN (1, 100)");

        await scenario.AssertBroughtUpToDateAsync();
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task A_row_without_a_stamp_is_older_than_one_with(int major)
    {
        await using var scenario = await StartedAsync(major, i => i with { Conflict = ConflictRule.LastWriteWins }, """
            CREATE TABLE maybe (id int PRIMARY KEY, name text, updated_at timestamptz);
            INSERT INTO maybe SELECT i, 'n', now() - interval '10 days' FROM generate_series(1, 9) i;
            """);
        await scenario.OnTargetAsync("UPDATE maybe SET name = 'stamped', updated_at = now() WHERE id = 1");
        await scenario.OnSourceAsync("UPDATE maybe SET name = 'unstamped', updated_at = NULL WHERE id IN (1, 2)");

        await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Equal(
            "stamped n",
            await Scenario.TextAsync(scenario.TargetAdmin, "SELECT string_agg(name, ' ' ORDER BY id) FROM maybe WHERE id < 3"));
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Sequences_that_a_default_asks_go_with_the_table_whoever_owns_them(int major)
    {
        await using var scenario = await StartedAsync(major, more: "CREATE SEQUENCE shared; CREATE TABLE numbered (id bigint PRIMARY "
            + "KEY DEFAULT nextval('shared')); INSERT INTO numbered SELECT FROM generate_series(1, 5);");
        scenario.Job = scenario.Job with { Tables = ["public.numbered"] };
        await scenario.OnSourceAsync("INSERT INTO numbered SELECT FROM generate_series(1, 5)");

        await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Equal("11", await Scenario.TextAsync(scenario.TargetAdmin, "SELECT nextval('shared')::text"));
    }

    [SkippableFact]
    public async Task Columns_with_names_as_ours_are_carried()
    {
        await using var scenario = await StartedAsync(18, more: """
            CREATE TABLE odd (backupsync_n int, backupsync_hash text, u1 int, backupsync_low int, backupsync_u1 int UNIQUE,
                PRIMARY KEY (backupsync_n)); INSERT INTO odd SELECT g, 'h', g, g, g FROM generate_series(1, 50) g;
            CREATE TABLE u (u1 int PRIMARY KEY, c1 int UNIQUE, t int, s int, r int);
            INSERT INTO u SELECT g, g, g, g, g FROM generate_series(1, 50) g;
            """);
        await scenario.OnSourceAsync("UPDATE odd SET backupsync_u1 = -backupsync_n; UPDATE odd SET backupsync_u1 = 51 - backupsync_n, "
            + "backupsync_hash = 'x' WHERE backupsync_n <> 7; DELETE FROM odd WHERE backupsync_n = 7; UPDATE u SET c1 = -c1; UPDATE u "
            + "SET c1 = 51 + c1");

        await scenario.AssertBroughtUpToDateAsync(fullVerify: true);
    }

    [SkippableFact]
    public async Task Many_tables_by_stamps_need_few_locks()
    {
        await using var server = await Sandbox.SandboxServer.StartAsync(new Sandbox.SandboxOptions
        {
            Name = "few-locks-stamps", Settings = new Dictionary<string, string>
            {
                ["max_locks_per_transaction"] = "10",
                ["max_connections"] = "20",
            },
        }, default);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Swap);
        await StartAsync(scenario, Table + string.Join(";", Enumerable.Range(
            0,
            150).Select(t => $"CREATE TABLE t{t} (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT '2024-01-01'); INSERT "
                + $"INTO t{t} VALUES (1)")));
        await scenario.OnSourceAsync("UPDATE t7 SET id = 2, updated_at = now()");

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.All(result.Tables, t => Assert.Equal(ChangeTracking.UpdatedAt, t.Changes!.Way));
    }
}
