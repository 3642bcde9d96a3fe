using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Incremental;

public sealed class IncrementalTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task Everything_that_real_schemas_have_is_brought_up_to_date_day_after_day()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.LoadRealisticDataAsync(servers.Tools);
        await scenario.SyncWellAsync(SyncMode.Full);
        for (var day = 0; day < 3; day++)
        {
            await scenario.DoADaysWorkAsync(servers.Tools);
            var result = await scenario.SyncWellAsync(SyncMode.Incremental);
            Assert.Equal(SyncMode.Incremental, result.Mode);
            Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        }
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Inserts_updates_and_deletes_are_found_by_stamps()
    {
        await using var scenario = await StampedAsync();
        await scenario.SyncWellAsync(SyncMode.Full);
        var first = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal(ChangeTracking.Content, Changes(first, "public.items").Way);
        Assert.Equal("the target has no notes of an earlier run", Changes(first, "public.items").Reason);

        await scenario.OnSourceAsync("""
            INSERT INTO items (id, name) VALUES (1001, 'new');
            UPDATE items SET name = 'changed ' || id, updated_at = clock_timestamp() WHERE id IN (1, 500);
            DELETE FROM items WHERE id BETWEEN 10 AND 12;
            """);
        var result = await scenario.SyncWellAsync(SyncMode.Incremental);
        var changes = Changes(result, "public.items");
        Assert.Equal((ChangeTracking.UpdatedAt, "by updated_at"), (changes.Way, changes.Reason));
        Assert.Equal((1, 2, 3), (changes.Inserted, changes.Updated, changes.Deleted));
        Assert.NotNull(result.RpoSeconds);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());

        var nothing = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal(ChangeTracking.UpdatedAt, Changes(nothing, "public.items").Way);
        Assert.Equal(0, Changes(nothing, "public.items").All);
    }

    /// <summary>pg_dump fills no view over one that is not filled: no full sync could make both alike.</summary>
    [Theory]
    [InlineData(SchemaChangeRule.Full)]
    [InlineData(SchemaChangeRule.Stop)]
    public async Task A_materialized_view_that_cannot_be_filled_costs_no_full_sync(SchemaChangeRule rule)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        scenario.Job = scenario.Job with { Incremental = scenario.Job.Incremental with { OnSchemaChange = rule } };
        await scenario.OnSourceAsync("""
            CREATE TABLE a (i int PRIMARY KEY);
            CREATE MATERIALIZED VIEW lower_view AS SELECT count(*) FROM a;
            CREATE MATERIALIZED VIEW upper_view AS SELECT * FROM lower_view;
            REFRESH MATERIALIZED VIEW lower_view WITH NO DATA;
            """);
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.OnSourceAsync("INSERT INTO a VALUES (1)");

        var result = await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Equal(SyncMode.Incremental, result.Mode);
        Assert.Equal(1, Changes(result, "public.a").Inserted);
        Assert.Contains("materialized view public.upper_view: filled: 'yes' on the source, 'no' on the target, which an incremental run "
            + "leaves as it is", string.Join('\n', scenario.LogLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task Full_syncs_and_restores_in_between_are_noticed(PublishMode publish)
    {
        await using var scenario = await StampedAsync();
        scenario.Job = scenario.Job with { Publish = publish };
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal(ChangeTracking.UpdatedAt, Changes(await scenario.SyncWellAsync(SyncMode.Incremental), "public.items").Way);

        var full = await scenario.SyncWellAsync(SyncMode.Full);
        Assert.Equal(
            "the target has no notes of an earlier run",
            Changes(await scenario.SyncWellAsync(SyncMode.Incremental), "public.items").Reason);
        Assert.Equal(ChangeTracking.UpdatedAt, Changes(await scenario.SyncWellAsync(SyncMode.Incremental), "public.items").Way);

        await scenario.OnSourceAsync("UPDATE items SET name = 'unstamped' WHERE id = 1");
        var restored = await scenario.RestoreAsync(full.SafetyBackup!);
        Assert.Equal(RunOutcome.Succeeded, restored.Outcome);
        Assert.Equal((1, "the target has no notes of an earlier run"),
            (Changes(await scenario.SyncWellAsync(SyncMode.Incremental), "public.items") is var c ? c.Updated : 0, c.Reason));
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_table_that_is_another_one_is_read_as_a_whole_and_others_after_it_as_ever()
    {
        await using var scenario = await StampedAsync();
        await scenario.OnSourceAsync(
            "CREATE TABLE large (id int PRIMARY KEY, value int); "
                + "INSERT INTO large SELECT n, n FROM generate_series(1, 100000) n; ANALYZE;");
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.OnSourceAsync("UPDATE large SET value = value + 1 WHERE id > 100; DELETE FROM large WHERE id % 10 = 0; UPDATE "
            + "items SET name = 'other' WHERE id = 1; ANALYZE;");
        scenario.Job = scenario.Job with { Parallel = 1 };
        var result = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal(
            (0, 89_910, 10_000),
            (Changes(result, "public.large").Inserted, Changes(result, "public.large").Updated, Changes(result, "public.large").Deleted));
        Assert.Equal(1, Changes(result, "public.items").Updated);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    static TableChanges Changes(RunResult result, string table) => result.Tables.Single(t => t.Table == table).Changes!;

    async Task<Scenario> StampedAsync()
    {
        var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync("""
            CREATE TABLE items (id int PRIMARY KEY, name text UNIQUE, updated_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO items SELECT n, 'item ' || n, now() - interval '1 day' FROM generate_series(1, 1000) n;
            """);
        return scenario;
    }
}
