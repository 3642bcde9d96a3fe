using System.Globalization;
using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Sync.Incremental;

/// <summary>The tables that a job keeps up to date.</summary>
static class SyncTables
{
    /// <param name="patterns">None for all. One that names a partitioned table means its partitions.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>: the source has no such table.</exception>
    public static async Task<IReadOnlyList<KeyedTable>> FindAsync(
        PgSession source, CatalogFilter filter, IReadOnlyList<string> patterns, CancellationToken cancellationToken)
    {
        var tables = (await KeyedTable.ReadAsync(source, filter, cancellationToken)).Where(t => !filter.Empty.Contains(t.Table.Oid)).ToList();
        if (patterns.Count == 0)
            return tables;
        var parents = (await source.RowsAsync(Parents, cancellationToken)).ToLookup(r => uint.Parse(r[0]!, CultureInfo.InvariantCulture), r => Sql.Display(r[1]!, r[2]!));
        TableNames.EnsureKnown(patterns, [.. tables.SelectMany(NamesOf).Distinct()], source.Login.Label);
        return [.. tables.Where(t => NamesOf(t).Any(n => patterns.Any(p => TableNames.Matches(n, p))))];

        IEnumerable<string> NamesOf(KeyedTable table) => parents[table.Table.Oid].Prepend(table.Name);
    }

    /// <summary>The names of the partitions of what the patterns name.</summary>
    public static async Task<IReadOnlyList<string>> PartitionsAsync(IQueryRunner database, IReadOnlyList<string> patterns, CancellationToken cancellationToken) =>
        [.. (await database.RowsAsync(Parents, cancellationToken)).Where(r => patterns.Any(p => TableNames.Matches(Sql.Display(r[1]!, r[2]!), p))).Select(r => Sql.Display(r[3]!, r[4]!)).Distinct()];

    const string Parents = """
        SELECT c.oid, n.nspname, p.relname, cn.nspname, c.relname
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace, LATERAL pg_catalog.pg_partition_ancestors(c.oid) a
        JOIN pg_catalog.pg_class p ON p.oid = a.relid JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
        WHERE c.relispartition AND c.relkind IN ('r', 'p') AND a.relid <> c.oid
        """;
}
