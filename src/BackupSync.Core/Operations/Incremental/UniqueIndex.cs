using System.Globalization;
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
        var rows = await target.RowsAsync(Query(target.ServerVersion.Major, table), cancellationToken);
        var u = table.Own + "u";
        return [.. rows.GroupBy(r => r[0]!).Select(index =>
        {
            var first = index.First();
            var parts = index.Where(r => r[2] is not null).DistinctBy(r => r[2]).ToList();
            var nullsAreEqual = first[6] == "t";
            return new UniqueIndex(first[1]!,
                string.Join(", ", parts.Select(p => $"{p[3]} AS {u}{p[2]}")),
                string.Join(" AND ", parts.Select(p => nullsAreEqual
                    ? $"(t.{u}{p[2]} {p[4]} s.{u}{p[2]} OR t.{u}{p[2]} IS NULL AND s.{u}{p[2]} IS NULL)"
                    : $"t.{u}{p[2]} {p[4]} s.{u}{p[2]}")),
                first[5] is { } predicate ? $"WHERE {predicate}" : "",
                ParkableColumn.Choose(index.Where(r => r[10] is not null).Select(r => new ParkableColumn(
                    r[10]!, r[11]!, r[12] == "t" && !nullsAreEqual, int.Parse(r[13]!, CultureInfo.InvariantCulture), r[14] == "t", r[15]))))
            {
                IsKey = first[1] == table.KeyIndex && first[8] is null,
                IsByValue = first[7] != "t",
                Partition = first[8],
                StagedWhere = string.Join(" AND ",
                    new[] { first[5], first[9] }.OfType<string>().Select((c, i) => $"{(i == 0 ? "WHERE " : "")}({c})")),
            };
        })];
    }

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

    static string Relation(KeyedTable table) => $"{Sql.Literal(Sql.Qualified(table.Table.Schema, table.Table.Name))}::pg_catalog.regclass";
}
