using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;
using static BackupSync.Tests.Operations.Incremental.StampedItems;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>What stamps do not tell: content is compared then, and the run says why.</summary>
public sealed class StampDoubtTests
{
    /// <summary>None of these writes a row, or stamps one, though each row has another value afterwards.</summary>
    public static TheoryData<int, string, string> Commands
    {
        get
        {
            var data = new TheoryData<int, string, string>();
            foreach (var major in new[] { 15, 18 })
            {
                data.Add(major, "ALTER TABLE items ADD COLUMN seen timestamptz DEFAULT now()", "ALTER TABLE items ADD COLUMN seen "
                    + "timestamptz DEFAULT now() - interval '1 day'; ALTER TABLE items ALTER seen SET DEFAULT now()");
                data.Add(
                    major,
                    "ALTER TABLE items ADD COLUMN state text DEFAULT 'new'; ALTER TABLE items ALTER state SET DEFAULT 'x'",
                    "ALTER TABLE items ADD COLUMN state text DEFAULT 'old'; ALTER TABLE items ALTER state SET DEFAULT 'x'");
                data.Add(major, "ALTER TABLE items DROP COLUMN note; ALTER TABLE items ADD COLUMN note text", "");
                data.Add(
                    major,
                    "ALTER TABLE items RENAME name TO x; ALTER TABLE items RENAME note TO name; ALTER TABLE items RENAME x TO note",
                    "");
            }
            return data;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Commands))]
    public async Task Commands_that_change_values_and_write_no_row_are_seen(int major, string onSource, string onTarget)
    {
        await using var scenario = await StartedAsync(major);
        await scenario.OnSourceAsync(onSource);
        if (onTarget.Length > 0)
            await scenario.OnTargetAsync(onTarget);

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Contains("its columns are others than in the last run", result.Changes().Reason, StringComparison.Ordinal);
        Assert.Equal(ChangeTracking.UpdatedAt, (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes().Way);
    }

    /// <summary>In a column of that type, and in one where it is within an array, a domain, a range's bound or another type.</summary>
    [SkippableTheory]
    [InlineData(15, "place")]
    [InlineData(18, "place")]
    [InlineData(18, "place[]")]
    [InlineData(18, "known_place")]
    [InlineData(18, "trip")]
    [InlineData(18, "placemultirange")]
    public async Task An_attribute_that_takes_anothers_name_is_seen(int major, string type)
    {
        var value = type switch
        {
            "place[]" => "ARRAY[ROW('x', 'zip')::place]",
            "trip" => "ROW(1, ROW('x', 'zip')::place)::trip",
            "placemultirange" => "placemultirange(placerange(ROW('a', 'zip')::place, ROW('x', 'zip')::place))",
            _ => "ROW('x', 'zip')::place",
        };
        await using var scenario = await StartedAsync(major, more: $"""
            CREATE TYPE place AS (street text, zip text); CREATE DOMAIN known_place AS place; CREATE TYPE trip AS (id int, goal place);
            CREATE TYPE placerange AS RANGE (subtype = place, multirange_type_name = placemultirange);
            CREATE TABLE typed (id int PRIMARY KEY, at {type}, updated_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO typed SELECT i, {value}, now() - interval '10 days' FROM generate_series(1, 100) i;
            """);
        const string Exchange = "ALTER TYPE place RENAME ATTRIBUTE zip TO x; ALTER TYPE place RENAME ATTRIBUTE street TO zip; ALTER "
            + "TYPE place RENAME ATTRIBUTE x TO street";
        await scenario.OnSourceAsync(Exchange);
        await scenario.OnTargetAsync(Exchange);

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Contains("its columns are others than in the last run", result.Changes("public.typed").Reason, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(15, "regclass")]
    [InlineData(18, "regclass[]")]
    [InlineData(18, "named")]
    public async Task Values_that_are_names_of_other_objects_follow_them(int major, string type)
    {
        var kind = type switch { "regclass" => "'kind'", "named" => "ROW('kind'::regclass)", _ => "ARRAY['kind'::regclass]" };
        await using var scenario = await StartedAsync(major, more: $$"""
            CREATE TABLE kind (i int PRIMARY KEY); CREATE TYPE named AS (of regclass);
            CREATE TABLE typed (id int PRIMARY KEY, of {{type}}, updated_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO typed VALUES (1, {{kind}}, now() - interval '10 days');
            """);

        Assert.Contains(
            "has names of roles or other objects",
            (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes("public.typed").Reason,
            StringComparison.Ordinal);
    }

    /// <summary>By a role whose writes are not counted, or after the counters began anew and came to the numbers of before.</summary>
    [SkippableTheory]
    [InlineData(15, "SET track_counts = off; DELETE FROM items; INSERT INTO items (id, name, note, updated_at) SELECT id, 'restored', "
        + "note, updated_at FROM saved",
        "ALTER DATABASE {0} SET track_counts = off", "does not count")]
    [InlineData(18, "SET track_counts = off; DELETE FROM items; INSERT INTO items (id, name, note, updated_at) SELECT id, 'restored', "
        + "note, updated_at FROM saved",
        "ALTER DATABASE {0} SET track_counts = off", "does not count")]
    [InlineData(
        15,
        "DELETE FROM items; INSERT INTO items (id, name, note, updated_at) SELECT id, 'restored', note, updated_at FROM saved",
        "SELECT pg_stat_reset()",
        "counts what is written to it anew")]
    [InlineData(
        18,
        "DELETE FROM items; INSERT INTO items (id, name, note, updated_at) SELECT id, 'restored', note, updated_at FROM saved",
        "SELECT pg_stat_reset()",
        "counts what is written to it anew")]
    public async Task What_the_source_has_not_counted_is_not_believed_to_be_nothing(int major, string reload, string before, string reason)
    {
        await using var scenario = await StartedAsync(major);
        await scenario.OnSourceAsync(
            string.Format(System.Globalization.CultureInfo.InvariantCulture, before, Sql.Identifier(scenario.Source.Database)));
        await scenario.OnSourceAsync("CREATE TEMPORARY TABLE saved AS SELECT * FROM items; " + reload + "; DROP TABLE saved");

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Contains(reason, result.Changes().Reason, StringComparison.Ordinal);
    }

    /// <summary>Nobody knows since when a prepared transaction has stamped its rows.</summary>
    [SkippableFact]
    public async Task Rows_of_a_prepared_transaction_are_not_missed()
    {
        await using var server = await Sandbox.SandboxServer.StartAsync(new Sandbox.SandboxOptions
        {
            Name = "prepared", Settings = new Dictionary<string, string> { ["max_prepared_transactions"] = "2" },
        }, default);
        await using var scenario = await Scenario.CreateAsync(server, await VersionedServers.GetAsync(server.Version.Major));
        await StartAsync(scenario, Table);
        await using (var session = await Scenario.OpenAsync(scenario.SourceAdmin))
        {
            await session.ExecuteAsync("BEGIN; INSERT INTO items (name, updated_at) VALUES ('of an hour ago', now() - interval '1 "
                + "hour'); PREPARE TRANSACTION 'slow'", default);
        }
        var during = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Contains("'slow' is prepared", during.Changes().Reason, StringComparison.Ordinal);
        await scenario.OnSourceAsync("COMMIT PREPARED 'slow'");

        await scenario.AssertBroughtUpToDateAsync();
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Who_does_not_show_since_when_a_transaction_is_open_is_named_and_content_compared(int major)
    {
        await using var scenario = await StartedAsync(major);
        await using var hidden = await Scenario.OpenAsync(scenario.SourceAdmin);
        await hidden.ExecuteAsync("SET track_activities = off", default);
        await hidden.ExecuteAsync("BEGIN; UPDATE items SET name = 'late', updated_at = now() - interval '1 hour' WHERE id < 20", default);

        var during = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Contains("track_activities is off", during.Changes().Reason, StringComparison.Ordinal);
        await hidden.ExecuteAsync("COMMIT", default);
        await scenario.AssertBroughtUpToDateAsync();
    }

    /// <summary>Its transaction was begun when nobody was to see that, and is at work now.</summary>
    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task A_transaction_that_shows_itself_and_not_its_beginning_is_no_less_in_doubt(int major)
    {
        await using var scenario = await StartedAsync(major);
        await using var hidden = await Scenario.OpenAsync(scenario.SourceAdmin);
        await hidden.ExecuteAsync("SET track_activities = off", default);
        await hidden.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT now(); SET track_activities = on", default);
        var late = hidden.ExecuteAsync("SELECT pg_sleep(1000000)", default);
        await Eventually.IsTrueAsync(
            async () => await Scenario.CountAsync(
                scenario.SourceAdmin,
                $"SELECT count(*) FROM pg_stat_activity WHERE pid = {hidden.ProcessId} AND state = 'active'") == 1, "it is not at work");

        Assert.Contains(
            "track_activities is off", (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes().Reason, StringComparison.Ordinal);
        await scenario.OnSourceAsync($"SELECT pg_terminate_backend({hidden.ProcessId})");
        await Assert.ThrowsAsync<PgQueryException>(() => late);
    }

    /// <summary>The time of the statement is older than that of the transaction, which begins anew with each COMMIT.</summary>
    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task Rows_stamped_with_the_time_of_a_call_that_commits_in_between_are_carried(int major)
    {
        await using var scenario = await StartedAsync(major, i => i with { Lateness = TimeSpan.Zero }, """
            CREATE PROCEDURE batch() LANGUAGE plpgsql AS $$ BEGIN
                COMMIT; PERFORM pg_sleep(3); COMMIT;
                UPDATE items SET name = 'late', updated_at = statement_timestamp() WHERE id = 7; PERFORM pg_advisory_lock_shared(77);
            END $$;
            """);
        await using var gate = await Scenario.OpenAsync(scenario.SourceAdmin);
        await gate.ExecuteAsync("SELECT pg_advisory_lock(77)", default);
        await using var caller = await Scenario.OpenAsync(scenario.SourceAdmin);
        var call = caller.ExecuteAsync("CALL batch()", default);
        await Eventually.IsTrueAsync(async () => await Scenario.CountAsync(scenario.SourceAdmin,
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted AND database = (SELECT oid FROM "
                + "pg_database WHERE datname = current_database())") == 1,
            "the procedure has not come so far");

        Assert.Equal(ChangeTracking.UpdatedAt, (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes().Way);
        await gate.ExecuteAsync("SELECT pg_advisory_unlock(77)", default);
        await call;
        Assert.Equal(ChangeTracking.UpdatedAt, (await scenario.AssertBroughtUpToDateAsync()).Changes().Way);
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Rows_that_a_subscription_brings_are_stamped_elsewhere(int major)
    {
        await using var scenario = await StartedAsync(major);
        // As CREATE SUBSCRIPTION would, from a publisher that is there.
        await scenario.OnSourceAsync("""
            CREATE SUBSCRIPTION upstream CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE);
            INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate) SELECT oid, 'items'::regclass, 'r' FROM pg_subscription
                WHERE subname = 'upstream'
            """);
        try
        {
            await scenario.OnSourceAsync("UPDATE items SET name = 'replicated' WHERE id = 5");

            var result = await scenario.AssertBroughtUpToDateAsync();

            Assert.Contains("subscription", result.Changes().Reason, StringComparison.Ordinal);
        }
        finally
        {
            await scenario.OnSourceAsync("DROP SUBSCRIPTION upstream");
        }
    }

    /// <summary>The run has its snapshot by then, and counts what is deleted in the next one.</summary>
    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Rows_that_are_set_back_while_a_run_waits_are_found_by_the_next(int major)
    {
        await using var scenario = await StartedAsync(major);
        await using var neighbour = await Scenario.OpenAsync(scenario.TargetAdmin);
        await neighbour.ExecuteAsync("BEGIN; LOCK TABLE items IN ROW EXCLUSIVE MODE", default);
        var run = Task.Run(() => scenario.SyncAsync(mode: SyncMode.Incremental));
        await Eventually.IsTrueAsync(async () => await Scenario.CountAsync(
            scenario.TargetAdmin,
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareRowExclusiveLock'") > 0, "the run waits");
        await scenario.OnSourceAsync("""
            CREATE TEMPORARY TABLE saved AS SELECT * FROM items; DELETE FROM items;
            INSERT INTO items SELECT id, 'restored', note, updated_at FROM saved; DROP TABLE saved
            """);
        await Eventually.IsTrueAsync(
            async () => await Scenario.CountAsync(scenario.SourceAdmin, "SELECT pg_stat_get_tuples_deleted('items'::regclass)") >= 100,
            "the source has counted");
        await neighbour.ExecuteAsync("COMMIT", default);
        Assert.True((await run).Success);

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Contains("may have been replaced", result.Changes().Reason, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Rows_that_one_rule_kept_are_looked_at_again_under_another(int major)
    {
        await using var scenario = await StartedAsync(major, i => i with { Conflict = ConflictRule.LastWriteWins });
        await scenario.OnTargetAsync("UPDATE items SET name = 'newer here', updated_at = now() WHERE id = 7");
        await scenario.OnSourceAsync("UPDATE items SET name = 'older there', updated_at = now() - interval '1 minute' WHERE id = 7");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal("newer here", await Scenario.TextAsync(scenario.TargetAdmin, "SELECT name FROM items WHERE id = 7"));
        scenario.Set(i => i with { Conflict = ConflictRule.SourceWins });

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Contains("another rule", result.Changes().Reason, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task A_watermark_is_of_its_own_column(int major)
    {
        await using var scenario = await StartedAsync(
            major,
            i => i with { Lateness = TimeSpan.FromSeconds(1) },
            "ALTER TABLE items ADD changed timestamp NOT NULL DEFAULT '2020-01-01';");
        await scenario.OnSourceAsync(
            "UPDATE items SET name = 'late in New York', changed = now() AT TIME ZONE 'America/New_York' WHERE id < 20");
        scenario.Set(i => i with { UpdatedAtColumns = ["changed"] });

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Contains("another column of stamps", result.Changes().Reason, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Who_may_not_see_others_transactions_goes_by_content_and_says_why(int major)
    {
        await using var scenario = await StartedAsync(major);
        await scenario.OnSourceAsync(
            "CREATE ROLE reader LOGIN PASSWORD 'x' IN ROLE pg_read_all_data".Replace("reader", "reader_" + major,
                StringComparison.Ordinal));
        try
        {
            scenario.ReadFrom(scenario.Source with { User = "reader_" + major, Password = "x" });
            await scenario.SyncWellAsync(SyncMode.Incremental); // of another address
            await using var others = await Scenario.OpenAsync(scenario.SourceAdmin);
            await others.ExecuteAsync("BEGIN; INSERT INTO items (name, updated_at) VALUES ('late', now() - interval '1 hour')", default);

            var result = await scenario.SyncWellAsync(SyncMode.Incremental);
            Assert.Contains("GRANT pg_read_all_stats", result.Changes().Reason, StringComparison.Ordinal);

            await others.ExecuteAsync("COMMIT", default);
            await scenario.AssertBroughtUpToDateAsync();
        }
        finally
        {
            await scenario.OnSourceAsync("DROP ROLE reader_" + major);
        }
    }

    /// <summary>A row that a session in another zone has stamped hours ahead of the others.</summary>
    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task One_row_stamped_ahead_hides_no_others(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await StartAsync(scenario, "SET timezone = 'America/New_York'; CREATE TABLE items (id int PRIMARY KEY, name text, updated_at "
            + "timestamp NOT NULL DEFAULT now()); INSERT INTO items SELECT i, 'n', now() - interval '10 days' FROM generate_series(1, "
            + "100) i; SET timezone = 'UTC'; INSERT INTO items VALUES (500, 'from UTC')");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnSourceAsync(
            "SET timezone = 'America/New_York'; UPDATE items SET name = 'changed', updated_at = now() WHERE id = 7");

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal((ChangeTracking.UpdatedAt, 1L), (result.Changes().Way, result.Changes().Updated));
    }
}
