using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// What each table's columns are, by their numbers. Some commands give every row another value and write none, nor stamp any: ADD
/// COLUMN … DEFAULT keeps one value for all rows of before, DROP and ADD of one name makes another column of it, and names are
/// exchanged. The same can be done to a type that a column is of.
/// </summary>
static class ColumnIdentities
{
    /// <summary>
    /// The types that a column's type <c>a.atttypid</c> is made of, however deep: an array, a domain, a range or a composite type.
    /// </summary>
    const string Parts = """
        WITH RECURSIVE part(oid) AS (
            SELECT a.atttypid
            UNION SELECT n.oid FROM part JOIN pg_catalog.pg_type y ON y.oid = part.oid, LATERAL (
                SELECT y.typelem UNION ALL SELECT y.typbasetype
                UNION ALL SELECT g.rngsubtype FROM pg_catalog.pg_range g
                WHERE y.oid IN (g.rngtypid, (pg_catalog.to_jsonb(g) ->> 'rngmultitypid')::oid)
                UNION ALL SELECT b.atttypid FROM pg_catalog.pg_attribute b WHERE y.typrelid <> 0 AND b.attrelid = y.typrelid
                AND b.attnum > 0 AND NOT b.attisdropped) n(oid)
            WHERE n.oid <> 0)
        """;

    const string Attributes = $"""
        CASE WHEN a.atttypid >= 16384 THEN (
            {Parts}
            SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', b.attrelid, b.attnum, b.attname, b.atttypid, b.atttypmod), '; '
                ORDER BY b.attrelid, b.attnum)
            FROM part JOIN pg_catalog.pg_type y ON y.oid = part.oid JOIN pg_catalog.pg_attribute b ON b.attrelid = y.typrelid
                AND b.attnum > 0 AND NOT b.attisdropped) END
        """;

    /// <summary>Types whose text is another object's name.</summary>
    const string Names = "ARRAY(SELECT n.oid FROM pg_catalog.pg_type n WHERE n.typnamespace = 'pg_catalog'::pg_catalog.regnamespace "
        + "AND n.typname ~ '^_?(reg|aclitem)')";

    /// <summary>The tables whose values are names of other objects, which change where those are renamed.</summary>
    public static async Task<IReadOnlySet<string>> NamingOthersAsync(
        IQueryRunner side,
        IReadOnlyList<KeyedTable> tables,
        CancellationToken cancellationToken) =>
        tables.Count == 0 ? new HashSet<string>() : (await side.RowsAsync(
            $"""
            SELECT DISTINCT i FROM {TableWrites.Relations(tables)} JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
                AND NOT a.attisdropped
            WHERE a.atttypid = ANY ({Names}) OR a.atttypid >= 16384 AND EXISTS ({Parts} SELECT FROM part WHERE part.oid = ANY ({Names}))
            """, cancellationToken)).Select(r => tables[r.Int(0) - 1].Name).ToHashSet();

    /// <summary>By the tables' names, as texts that are alike where nothing has changed.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ReadAsync(
        IQueryRunner side,
        IReadOnlyList<KeyedTable> tables,
        CancellationToken cancellationToken)
    {
        if (tables.Count == 0)
            return new Dictionary<string, string>();
        var rows = await side.RowsAsync(
            $"""
            SELECT i, pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', r.oid, a.attnum, a.attname, a.atttypid, a.atttypmod,
                a.attcollation, a.attmissingval, {Attributes}), ', ' ORDER BY r.oid, a.attnum))
            FROM {TableWrites.Relations(tables)} LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
                AND NOT a.attisdropped GROUP BY i
            """, cancellationToken);
        return rows.ToDictionary(r => tables[r.Int(0) - 1].Name, r => r.TextOrNull(1) ?? "");
    }
}
