using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Tables of so many rows that servers choose other plans, and that buckets are looked at in parts.</summary>
public sealed class ManyRowsTests : IClassFixture<Servers>
{
    const int Rows = 1_100_000;

    const string Content = "SELECT count(*) || ' ' || sum(pg_catalog.hashtextextended(r::text, 42)) FROM rows r";

    [SkippableTheory]
    [InlineData(15, "text", "'key ' || n", "id")]
    [InlineData(17, "bigint", "n", "part, id")]
    [InlineData(18, "bigint", "n * 3 - 1000000", "id")]
    [InlineData(19, "uuid", "md5(n::text)::uuid", "id")]
    public async Task One_bucket_that_differs_is_found_and_so_are_hundreds(int major, string type, string id, string key)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Transaction);
        scenario.Set(i => i with { TrackBy = [new TrackByRule("*", TrackBy.Content)] });
        var rows = $"""
            CREATE TABLE rows (part int NOT NULL, id {type} NOT NULL, value int, n int);
            INSERT INTO rows SELECT n % 100, {id}, n % 1000, n FROM generate_series(1, {Rows}) n;
            ALTER TABLE rows ADD PRIMARY KEY ({key}); ANALYZE rows;
            """;
        await scenario.OnSourceAsync(rows);
        await scenario.OnTargetAsync(rows);

        await AssertFoundAsync("SELECT 1", 0, 0, 0);
        await AssertFoundAsync("UPDATE rows SET value = NULL WHERE n = 777777", 0, 1, 0);
        await AssertFoundAsync("DELETE FROM rows WHERE n = 1", 0, 0, 1);
        await AssertFoundAsync($"""
            UPDATE rows SET value = -1 WHERE n % 4001 = 17;
            DELETE FROM rows WHERE n % 8001 = 5;
            INSERT INTO rows SELECT 5, {id}, 0, n FROM generate_series({Rows + 1}, {Rows + 300}) n;
            """, 300, Rows / 4001 + 1, Rows / 8001 + 1);

        async Task AssertFoundAsync(string change, long inserted, long updated, long deleted)
        {
            await scenario.OnSourceAsync(change);
            var changes = (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes("public.rows");
            Assert.Equal(
                (ChangeTracking.Content, inserted, updated, deleted),
                (changes.Way, changes.Inserted, changes.Updated, changes.Deleted));
            Assert.Equal(await Scenario.TextAsync(scenario.SourceAdmin, Content), await Scenario.TextAsync(scenario.TargetAdmin, Content));
        }
    }

    /// <summary>Where most rows differ, all are read at once: those that turn out to be the same are no more for that.</summary>
    [SkippableFact]
    public async Task Rows_of_a_table_that_is_another_one_are_counted_once()
    {
        var server = await VersionedServers.GetAsync(18);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Transaction);
        scenario.Set(i => i with { TrackBy = [new TrackByRule("*", TrackBy.Content)] });
        const string Rows = "CREATE TABLE rows (id int PRIMARY KEY, n int); INSERT INTO rows SELECT n, n FROM generate_series(1, 60000) n";
        await scenario.OnSourceAsync(Rows);
        await scenario.OnTargetAsync(Rows);
        await scenario.OnSourceAsync("UPDATE rows SET n = -n WHERE id % 3 > 0");

        var changes = (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes("public.rows");

        Assert.Equal((0, 40_000, 0, 20_000), (changes.Inserted, changes.Updated, changes.Deleted, changes.Unchanged));
        Assert.Equal(await Scenario.TextAsync(scenario.SourceAdmin, Content), await Scenario.TextAsync(scenario.TargetAdmin, Content));
    }
}
