using BackupSync.Configuration;
using BackupSync.Postgres;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>
/// How many sessions an incremental run opens: the source has few to give, and each costs a run of a second a part of it.
/// </summary>
public sealed class RunSessionsTests
{
    /// <summary>
    /// On the source one has the snapshot, one reads, one watches; on the target one writes, one watches, and its lock is held on
    /// another database. Small tables are asked about by the reader and one more session of the target; a table that differs has a
    /// lane.
    /// </summary>
    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task What_compares_is_opened_when_there_is_something_to_compare(int major)
    {
        await using var scenario = await StampedItems.StartedAsync(
            major,
            i => i with { Deletes = false },
            "CREATE TABLE others (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());");
        await scenario.OnSourceAsync("UPDATE items SET name = 'changed', updated_at = now() WHERE id < 10");
        Assert.Equal((3, 2), await OpenedAsync(scenario));
        Assert.Equal(9, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM items WHERE name = 'changed'"));

        scenario.Set(i => i with { Deletes = true, TrackBy = [new TrackByRule("*", TrackBy.Content)] });
        Assert.Equal((3, 3), await OpenedAsync(scenario));
        await scenario.OnSourceAsync("UPDATE items SET name = 'by content' WHERE id < 5");
        var (there, here) = await OpenedAsync(scenario);
        Assert.Equal(4, there);
        Assert.InRange(here, 3, 4);
    }

    static async Task<(long Source, long Target)> OpenedAsync(Scenario scenario)
    {
        var (source, target) = (await OfAsync(scenario.SourceAdmin), await OfAsync(scenario.TargetAdmin));
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await Eventually.IsTrueAsync(
            async () => await OpenAsync(scenario.SourceAdmin) + await OpenAsync(scenario.TargetAdmin) == 0,
            "sessions are left");
        return (await OfAsync(scenario.SourceAdmin) - source, await OfAsync(scenario.TargetAdmin) - target);
    }

    /// <summary>By the server's statistics, which a session that asks in the database itself would raise.</summary>
    static Task<long> OfAsync(DatabaseAddress database) => AskAsync(database, "sessions FROM pg_stat_database");

    static Task<long> OpenAsync(DatabaseAddress database) => AskAsync(database, "count(*) FROM pg_stat_activity");

    static Task<long> AskAsync(DatabaseAddress database, string what) =>
        Scenario.CountAsync(database.WithDatabase("postgres"), $"SELECT {what} WHERE datname = {Sql.Literal(database.Database)}");
}
