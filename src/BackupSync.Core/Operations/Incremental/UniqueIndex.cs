using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// An index that keeps rows apart, be it by equal values or (of an exclusion constraint) by others, beside the key's own: rows that
/// exchange what it looks at cannot be written in any order.
/// </summary>
/// <param name="Values">What it holds for a row: columns or expressions, named by numbers</param>
/// <param name="Same">When those of t and of s are in each other's way.</param>
/// <param name="Where">The rows that it is about.</param>
/// <param name="Parkable">Columns that can be given another value for a moment, the likeliest to help first.</param>
sealed record UniqueIndex(string Name, string Values, string Same, string Where, IReadOnlyList<ParkableColumn> Parkable)
{
    /// <summary>
    /// Whether it is the key's, which is so for a key WITHOUT OVERLAPS alone: that keeps more rows apart than those of one key.
    /// </summary>
    public bool IsKey { get; init; }

    /// <summary>Whether rows are in each other's way where their values are equal, and only then.</summary>
    public bool IsByValue { get; init; }

    /// <summary>The partition whose own it is, as FROM takes it; null where it is the table's.</summary>
    public string? Partition { get; init; }

    /// <summary>Of staged rows, which have no partitions, those that it is about.</summary>
    public string StagedWhere { get; init; } = "";

    /// <param name="table">Of the target.</param>
    public static async Task<IReadOnlyList<UniqueIndex>> ReadAsync(PgSession target, KeyedTable table, CancellationToken cancellationToken)
    {
        var rows = (await target.RowsAsync(Query(target.ServerVersion.Major, table), cancellationToken)).Select(Found.Of);
        var u = table.Own + "u";
        return [.. rows.GroupBy(f => f.Oid).Select(index =>
        {
            var first = index.First();
            var parts = index.Select(f => f.Part).OfType<Part>().DistinctBy(p => p.Number).ToList();
            return new UniqueIndex(first.Name,
                string.Join(", ", parts.Select(p => $"{p.Value} AS {u}{p.Number}")),
                string.Join(" AND ", parts.Select(p => first.NullsAreEqual
                    ? $"(t.{u}{p.Number} {p.Equal} s.{u}{p.Number} OR t.{u}{p.Number} IS NULL AND s.{u}{p.Number} IS NULL)"
                    : $"t.{u}{p.Number} {p.Equal} s.{u}{p.Number}")),
                first.Predicate is { } predicate ? $"WHERE {predicate}" : "",
                ParkableColumn.Choose(index.Select(f => f.Column).OfType<ParkableColumn>()))
            {
                IsKey = first.Name == table.KeyIndex && first.Partition is null,
                IsByValue = !first.IsExclusion,
                Partition = first.Partition,
                StagedWhere = string.Join(" AND ",
                    new[] { first.Predicate, first.Bounds }.OfType<string>().Select((c, i) => $"{(i == 0 ? "WHERE " : "")}({c})")),
            };
        })];
    }

    /// <summary>A row of the query: of an index, and one of its parts or one of the columns that it is made of.</summary>
    /// <param name="Partition">As <see cref="UniqueIndex.Partition"/>, whose bounds are the next.</param>
    sealed record Found(
        uint Oid, string Name, string? Predicate, bool NullsAreEqual, bool IsExclusion, string? Partition, string? Bounds, Part? Part,
        ParkableColumn? Column)
    {
        public static Found Of(Row row) => new(
            row.Oid(0), row.Text(1), row.TextOrNull(5), row.Flag(6), row.Flag(7), row.TextOrNull(8), row.TextOrNull(9),
            row.TextOrNull(2) is null ? null : new Part(row.Int(2), row.Text(3), row.Text(4)),
            row.TextOrNull(10) is not { } column ? null
                : new ParkableColumn(
                    column, row.Text(11), row.Flag(12) && !row.Flag(6), row.Int(13), row.Flag(14), row.TextOrNull(15)));
    }

    /// <param name="Equal">The operator by which two values of it are in each other's way.</param>
    sealed record Part(int Number, string Value, string Equal);

    /// <summary>A row for each part of each index, and for each column that it is made of.</summary>
    static string Query(int major, KeyedTable table) => $"""
        WITH ind AS (
            SELECT x.*, i.relname AS name, {(major >= 15 ? "x.indnullsnotdistinct" : "false")} AS nulls_equal,
                pg_catalog.pg_get_expr(x.indpred, x.indrelid) AS predicate,
                   (SELECT k.conexclop FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid
                       AND k.conexclop IS NOT NULL) AS exclusion,
                   CASE WHEN x.indrelid <> {Relation(table)} THEN (
                       SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
                           JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = x.indrelid) END AS partition,
                   CASE WHEN x.indrelid <> {Relation(table)} THEN pg_catalog.pg_get_partition_constraintdef(x.indrelid) END AS bounds
            FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
            WHERE (x.indisunique OR x.indisexclusion) AND x.indisvalid
              -- A partition's copy of its parent's index goes with that one.
              AND (x.indrelid = {Relation(table)} OR x.indrelid IN {TableTree.Of(Relation(table))}
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = x.indexrelid))
              AND {(table.IsTemporal ? "true"
                  : $"NOT (x.indrelid = {Relation(table)} AND i.relname = {Sql.Literal(table.KeyIndex ?? "")})")})
        SELECT x.indexrelid, x.name, n + 1, pg_catalog.pg_get_indexdef(x.indexrelid, n + 1, false),
            pg_catalog.format('OPERATOR(%I.%s)', opn.nspname, op.oprname),
               x.predicate, x.nulls_equal, x.exclusion IS NOT NULL, x.partition, x.bounds, NULL, NULL, NULL, NULL, NULL, NULL
        FROM ind x CROSS JOIN LATERAL pg_catalog.generate_series(0, x.indnkeyatts - 1) n
        JOIN pg_catalog.pg_operator op ON op.oid = coalesce(x.exclusion[n + 1], (
             SELECT ao.amopopr FROM pg_catalog.pg_opclass oc
             JOIN pg_catalog.pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amopstrategy = 3 AND ao.amoplefttype = oc.opcintype
             AND ao.amoprighttype = oc.opcintype
             WHERE oc.oid = x.indclass[n]))
        JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace
        UNION ALL
        SELECT x.indexrelid, x.name, NULL, NULL, NULL, x.predicate, x.nulls_equal, x.exclusion IS NOT NULL, x.partition, x.bounds,
               a.attname, t.typname, NOT {CatalogQueries.IsNeverNull("a")} AND NOT t.typnotnull, a.atttypmod,
                   a.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1]),
               CASE t.typtype WHEN 'r' THEN 'empty' WHEN 'm' THEN '{"{}"}' END
        FROM ind x
        JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attgenerated = '' AND a.attidentity <> 'a' AND NOT a.attisdropped
             AND (a.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1])
                 OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                  AND d.objid = x.indexrelid AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = x.indrelid
                  AND d.refobjsubid = a.attnum))
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attname <> ALL ({Sql.TextArray(table.Key.Select(k => k.Name))})
        ORDER BY 2, 1, 3
        """;

    static string Relation(KeyedTable table) => table.Table.Name.AsRelation;
}
