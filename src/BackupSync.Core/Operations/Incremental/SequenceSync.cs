using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>Sets sequences to where they stand on the source.</summary>
static class SequenceSync
{
    /// <param name="names">Null for all that both databases have.</param>
    /// <param name="mayGoBack">
    /// Whether the target holds no rows but the source's: else a number could be given out that a row has already.
    /// </param>
    /// <returns>How many were set.</returns>
    public static async Task<int> RunAsync(
        IQueryRunner source, PgSession target, CatalogFilter filter, IReadOnlySet<ObjectName>? names, bool mayGoBack,
        CancellationToken cancellationToken)
    {
        var copied = filter with { Relations = [.. filter.Relations, .. filter.Empty] };
        var there = await FingerprintReader.ReadSequencesAsync(source, copied, names, cancellationToken);
        var here = await FingerprintReader.ReadSequencesAsync(target, CatalogFilter.None, there.Keys.ToHashSet(), cancellationToken);
        var descending = mayGoBack
            ? []
            : (await target.RowsAsync(Descending, cancellationToken)).Select(r => r.Name(0)).ToHashSet();
        var moved = there.Where(s => here.TryGetValue(s.Key, out var now) && now != s.Value
            && (mayGoBack || IsFurther(s.Value, now, descending.Contains(s.Key)))).ToList();
        foreach (var (sequence, wanted) in moved)
        {
            try
            {
                await SequenceValue.SetAsync(target, sequence, wanted.Value, wanted.IsCalled, cancellationToken);
            }
            catch (PgQueryException refused) when (refused.SqlState == Npgsql.PostgresErrorCodes.NumericValueOutOfRange)
            {
                throw new ConstraintInTheWayException(
                    $"{target.Login.Label}: the sequence {sequence.Display} has other bounds than on the source: "
                        + $"{wanted.Value} is none of its values.");
            }
        }
        return moved.Count;
    }

    static bool IsFurther(SequenceFingerprint there, SequenceFingerprint here, bool descending) =>
        there.Value == here.Value ? there.IsCalled : descending ? there.Value < here.Value : there.Value > here.Value;

    const string Descending = """
        SELECT n.nspname, c.relname FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE s.seqincrement < 0
        """;

    /// <summary>Those that number the rows of some tables: a column owns them, or its default asks them.</summary>
    public static async Task<IReadOnlySet<ObjectName>> OwnedByAsync(
        IQueryRunner source,
        IEnumerable<uint> tables,
        CancellationToken cancellationToken) =>
        (await source.RowsAsync(
            $"""
            WITH relation(oid) AS (SELECT a.relid FROM unnest(ARRAY[{string.Join(",", tables)}]::oid[]) t,
                LATERAL pg_catalog.pg_partition_ancestors(t) a
                                   UNION SELECT a.relid FROM unnest(ARRAY[{string.Join(",", tables)}]::oid[]) t,
                                   LATERAL {TableTree.Of("t")} a)
            SELECT n.nspname, s.relname FROM pg_catalog.pg_class s JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
            WHERE s.relkind = 'S' AND s.oid IN (
                SELECT d.objid FROM pg_catalog.pg_depend d JOIN relation ON relation.oid = d.refobjid
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
                    AND d.deptype IN ('a', 'i')
                UNION SELECT d.refobjid FROM relation JOIN pg_catalog.pg_attrdef f ON f.adrelid = relation.oid
                JOIN pg_catalog.pg_depend d ON d.objid = f.oid
                WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass)
            """, cancellationToken)).Select(r => r.Name(0)).ToHashSet();
}
