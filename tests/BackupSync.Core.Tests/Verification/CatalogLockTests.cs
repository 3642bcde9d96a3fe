using BackupSync.Operations.Incremental;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Tests.Verification;

/// <summary>
/// What is asked about tables locks none of them beyond the answer: who changes a partitioned table locks it first and its partitions
/// then, and a transaction of ours that held one of these and waited for their table would have him ended for a deadlock.
/// </summary>
public sealed class CatalogLockTests
{
    const string Tables = """
        CREATE TABLE p (id int, d int, name text NOT NULL DEFAULT 'x', at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (id, d),
            CHECK (d >= 0)) PARTITION BY RANGE (d);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE pd PARTITION OF p DEFAULT;
        CREATE TABLE h (id int PRIMARY KEY, name text) PARTITION BY HASH (id);
        CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE h2 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE c (id int PRIMARY KEY, h int REFERENCES h, twice int GENERATED ALWAYS AS (id * 2) STORED);
        CREATE INDEX ON c ((id + 1)) WHERE id > 0;
        INSERT INTO p SELECT n, n FROM generate_series(1, 20) n; INSERT INTO h SELECT generate_series(1, 20)
        """;

    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task No_table_stays_locked_that_was_asked_about(int major)
    {
        await using var database = await TestDatabase.CreateAsync(await VersionedServers.GetAsync(major), TestRole.Superuser);
        await Scenario.ExecuteAsync(database.AsSuperuser, Tables);
        await using var session = await Scenario.OpenAsync(database.AsSuperuser);
        await session.ExecuteAsync("BEGIN", default);

        var tables = await SyncTables.FindAsync(session, CatalogFilter.None, [], default);
        Assert.Equal(4, tables.Count);
        Assert.Empty(await LockedAsync());
        await CatalogState.ReadAsync(session, CatalogFilter.None, default);
        var kinds = await CatalogKinds.ReadAsync(session, default);
        await SchemaDetails.ReadAsync(session, major, CatalogFilter.None, kinds, default);
        await session.RowsAsync(CatalogQueries.Objects(CatalogFilter.None, kinds, hasMultirange: true), default);
        await session.RowsAsync(SchemaTexts.Query(CatalogFilter.None, kinds, hasStandardBodies: true), default);
        Assert.Empty(await LockedAsync());
        await TableWrites.ReadAsync(session, tables, default);
        await AllLocks.OfTablesAsync(session, [new("public", "p"), new("public", "h"), new("public", "c")], "SHARE ROW EXCLUSIVE", default);
        await session.RowsAsync(CatalogQueries.Analyzable, default);
        await session.RowsAsync(CatalogQueries.UnreadableInRecovery, default);
        Assert.Empty(await LockedAsync());

        async Task<IReadOnlyList<string>> LockedAsync() =>
            [.. (await session.RowsAsync(
                "SELECT DISTINCT relation::regclass::text FROM pg_locks WHERE pid = pg_backend_pid() AND relation >= 16384 ORDER BY 1",
                default)).Select(r => r.Text(0))];
    }
}
