using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Targets whose own changes are to stay, schemas that no longer match, and jobs for some tables.</summary>
public sealed class ConflictTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task Last_write_wins_keeps_newer_rows_and_counts_them()
    {
        await using var scenario = await Items.CreateAsync(servers);
        scenario.Set(i => i with { Conflict = ConflictRule.LastWriteWins });
        await scenario.OnTargetAsync("UPDATE items SET name = 'newer ' || id, updated_at = now() + interval '1 hour' WHERE id IN (1, "
            + "10); UPDATE items SET name = 'older', updated_at = now() - interval '2 days' WHERE id = 2");
        await scenario.ChangeAsync();

        var result = await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Equal((SyncMode.Incremental, 2L), (result.Mode, result.Changes().Kept));
        Assert.Equal(2, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM items WHERE name LIKE 'newer%'"));
        Assert.Equal(
            0,
            await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM items WHERE name = 'older' OR id IN (11, 12)"));
    }

    [Fact]
    public async Task A_table_that_keeps_a_newer_row_is_not_said_to_be_what_the_source_has()
    {
        await using var scenario = await Items.CreateAsync(servers);
        scenario.Set(i => i with { Conflict = ConflictRule.LastWriteWins });
        await scenario.OnTargetAsync("UPDATE items SET name = 'newer', updated_at = now() + interval '1 hour' WHERE id = 1");

        var result = await scenario.SyncWellAsync(SyncMode.Incremental, fullVerify: true);

        Assert.Equal((1L, null), (result.Changes().Kept, result.Tables.Single(t => t.Table == Items.Name).Verified));
    }

    [Fact]
    public async Task Last_write_wins_never_takes_a_new_row_of_the_target_for_one_that_was_deleted()
    {
        // What is open in another database for hours says nothing of this one's rows.
        await using var elsewhere = await servers.CreateTargetAsync();
        await using var open = await Scenario.OpenAsync(elsewhere.AsSuperuser);
        await open.ExecuteAsync("BEGIN; SELECT pg_current_xact_id()", default);
        await using var scenario = await Items.CreateAsync(servers);
        scenario.Set(i => i with { Conflict = ConflictRule.LastWriteWins });
        await scenario.OnTargetAsync("INSERT INTO items VALUES (2001, 'written here', now()), (2002, 'here, too', now())");
        for (var run = 0; run < 3; run++)
        {
            var result = await scenario.SyncWellAsync(SyncMode.Incremental);
            Assert.Equal((2L, 0L), (result.Changes().Kept, result.Changes().Deleted));
        }

        // The source gets one of them, and deletes it later, with one that both have had: these go. The other stays.
        await scenario.OnSourceAsync("INSERT INTO items VALUES (2001, 'written here', now())");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnSourceAsync("DELETE FROM items WHERE id IN (7, 2001)");
        Assert.Equal((1L, 2L), (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes() is var c ? (c.Kept, c.Deleted) : default);
        Assert.Equal(1, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM items WHERE id IN (7, 2001, 2002)"));
    }

    [Fact]
    public async Task Without_stamps_the_sources_row_wins_and_the_targets_own_rows_stay()
    {
        await using var scenario = await Items.CreateAsync(
            servers,
            more: "CREATE TABLE plain (id int PRIMARY KEY, body text); INSERT INTO plain SELECT n, 'x' FROM generate_series(1, 10) n;");
        scenario.Set(i => i with { Conflict = ConflictRule.LastWriteWins });
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnTargetAsync(
            "INSERT INTO plain VALUES (100, 'own'); UPDATE plain SET body = 'by hand' WHERE id = 1; DELETE FROM plain WHERE id = 2");
        await scenario.OnSourceAsync("DELETE FROM plain WHERE id = 3; UPDATE plain SET body = 'new' WHERE id = 4");
        foreach (var deleted in (long[])[1, 0])
        {
            Assert.Equal(
                (1L, deleted),
                (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes("public.plain") is var c ? (c.Kept, c.Deleted) : default);
            Assert.Equal(
                "1x 2x 4new 5x 6x 7x 8x 9x 10x 100own",
                await Scenario.TextAsync(scenario.TargetAdmin, "SELECT string_agg(id || body, ' ' ORDER BY id) FROM plain"));
        }
    }

    [Theory]
    [InlineData("INSERT INTO kids VALUES (501, 9, 'written here', now())")]
    [InlineData("UPDATE kids SET body = 'written here', updated_at = now() + interval '1 hour' WHERE id = 1")]
    public async Task Last_write_wins_does_not_let_a_kept_row_go_with_its_parent(string onTarget)
    {
        await using var scenario = await Items.CreateAsync(servers, more: """
            CREATE TABLE parents (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now() - interval '1 day');
            CREATE TABLE kids (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE, body text,
                updated_at timestamptz NOT NULL DEFAULT now() - interval '1 day');
            INSERT INTO parents SELECT generate_series(1, 100);
            INSERT INTO kids SELECT n, CASE n WHEN 1 THEN 9 ELSE n END, 'kid' FROM generate_series(1, 100) n WHERE n <> 9;
            """);
        scenario.Set(i => i with { Conflict = ConflictRule.LastWriteWins });
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnTargetAsync(onTarget);
        await scenario.OnSourceAsync("DELETE FROM parents WHERE id = 9");
        var before = await scenario.TargetContentAsync();

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Assert.Equal((RunOutcome.RolledBack, ErrorIds.VerificationFailed), (result.Outcome, result.Error!.Id));
        Assert.Contains("1 row(s) of public.kids that were to be kept", result.Error.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.OnTargetAsync("DELETE FROM kids WHERE body = 'written here'");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    [Theory]
    [InlineData(false, ConflictRule.SourceWins)]
    [InlineData(true, ConflictRule.LastWriteWins)]
    public async Task Where_rows_of_the_target_are_to_stay_a_table_without_a_key_only_gains_rows(bool deletes, ConflictRule conflict)
    {
        await using var scenario = await Items.CreateAsync(servers, more: "CREATE TABLE plain (a int, b text, updated_at timestamptz "
            + "NOT NULL DEFAULT '2024-01-01'); INSERT INTO plain SELECT n, 'x' FROM generate_series(1, 10) n;");
        scenario.Set(i => i with { Deletes = deletes, Conflict = conflict });
        await scenario.OnSourceAsync(
            "DELETE FROM plain WHERE a > 6; INSERT INTO plain VALUES (11, 'x'), (11, 'x'), (1, 'x'), (NULL, NULL)");
        foreach (var inserted in (long[])[4, 0])
        {
            Assert.Equal(
                (inserted, 0L),
                (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes("public.plain") is var c ? (c.Inserted, c.Deleted) : default);
            Assert.Equal(14, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM plain"));
            Assert.Equal(2, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM plain WHERE a = 1"));
        }
    }

    [Fact]
    public async Task A_changed_sequence_brings_a_full_sync()
    {
        await using var scenario = await Items.CreateAsync(servers, more: "CREATE SEQUENCE counter MAXVALUE 10;");
        await scenario.OnSourceAsync("ALTER SEQUENCE counter MAXVALUE 1000; SELECT setval('counter', 500)");
        Assert.Equal(SyncMode.Full, (await scenario.SyncWellAsync(SyncMode.Incremental)).Mode);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    [Theory]
    [InlineData(
        ConflictRule.LastWriteWins,
        true,
        "UPDATE items SET name = 'taken', updated_at = now() + interval '1 hour' WHERE id = 5",
        "UPDATE items SET name = 'taken', updated_at = now() WHERE id = 6")]
    [InlineData(
        ConflictRule.SourceWins,
        false,
        "SELECT 1",
        "DELETE FROM items WHERE id = 5; UPDATE items SET name = 'item 5', updated_at = now() WHERE id = 6")]
    public async Task What_is_to_stay_is_never_lost_to_a_full_sync(ConflictRule conflict, bool deletes, string onTarget, string onSource)
    {
        await using var scenario = await Items.CreateAsync(servers);
        scenario.Set(i => i with { Conflict = conflict, Deletes = deletes });
        await scenario.OnTargetAsync(onTarget);
        await scenario.OnSourceAsync(onSource);
        var before = await scenario.TargetContentAsync();

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Merge, ErrorIds.RestoreFailed);
        Assert.Contains("server confirms", result.Error!.Rollback, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.OnSourceAsync("ALTER TABLE items ADD more int");
        result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Compare, ErrorIds.SchemaChanged);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
    }

    public static TheoryData<string> SchemaChanges =>
    [
        "ALTER TABLE items ADD more int DEFAULT 1", "CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other "
            + "VALUES (1)", "CREATE TYPE mood AS ENUM ('good')",
        "CREATE INDEX ON items (updated_at)", "ALTER TABLE items ALTER id TYPE bigint", "DROP TABLE spare",
    ];

    [Theory]
    [MemberData(nameof(SchemaChanges))]
    public async Task A_schema_that_changed_stops_the_run_or_makes_it_a_full_one(string change)
    {
        await using var scenario = await Items.CreateAsync(servers, more: "CREATE TABLE spare (id int PRIMARY KEY);");
        scenario.Set(i => i with { OnSchemaChange = SchemaChangeRule.Stop });
        await scenario.OnSourceAsync(change);
        await scenario.ChangeAsync();
        var before = await scenario.TargetContentAsync();

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Compare, ErrorIds.SchemaChanged);
        Assert.NotEmpty(result.Error!.Detail!);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());

        scenario.Set(i => i with { OnSchemaChange = SchemaChangeRule.Full });
        result = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal(SyncMode.Full, result.Mode);
        Assert.Contains(result.Warnings, w => w.EndsWith("A full sync follows.", StringComparison.Ordinal));
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertBroughtUpToDateAsync();
    }

    [Fact]
    public async Task Tables_of_the_target_alone_stay()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await scenario.OnTargetAsync(
            "CREATE TABLE own (id int PRIMARY KEY, item int REFERENCES items ON DELETE CASCADE); INSERT INTO own VALUES (1, 1), (2, 10)");
        await scenario.ChangeAsync();
        var result = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal(SyncMode.Incremental, result.Mode);
        Assert.Equal(1, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM own"));
        Assert.Contains(
            result.Warnings,
            w => w.Contains("foreign keys have changed 0 rows of public.own and deleted 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_named_tables_only_these_are_written_partitions_by_their_parents_name()
    {
        await using var scenario = await Items.CreateAsync(servers, more: """
            CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners SELECT generate_series(1, 20);
            CREATE TABLE parts (id int, at date, owner int REFERENCES owners, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
            CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
            INSERT INTO parts SELECT n, '2024-01-01'::date + n, n FROM generate_series(1, 10) n;
            """);
        scenario.Job = scenario.Job with { Tables = ["parts"] };
        await scenario.ChangeAsync();
        await scenario.OnSourceAsync(
            "INSERT INTO parts VALUES (11, '2024-05-05', 11); DELETE FROM parts WHERE id = 3; INSERT INTO owners VALUES (21)");
        var result = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal("public.parts_1", Assert.Single(result.Tables).Table);
        Assert.Equal(10, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM parts"));
        Assert.Equal(
            1020,
            await Scenario.CountAsync(scenario.TargetAdmin, "SELECT (SELECT count(*) FROM items) + (SELECT count(*) FROM owners)"));

        // A partition that the target lacks is a change of the schema of what was named.
        await scenario.OnSourceAsync("CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); INSERT "
            + "INTO parts VALUES (12, '2025-05-05', 12)");
        scenario.Set(i => i with { OnSchemaChange = SchemaChangeRule.Stop });
        result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Compare, ErrorIds.SchemaChanged);

        scenario.Job = scenario.Job with { Tables = ["itemz"] };
        result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Compare, ErrorIds.UnknownName);
        Assert.Contains("'items'", result.Error!.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_was_emptied_is_refused_until_forced()
    {
        await using var scenario = await Items.CreateAsync(servers);
        var before = await scenario.TargetContentAsync();
        await scenario.OnSourceAsync("TRUNCATE items");
        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Compare, ErrorIds.SourceShrunken);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        result = await scenario.SyncAsync(mode: SyncMode.Incremental, force: true);
        Assert.True(result is { Success: true, Forced: true, Mode: SyncMode.Incremental });
        Assert.Equal(0, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM items"));
    }

    [Theory]
    [InlineData("updated", "its updated is no timestamp but of the type date")]
    [InlineData("change_at", "no change_at")]
    public async Task That_no_table_has_the_stamps_which_the_rule_goes_by_is_a_warning(string column, string reason)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync(
            "CREATE TABLE items (id int PRIMARY KEY, changed_at timestamptz, updated date); INSERT INTO items VALUES (1)");
        await scenario.SyncWellAsync(SyncMode.Full);
        scenario.Set(i => i with { Conflict = ConflictRule.LastWriteWins, UpdatedAtColumns = [column] });

        var result = await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Contains(
            result.Warnings,
            w => w.Contains($"no table has a timestamp among incremental.updatedAtColumns ({column})", StringComparison.Ordinal));
        Assert.Equal(reason, result.Changes().Reason);
        scenario.Set(i => i with { UpdatedAtColumns = ["changed_at"] });
        Assert.DoesNotContain(
            (await scenario.SyncWellAsync(SyncMode.Incremental)).Warnings,
            w => w.Contains("updatedAtColumns", StringComparison.Ordinal));
    }
}
