using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>The tables that a job keeps up to date.</summary>
static class SyncTables
{
    /// <param name="patterns">None for all. One that names a partitioned table means its partitions.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>: the source has no such table.</exception>
    public static async Task<IReadOnlyList<KeyedTable>> FindAsync(
        PgSession source, CatalogFilter filter, IReadOnlyList<string> patterns, CancellationToken cancellationToken)
    {
        var tables = (await KeyedTable.ReadAsync(source, filter, cancellationToken)).Where(t => !filter.Empty.Contains(t.Table.Oid))
            .ToList();
        if (patterns.Count == 0)
            return tables;
        var parents = await TableNames.ParentsAsync(source, cancellationToken);
        TableNames.EnsureKnown(patterns, [.. tables.SelectMany(NamesOf).Distinct()], source.Login.Label);
        return [.. tables.Where(t => NamesOf(t).Any(n => patterns.Any(p => TableNames.Matches(n, p))))];

        IEnumerable<ObjectName> NamesOf(KeyedTable table) => parents[table.Table.Oid].Prepend(table.Table.Name);
    }
}
