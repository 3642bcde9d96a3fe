using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>What a run says, before and after, is what it does.</summary>
public sealed class WordsTests(Servers servers) : IClassFixture<Servers>
{
    const string Family = """
        CREATE TABLE parents (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now() - interval '1 day');
        CREATE TABLE kids (id int PRIMARY KEY, parent int CONSTRAINT kids_of REFERENCES parents,
            updated_at timestamptz NOT NULL DEFAULT now() - interval '1 day');
        INSERT INTO parents SELECT generate_series(1, 777); INSERT INTO kids SELECT n, n FROM generate_series(1, 20) n;
        """;

    [Theory]
    [InlineData(
        "all",
        ", or replace it by a copy if the tables differ",
        "run a full sync instead if the schemas differ, or stop if y has what x has not;")]
    [InlineData("some", "", "; stop if the schemas differ;")]
    [InlineData("stop", "", "; stop if the schemas differ;")]
    [InlineData(
        "keep",
        ", or fill it by a copy if it has no tables",
        "; stop if the schemas differ, but run a full sync instead if y has no tables;")]
    [InlineData(
        "last",
        ", or fill it by a copy if it has no tables",
        "; stop if the schemas differ, but run a full sync instead if y has no tables;")]
    public void What_if_and_the_question_promise_a_full_sync_only_where_one_may_come(string kind, string question, string plan)
    {
        var job = AdHocJob.From("postgresql://a@h/x", "postgresql://a@h/y") with { Mode = SyncMode.Incremental };
        job = kind switch
        {
            "some" => job with { Tables = ["users"] },
            "stop" => job with { Incremental = new() { OnSchemaChange = SchemaChangeRule.Stop } },
            "keep" => job with { Incremental = new() { Deletes = false } },
            "last" => job with { Incremental = new() { Conflict = ConflictRule.LastWriteWins } },
            _ => job,
        };

        Assert.Equal($"by what has changed on x{question}", JobRunner.DescribeUpdate(job));
        var steps = JobRunner.PlanSync(job);
        var compare = steps.Single(s => s.Step == RunStep.Compare).Description;
        Assert.Contains(plan, compare, StringComparison.Ordinal);
        Assert.Equal(kind != "keep", compare.Contains("refuse if more than", StringComparison.Ordinal));
        Assert.Equal(kind == "last", steps.Single(s => s.Step == RunStep.Merge).Description
            .Contains("keep those that are newer or its own", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, ConflictRule.SourceWins)]
    [InlineData(false, ConflictRule.SourceWins)]
    [InlineData(true, ConflictRule.LastWriteWins)]
    public async Task Rows_of_a_table_without_a_key_are_counted_alike_in_all_lines_of_a_run(bool deletes, ConflictRule conflict)
    {
        await using var scenario = await Items.CreateAsync(
            servers,
            more: "CREATE TABLE log (a int); INSERT INTO log SELECT generate_series(1, 40);");
        scenario.Set(i => i with { Deletes = deletes, Conflict = conflict });
        await scenario.OnTargetAsync("INSERT INTO log VALUES (-1), (-2)");
        await scenario.OnSourceAsync("INSERT INTO log VALUES (41)");

        var result = await scenario.SyncWellAsync(SyncMode.Incremental);

        var isReplaced = deletes && conflict == ConflictRule.SourceWins;
        Assert.Equal(
            isReplaced ? (1L, 2L, 0L, 0L) : (1L, 0L, 2L, 2L),
            result.Changes("public.log") is var c ? (c.Inserted, c.Deleted, c.Kept, c.Own) : default);
        Assert.EndsWith(
            isReplaced ? "; 1 row to write, 2 to delete" : "; 1 row to write, 0 to delete",
            Note(result, RunStep.Compare),
            StringComparison.Ordinal);
        Assert.StartsWith(
            isReplaced ? "1 inserted, 0 updated, 2 deleted" : "1 inserted, 0 updated, 0 deleted, 2 kept that only neon has",
            Note(result, RunStep.Merge),
            StringComparison.Ordinal);

        result = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.EndsWith("nothing has changed", Note(result, RunStep.Compare), StringComparison.Ordinal);
        Assert.StartsWith("nothing written", Note(result, RunStep.Verify), StringComparison.Ordinal);
        Assert.Equal(isReplaced ? 0 : 2, result.Changes("public.log").Own);
    }

    [Fact]
    public async Task What_is_kept_is_told_by_its_reasons()
    {
        await using var scenario = await Items.CreateAsync(servers);
        scenario.Set(i => i with { Conflict = ConflictRule.LastWriteWins });
        await scenario.OnTargetAsync("UPDATE items SET name = 'newer', updated_at = now() + interval '1 hour' WHERE id = 1; INSERT "
            + "INTO items VALUES (2001, 'own', '2001-01-01'), (2002, 'too', now())");
        await scenario.OnSourceAsync("UPDATE items SET name = 'older', updated_at = clock_timestamp() WHERE id = 1");

        var result = await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Equal("0 inserted, 0 updated, 0 deleted, 1 kept as newer, 2 kept that only neon has", Note(result, RunStep.Merge));
        Assert.Equal((3, 2), (result.Changes().Kept, result.Changes().Own));
    }

    [Fact]
    public async Task Rows_that_stay_without_deletes_are_counted_where_they_are_looked_for_and_else_not_said_to_be_none()
    {
        await using var scenario = await Items.CreateAsync(
            servers,
            more: "CREATE TABLE plain (id int PRIMARY KEY); INSERT INTO plain SELECT generate_series(1, 9);");
        scenario.Set(i => i with { Deletes = false });
        await scenario.OnSourceAsync("DELETE FROM items WHERE id > 990; DELETE FROM plain WHERE id > 6; INSERT INTO plain VALUES (10)");

        var result = await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Equal((1, 3, 3), result.Changes("public.plain") is var c ? (c.Inserted, c.Kept, c.Own) : default);
        Assert.Contains("3 kept that only neon has", Note(result, RunStep.Merge), StringComparison.Ordinal);
        Assert.Null(result.Tables.Single(t => t.Table == Items.Name).TargetRows);
        Assert.Contains("Neon verification: 10 rows in 1 table; 1 of 2 tables not counted", scenario.LogLines);
        Assert.Contains(
            "13 kept that only neon has",
            Note(await scenario.SyncWellAsync(SyncMode.Incremental, fullVerify: true), RunStep.Merge),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT 1")]
    [InlineData("ALTER TABLE kids DROP CONSTRAINT kids_of; ALTER TABLE kids ADD CONSTRAINT kids_of FOREIGN KEY (parent) REFERENCES "
        + "parents ON DELETE RESTRICT")]
    [InlineData("ALTER TABLE kids ALTER CONSTRAINT kids_of DEFERRABLE INITIALLY DEFERRED")]
    public async Task An_own_row_that_refers_to_one_that_the_source_has_deleted_is_told_as_that(string form)
    {
        await using var scenario = await Items.CreateAsync(servers, more: Family + form);
        scenario.Set(i => i with { Conflict = ConflictRule.LastWriteWins });
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnTargetAsync("INSERT INTO kids VALUES (9001, 777)");
        await scenario.OnSourceAsync("DELETE FROM parents WHERE id = 777");
        var before = await scenario.TargetContentAsync();

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Merge, ErrorIds.RestoreFailed);
        Assert.Equal("neon: a row of public.kids refers to one that railway has deleted (foreign key kids_of). It is neon's own, or "
            + "newer there, and stays.", result.Error!.Message);
        Assert.StartsWith("Delete such rows of public.kids on neon", result.Error.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain("777", $"{result.Error} {string.Join('\n', result.Warnings)}", StringComparison.Ordinal);
        Assert.Empty(result.Warnings);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());

        // One that an earlier run has left there is no other; by stamps, content is asked first.
        await scenario.OnSourceAsync("INSERT INTO parents VALUES (777)");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnSourceAsync("DELETE FROM parents WHERE id = 777");
        result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Merge, ErrorIds.RestoreFailed);
        Assert.Contains("It is neon's own, or newer there, and stays", result.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("What the stamps tell may not be all that has changed", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_of_a_table_that_is_not_copied_is_told_likewise()
    {
        await using var scenario = await Items.CreateAsync(servers, more: Family);
        scenario.Job = scenario.Job with { Tables = ["parents"] };
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnSourceAsync("DELETE FROM kids WHERE id = 7; DELETE FROM parents WHERE id = 7");

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Merge, ErrorIds.RestoreFailed);
        Assert.Equal(
            "neon: a row of public.kids refers to one that railway has deleted (foreign key kids_of), and this table is not copied.",
            result.Error!.Message);
    }

    [Fact]
    public async Task What_only_the_target_has_is_not_to_be_made_there_and_the_list_of_what_would_go_has_its_columns()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await scenario.OnTargetAsync("""CREATE TABLE mine (id int PRIMARY KEY); ALTER TABLE items ADD "his own, too" int""");

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Compare, ErrorIds.SchemaChanged);
        Assert.Contains("undo there what the source has not", result.Error!.Advice, StringComparison.Ordinal);
        Assert.Contains("""column "his own, too" of public.items""", result.Error.Advice, StringComparison.Ordinal);
        Assert.Contains("table public.mine", result.Error.Advice, StringComparison.Ordinal);
        Assert.Contains(
            "No full sync follows, because neon has what railway has not: table public.mine",
            result.Error.Message,
            StringComparison.Ordinal);

        await scenario.OnTargetAsync("ALTER TABLE items DROP \"his own, too\"");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Contains(scenario.LogLines, l => l.StartsWith("neon has what railway has not (table public.mine", StringComparison.Ordinal)
            && l.Contains("no full sync will follow", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_source_has_dropped_is_not_to_be_made_on_the_target_either()
    {
        await using var scenario = await Items.CreateAsync(servers);
        scenario.Set(i => i with { OnSchemaChange = SchemaChangeRule.Stop });
        await scenario.OnSourceAsync("ALTER TABLE items DROP CONSTRAINT items_name_key");

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Compare, ErrorIds.SchemaChanged);
        Assert.Contains("undo there what the source has not", result.Error!.Advice, StringComparison.Ordinal);
        Assert.Contains("index public.items_name_key on items", result.Error.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("some", "the job is for some tables")]
    [InlineData("stop", "incremental.onSchemaChange is stop")]
    [InlineData("keep", "incremental.deletes is false")]
    [InlineData("last", "incremental.conflict is lastWriteWins")]
    public async Task Why_no_full_sync_follows_is_said_and_only_an_empty_target_is_filled(string kind, string why)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync("CREATE TABLE items (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now()); INSERT "
            + "INTO items SELECT generate_series(1, 10)");
        scenario.Set(i => kind switch
        {
            "stop" => i with { OnSchemaChange = SchemaChangeRule.Stop },
            "keep" => i with { Deletes = false },
            "last" => i with { Conflict = ConflictRule.LastWriteWins },
            _ => i,
        });
        if (kind == "some")
            scenario.Job = scenario.Job with { Tables = ["items"] };

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        if (kind is "keep" or "last")
        {
            Assert.Equal((RunOutcome.Succeeded, SyncMode.Full), (result.Outcome, result.Mode));
        }
        else
        {
            Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Compare, ErrorIds.SchemaChanged);
            Assert.Contains("Initialize-DbSecondary", result.Error!.Advice, StringComparison.Ordinal);
            await scenario.SyncWellAsync(SyncMode.Full);
        }
        await scenario.OnSourceAsync("ALTER TABLE items ADD more int");
        result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Compare, ErrorIds.SchemaChanged);
        Assert.Contains($"No full sync follows, because {why}.", result.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("(make the same change on the target)", result.Error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_full_sync_the_reason_is_that_sync()
    {
        await using var scenario = await Items.CreateAsync(servers);
        scenario.Job = scenario.Job with { Mode = SyncMode.Incremental };
        await scenario.SyncWellAsync(SyncMode.Full);
        Assert.Equal("this is the first incremental run since the full sync", (await scenario.SyncWellAsync()).Changes().Reason);
    }

    [Fact]
    public async Task A_large_object_that_may_not_be_read_is_found_before_anything_is_begun()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await using var reader = await servers.CreateSourceAsync(TestRole.Owner);
        await scenario.OnSourceAsync($"""
            SELECT lo_from_bytea(0, 'x'); GRANT pg_read_all_stats TO {reader.Address.User};
            GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC -- from version 19 on pg_read_all_data would read large objects, too
            """);
        scenario.ReadFrom(reader.Address.WithDatabase(scenario.Source.Database));

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Check, ErrorIds.PrivilegeMissing);
        Assert.Contains("GRANT SELECT ON LARGE OBJECT", result.Error!.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_that_cannot_go_by_the_stamps_that_trackBy_asks_for_is_named()
    {
        await using var scenario = await Items.CreateAsync(
            servers,
            more: "CREATE TABLE products (sku text PRIMARY KEY); CREATE TABLE log (a int);");
        scenario.Set(
            i => i with { TrackBy = [new TrackByRule("products", TrackBy.UpdatedAt), new TrackByRule("items", TrackBy.UpdatedAt)] });
        var result = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.StartsWith(
            "incremental.trackBy asks for stamps, but public.products cannot go by them",
            Assert.Single(result.Warnings),
            StringComparison.Ordinal);
        scenario.Set(i => i with { TrackBy = [] });
        Assert.Empty((await scenario.SyncWellAsync(SyncMode.Incremental)).Warnings);
    }

    static string Note(RunResult result, RunStep step) => result.Steps.Single(s => s.Step == step).Note!;

    [Fact]
    public async Task What_the_target_refuses_of_the_rows_that_come_is_told_as_the_targets_with_the_table()
    {
        // Roles belong to a server, and the scenario's two databases are not on one.
        await using var scenario = await Scenario.CreateAsync(servers);
        var role = $"only_{Guid.NewGuid():N}";
        await scenario.OnSourceAsync("CREATE TABLE named (id int PRIMARY KEY, who regrole)");
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.OnSourceAsync($"CREATE ROLE {role}; INSERT INTO named VALUES (1, '{role}')");
        try
        {
            var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
            Assert.Equal(RunOutcome.Aborted, result.Outcome);
            Assert.Equal(
                $"neon: role \"{role}\" does not exist (SQLSTATE 42704). So a row of public.named cannot be written there.",
                result.Error!.Message);
            Assert.Contains("make it there", result.Error.Advice, StringComparison.Ordinal);
        }
        finally
        {
            await scenario.OnSourceAsync($"DROP ROLE {role}");
        }
    }
}
