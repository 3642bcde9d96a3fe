using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Sync.Incremental;

/// <summary>Sets sequences to where they stand on the source.</summary>
static class SequenceSync
{
    /// <param name="names">Null for all that both databases have.</param>
    /// <returns>How many were set.</returns>
    public static async Task<int> RunAsync(
        IQueryRunner source, PgSession target, CatalogFilter filter, IReadOnlySet<string>? names, CancellationToken cancellationToken)
    {
        var copied = filter with { Relations = [.. filter.Relations, .. filter.Empty] };
        var there = await FingerprintReader.ReadSequencesAsync(source, copied, names, cancellationToken);
        var here = await FingerprintReader.ReadSequencesAsync(target, CatalogFilter.None, there.Keys.ToHashSet(), cancellationToken);
        var moved = there.Where(s => here.TryGetValue(s.Key, out var now) && now != s.Value).ToList();
        foreach (var (key, wanted) in moved)
        {
            var (schema, bare) = Sql.Parts(key);
            try
            {
                await SequenceValue.SetAsync(target, Sql.Qualified(schema, bare), wanted.Value, wanted.IsCalled, cancellationToken);
            }
            catch (PgQueryException refused) when (refused.SqlState == Npgsql.PostgresErrorCodes.NumericValueOutOfRange)
            {
                throw new ConstraintInTheWayException($"{target.Login.Label}: the sequence {key} has other bounds than on the source: {wanted.Value} is none of its values.");
            }
        }
        return moved.Count;
    }

    /// <summary>Those that number the rows of some tables.</summary>
    public static async Task<IReadOnlySet<string>> OwnedByAsync(IQueryRunner source, IEnumerable<uint> tables, CancellationToken cancellationToken) =>
        (await source.RowsAsync(
            $"""
            SELECT n.nspname, s.relname FROM pg_catalog.pg_depend d
            JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
            WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
              AND d.refobjid IN (SELECT t FROM unnest(ARRAY[{string.Join(",", tables)}]::oid[]) t
                                 UNION SELECT a.relid FROM unnest(ARRAY[{string.Join(",", tables)}]::oid[]) t, LATERAL pg_catalog.pg_partition_ancestors(t) a)
            """, cancellationToken)).Select(r => Sql.Display(r[0]!, r[1]!)).ToHashSet();
}
