using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Tests.Sync;

namespace BackupSync.Tests.Incremental;

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
        Assert.Equal("this is the first incremental run", Changes(first, "public.items").Reason);

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
