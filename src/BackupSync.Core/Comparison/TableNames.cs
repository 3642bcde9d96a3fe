using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>
/// Tables as people name them: with or without a schema, with <c>*</c> and <c>?</c>, or quoted where a name is not plain.
/// </summary>
static class TableNames
{
    public static bool Matches(ObjectName table, string pattern) =>
        table.Display == pattern || Sql.Display(table.Name) == pattern || table.Matches(pattern);

    /// <summary>
    /// By the oids of partitions, the names of the tables that they are partitions of: who names such a table means its partitions.
    /// </summary>
    public static async Task<ILookup<uint, ObjectName>> ParentsAsync(IQueryRunner database, CancellationToken cancellationToken) =>
        (await database.RowsAsync(CatalogQueries.PartitionAncestors, cancellationToken)).ToLookup(
            r => r.Oid(0),
            r => r.Name(3));

    /// <summary>The partitions of what the patterns name.</summary>
    public static async Task<IReadOnlyList<ObjectName>> PartitionsAsync(
        IQueryRunner database,
        IReadOnlyList<string> patterns,
        CancellationToken cancellationToken) =>
        [.. (await database.RowsAsync(CatalogQueries.PartitionAncestors, cancellationToken))
            .Where(r => patterns.Any(p => Matches(r.Name(3), p))).Select(r => r.Name(1)).Distinct()];

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.UnknownName"/>: a pattern matches none; the nearest name is given.
    /// </exception>
    /// <param name="label">Whose tables they are, for the message.</param>
    public static void EnsureKnown(IReadOnlyList<string> patterns, IReadOnlyCollection<ObjectName> tables, string label)
    {
        foreach (var pattern in patterns.Where(p => !tables.Any(t => Matches(t, p))))
        {
            AddressGivenException.RefuseAsTable(pattern);
            var nearest = NearestName.Of(pattern, tables.SelectMany(t => new[] { t.Name, t.Display }));
            throw new BackupSyncException(ErrorIds.UnknownName, $"There is no table '{pattern}' in {label}.",
                nearest is not null ? $"Did you mean '{nearest}'?" : tables.Count == 0 ? "There are none." : $"There are {Some(tables)}.");
        }
    }

    static string Some(IReadOnlyCollection<ObjectName> tables) =>
        string.Join(", ", tables.Select(t => t.Display).Order(StringComparer.Ordinal).Take(20)) + (tables.Count > 20 ? ", …" : "");
}
