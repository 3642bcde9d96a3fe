using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>How changes are found, and when stamps are not believed.</summary>
public sealed class TrackingTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task Each_way_tells_why_it_was_chosen()
    {
        await using var scenario = await Items.CreateAsync(servers, more: """
            CREATE TABLE nullable (id int PRIMARY KEY, modified_at timestamptz);
            CREATE TABLE plain (id int PRIMARY KEY, updated_at date NOT NULL DEFAULT now());
            CREATE TABLE keyless (id int);
            CREATE TABLE named (id int PRIMARY KEY, updated_at timestamp NOT NULL DEFAULT now());
            """);
        scenario.Set(i => i with { TrackBy = [new TrackByRule("nullable", TrackBy.UpdatedAt), new TrackByRule(
            "named",
            TrackBy.Content), new TrackByRule("*", TrackBy.Auto)] });
        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal((ChangeTracking.UpdatedAt, "by updated_at"), Why("items"));
        Assert.Equal((ChangeTracking.UpdatedAt, "by modified_at, as trackBy says"), Why("nullable"));
        Assert.Equal((ChangeTracking.Content, "its updated_at is no timestamp but of the type date"), Why("plain"));
        Assert.Equal((ChangeTracking.Content, "trackBy says so"), Why("named"));
        Assert.Equal((ChangeTracking.Whole, "no primary key"), Why("keyless"));
        scenario.Set(i => i with { TrackBy = [] });
        result = await scenario.AssertBroughtUpToDateAsync();
        Assert.Equal((ChangeTracking.Content, "its modified_at may be null"), Why("nullable"));

        (ChangeTracking, string) Why(string table) => (result.Changes("public." + table).Way, result.Changes("public." + table).Reason);
    }

    [Fact]
    public async Task Rows_whose_stamp_is_null_are_looked_at_each_time()
    {
        await using var scenario = await Items.CreateAsync(servers, more: "CREATE TABLE nullable (id int PRIMARY KEY, name text, "
            + "modified_at timestamptz); INSERT INTO nullable VALUES (1, 'a', NULL), (2, 'b', now() - interval '1 day');");
        scenario.Set(i => i with { TrackBy = [new TrackByRule("nullable", TrackBy.UpdatedAt)] });
        await scenario.AssertBroughtUpToDateAsync();
        await scenario.OnSourceAsync("UPDATE nullable SET name = 'changed' WHERE id = 1");
        var result = await scenario.AssertBroughtUpToDateAsync();
        Assert.Equal((ChangeTracking.UpdatedAt, 1L), (result.Changes("public.nullable").Way, result.Changes("public.nullable").Updated));
    }

    [Theory]
    [InlineData("INSERT INTO items VALUES (5000, 'by hand')")]
    [InlineData("UPDATE items SET name = 'by hand' WHERE id = 7")]
    [InlineData("DELETE FROM items WHERE id = 7")]
    [InlineData("TRUNCATE items")]
    [InlineData("VACUUM FULL items")]
    public async Task A_target_that_others_wrote_to_is_compared_by_content(string statement)
    {
        await using var scenario = await Items.CreateAsync(servers);
        await scenario.OnTargetAsync(statement);

        var result = await scenario.AssertBroughtUpToDateAsync();
        Assert.Equal(
            (ChangeTracking.Content, "others have written to it since the last run"),
            (result.Changes().Way, result.Changes().Reason));
        Assert.Equal(ChangeTracking.UpdatedAt, (await scenario.AssertBroughtUpToDateAsync()).Changes().Way);
    }

    [Fact]
    public async Task A_target_restored_from_a_backup_is_compared_by_content()
    {
        await using var scenario = await Items.CreateAsync(servers);
        var backup = (await scenario.SyncWellAsync(SyncMode.Full)).SafetyBackup!;
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.ChangeAsync();
        await scenario.AssertBroughtUpToDateAsync();
        Assert.True((await scenario.RestoreAsync(backup)).Success);

        var result = await scenario.AssertBroughtUpToDateAsync();
        Assert.Equal(ChangeTracking.Content, result.Changes().Way);
        Assert.Equal((1, 2, 3), (result.Changes().Inserted, result.Changes().Updated, result.Changes().Deleted));
    }

    [Fact]
    public async Task Another_source_and_one_set_back_are_compared_by_content()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await using var other = await TestDatabase.CreateAsync(servers.Source, TestRole.Superuser);
        await other.ExecuteAsync("CREATE TABLE items (id int PRIMARY KEY, name text UNIQUE, updated_at timestamptz NOT NULL DEFAULT "
            + "now()); INSERT INTO items SELECT n, 'other ' || n, '2020-01-01' FROM generate_series(1, 900) n;");
        var own = scenario.Source;
        scenario.ReadFrom(other.Address);
        Assert.Equal("the last run read another database", (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes().Reason);
        Assert.Equal(900, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM items WHERE name LIKE 'other %'"));
        scenario.ReadFrom(own);
        await scenario.AssertBroughtUpToDateAsync();

        await scenario.OnTargetAsync("UPDATE backupsync.sync_state SET state = regexp_replace(state::text, '(\"source_?transaction\": "
            + "*)[0-9]+', '\\1999999999999', 'i')::jsonb");
        var state = await TestDatabase.ScalarAsync<string>(scenario.TargetAdmin, "SELECT state::text FROM backupsync.sync_state");
        Assert.Contains("999999999999", state, StringComparison.Ordinal);
        var result = await scenario.AssertBroughtUpToDateAsync();
        Assert.Equal("the source was set back since the last run", result.Changes().Reason);
    }

    [Theory]
    [InlineData("INSERT INTO items VALUES (1003, 'early')")]
    [InlineData("SELECT now()")]
    public async Task Transactions_that_commit_late_are_seen_without_any_lateness(string begin)
    {
        await using var scenario = await Items.CreateAsync(servers);
        scenario.Set(i => i with { Lateness = TimeSpan.Zero, Deletes = false });
        await using var late = await Scenario.OpenAsync(scenario.SourceAdmin);
        await late.ExecuteAsync($"BEGIN; {begin}", default);
        await scenario.ChangeAsync();
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await late.ExecuteAsync(
            "INSERT INTO items VALUES (1002, 'later'); UPDATE items SET name = 'late', updated_at = now() WHERE id = 2; COMMIT",
            default);

        var result = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal(ChangeTracking.UpdatedAt, result.Changes().Way);
        Assert.Equal(2, await Scenario.CountAsync(
            scenario.TargetAdmin,
            "SELECT count(*) FROM items WHERE name IN ('later') OR (id = 2 AND name LIKE 'late%')"));
    }

    /// <summary>It was begun before the snapshot and ends right after it: who looks for it then does not find it.</summary>
    [Fact]
    public async Task A_transaction_that_commits_while_the_run_begins_is_seen_by_the_next()
    {
        await using var scenario = await Items.CreateAsync(servers);
        scenario.Set(i => i with { Lateness = TimeSpan.Zero, Deletes = false });
        await using var late = await Scenario.OpenAsync(scenario.SourceAdmin);
        await late.ExecuteAsync("BEGIN; UPDATE items SET name = 'late', updated_at = now() WHERE id = 2", default);
        // The run takes its snapshot, and then waits for this lock before it looks further.
        await using var locking = await Scenario.OpenAsync(scenario.TargetAdmin);
        await locking.ExecuteAsync("BEGIN; LOCK TABLE items IN SHARE MODE", default);
        var run = Task.Run(() => scenario.SyncAsync(mode: SyncMode.Incremental));
        await Eventually.IsTrueAsync(async () => await Scenario.CountAsync(
            scenario.TargetAdmin,
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareRowExclusiveLock'") > 0, "the run waits", 30);
        await late.ExecuteAsync("COMMIT", default);
        await locking.ExecuteAsync("COMMIT", default);
        Assert.True((await run).Success);

        await scenario.AssertBroughtUpToDateAsync();
    }

    /// <summary>However its database is set up: a snapshot from before the lock would not show it.</summary>
    [Theory]
    [InlineData("repeatable read")]
    [InlineData("serializable")]
    public async Task What_others_commit_on_the_target_while_the_run_waits_for_them_is_seen(string isolation)
    {
        await using var scenario = await Items.CreateAsync(servers, more: "CREATE TABLE plain (a int); INSERT INTO plain VALUES (1);");
        var database = Sql.Identifier(scenario.Target.Database);
        await scenario.OnTargetAsync($"ALTER DATABASE {database} SET default_transaction_isolation = '{isolation}'; ALTER DATABASE "
            + $"{database} SET quote_all_identifiers = on");
        if (Servers.Major < 19) // no server of later versions reads strings otherwise
            await scenario.OnTargetAsync($"ALTER DATABASE {database} SET standard_conforming_strings = off");
        await using var locking = await Scenario.OpenAsync(scenario.TargetAdmin);
        await locking.ExecuteAsync("BEGIN ISOLATION LEVEL READ COMMITTED; UPDATE items SET name = 'by hand' WHERE id = 5; DELETE FROM "
            + "items WHERE id = 6; INSERT INTO items VALUES (2000, 'by hand, too'); INSERT INTO plain VALUES (2)", default);
        var run = Task.Run(() => scenario.SyncAsync(mode: SyncMode.Incremental, fullVerify: true));
        await Eventually.IsTrueAsync(async () => await Scenario.CountAsync(
            scenario.TargetAdmin,
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareRowExclusiveLock'") > 0, "the run waits", 30);
        await locking.ExecuteAsync("COMMIT", default);

        var result = await run;

        Assert.True(result is { Success: true, Mode: SyncMode.Incremental }, $"{result.Error} {string.Join('\n', result.Warnings)}");
        Assert.Equal((1, 1, 1), (result.Changes().Inserted, result.Changes().Updated, result.Changes().Deleted));
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    /// <summary>Older rows have come back, with stamps of before.</summary>
    [Theory]
    [InlineData("DELETE FROM items; INSERT INTO items SELECT * FROM saved")]
    [InlineData("TRUNCATE items; INSERT INTO items SELECT * FROM saved")]
    [InlineData("DROP TABLE items; CREATE TABLE items (id int PRIMARY KEY, name text UNIQUE, updated_at timestamptz NOT NULL DEFAULT "
        + "now()); INSERT INTO items SELECT * FROM saved")]
    public async Task A_table_of_the_source_that_was_restored_is_compared_by_content(string restore)
    {
        await using var scenario = await Items.CreateAsync(servers);
        await scenario.OnSourceAsync("UPDATE items SET name = 'own ' || id, updated_at = now() - interval '1 hour' WHERE id IN (8, 9)");
        await scenario.AssertBroughtUpToDateAsync(fullVerify: true);
        await scenario.OnSourceAsync($"""
            CREATE TEMPORARY TABLE saved AS SELECT id, CASE WHEN id IN (8, 9) THEN 'item ' || id ELSE name END AS name, CASE
                WHEN id IN (8, 9) THEN now() - interval '1 day' ELSE updated_at END AS updated_at FROM items;
            {restore};
            """);

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal(
            (ChangeTracking.Content, "its rows on the source may have been replaced since the last run", 2L),
            (result.Changes().Way, result.Changes().Reason, result.Changes().Updated));
        Assert.Equal(ChangeTracking.UpdatedAt, (await scenario.AssertBroughtUpToDateAsync()).Changes().Way);
    }

    [Theory]
    [InlineData("America/New_York")]
    [InlineData("UTC")]
    [InlineData("Asia/Tokyo")]
    public async Task Stamps_without_a_time_zone_are_read_by_the_clock_that_gave_them(string zone)
    {
        await using var scenario = await Items.CreateAsync(servers, more: $"""
            SET timezone = '{zone}';
            CREATE TABLE local (id int PRIMARY KEY, name text, updated_at timestamp NOT NULL DEFAULT now());
            INSERT INTO local SELECT n, 'local', now() - interval '10 days' FROM generate_series(1, 100) n;
            INSERT INTO local VALUES (200, 'bogus', '2999-01-01'), (201, 'bogus', 'infinity'), (202, 'bogus', '-infinity');
            """);
        scenario.Set(i => i with { Lateness = TimeSpan.Zero, Deletes = false });
        for (var run = 0; run < 3; run++)
        {
            await scenario.OnSourceAsync($"SET timezone = '{zone}'; UPDATE local SET name = 'run {run}', updated_at = now() WHERE id = "
                + $"{run + 1}; INSERT INTO local VALUES ({300 + run}, 'new')");
            var result = await scenario.AssertBroughtUpToDateAsync();
            Assert.Equal(ChangeTracking.UpdatedAt, result.Changes("public.local").Way);
        }
    }

    [Fact]
    public async Task Changes_without_a_stamp_are_found_when_the_whole_is_compared()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await scenario.OnSourceAsync("UPDATE items SET name = 'not stamped' WHERE id = 3");
        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes().All);
        var result = await scenario.AssertBroughtUpToDateAsync(fullVerify: true);
        Assert.Equal(("the whole content was asked for", 1L), (result.Changes().Reason, result.Changes().Updated));

        scenario.Job = scenario.Job with { Verify = scenario.Job.Verify with { FullEvery = 3 } };
        await scenario.OnSourceAsync("UPDATE items SET name = 'nor is this' WHERE id = 4");
        Assert.Equal(ChangeTracking.UpdatedAt, (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes().Way);
        Assert.Equal(ChangeTracking.UpdatedAt, (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes().Way);
        result = await scenario.AssertBroughtUpToDateAsync();
        Assert.Equal(("it is due, as every 3 runs", 1L), (result.Changes().Reason, result.Changes().Updated));
    }

    [Fact]
    public async Task Values_that_rows_exchange_are_found_by_content()
    {
        await using var scenario = await Items.CreateAsync(servers, more: "CREATE TABLE flags (id int PRIMARY KEY, yes boolean); "
            + "INSERT INTO flags SELECT n, n % 2 = 0 FROM generate_series(1, 100) n;");
        for (var run = 0; run < 8; run++)
        {
            await scenario.OnSourceAsync($"UPDATE flags SET yes = NOT yes WHERE id IN ({run * 10 + 1}, {run * 10 + 2})");
            Assert.Equal(2, (await scenario.AssertBroughtUpToDateAsync()).Changes("public.flags").Updated);
        }
    }

    [Fact]
    public async Task Without_deletes_rows_and_large_objects_that_the_source_lacks_stay()
    {
        await using var scenario = await Items.CreateAsync(servers, more: "CREATE TABLE pictures (id int PRIMARY KEY, content oid); "
            + "INSERT INTO pictures VALUES (1, lo_from_bytea(0, '\\x01')), (2, lo_from_bytea(0, '\\x02'));");
        scenario.Set(i => i with { Deletes = false });
        await scenario.ChangeAsync();
        await scenario.OnSourceAsync("SELECT lo_unlink(content) FROM pictures WHERE id = 1; DELETE FROM pictures WHERE id = 1");
        var result = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal((1, 2, 0), (result.Changes().Inserted, result.Changes().Updated, result.Changes().Deleted));
        Assert.Equal(1001, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM items"));
        Assert.Equal(2, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(lo_get(content)) FROM pictures"));
        Assert.True((await scenario.SyncAsync(mode: SyncMode.Incremental, fullVerify: true)).Success);
    }

    [Fact]
    public async Task Rows_that_are_the_same_are_not_written()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await scenario.OnSourceAsync("UPDATE items SET updated_at = updated_at; UPDATE items SET name = 'x' WHERE id = 1");
        await scenario.OnTargetAsync("SELECT pg_stat_reset()");
        await scenario.AssertBroughtUpToDateAsync(fullVerify: true);
        await Eventually.IsTrueAsync(async () => await Scenario.CountAsync(
            scenario.TargetAdmin,
            "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'items'") == 1, "one row is written");
    }
}
