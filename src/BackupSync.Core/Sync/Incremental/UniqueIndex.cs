using System.Globalization;
using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Sync.Incremental;

/// <summary>A unique index beside the key's own: rows that exchange their values cannot be written in any order.</summary>
/// <param name="Values">What it holds for a row: columns or expressions, named by numbers</param>
/// <param name="Same">When those of t and of s are in each other's way.</param>
/// <param name="Where">The rows that it is about.</param>
/// <param name="Parkable">Columns that can be given another value for a moment, the likeliest to help first.</param>
sealed record UniqueIndex(string Name, string Values, string Same, string Where, IReadOnlyList<ParkableColumn> Parkable)
{
    /// <param name="table">Of the target.</param>
    public static async Task<IReadOnlyList<UniqueIndex>> ReadAsync(PgSession target, KeyedTable table, CancellationToken cancellationToken)
    {
        var rows = await target.RowsAsync(Query(target.ServerVersion.Major, table), cancellationToken);
        var u = table.Own + "u";
        return [.. rows.GroupBy(r => r[0]!).Select(index =>
        {
            var first = index.First();
            var parts = index.Where(r => r[1] is not null).DistinctBy(r => r[1]).ToList();
            var nullsAreEqual = first[6] == "t";
            return new UniqueIndex(index.Key,
                string.Join(", ", parts.Select(p => $"{p[2]} AS {u}{p[1]}")),
                string.Join(" AND ", parts.Select(p => nullsAreEqual
                    ? $"(t.{u}{p[1]} {p[3]} s.{u}{p[1]} OR t.{u}{p[1]} IS NULL AND s.{u}{p[1]} IS NULL)"
                    : $"t.{u}{p[1]} {p[3]} s.{u}{p[1]}")),
                first[5] is { } predicate ? $"WHERE {predicate}" : "",
                ParkableColumn.Choose(index.Where(r => r[7] is not null).Select(r => new ParkableColumn(r[7]!, r[8]!, r[9] == "t" && !nullsAreEqual, int.Parse(r[10]!, CultureInfo.InvariantCulture), r[11] == "t"))));
        })];
    }

    /// <summary>A row for each part of each index, and for each column that it is made of.</summary>
    static string Query(int major, KeyedTable table) => $"""
        SELECT i.relname, n + 1, pg_catalog.pg_get_indexdef(x.indexrelid, n + 1, false), pg_catalog.format('OPERATOR(%I.%s)', opn.nspname, op.oprname), NULL,
               pg_catalog.pg_get_expr(x.indpred, x.indrelid), {(major >= 15 ? "x.indnullsnotdistinct" : "false")}, NULL, NULL, NULL, NULL, NULL
        FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
        CROSS JOIN LATERAL pg_catalog.generate_series(0, x.indnkeyatts - 1) n
        JOIN pg_catalog.pg_opclass oc ON oc.oid = x.indclass[n]
        JOIN pg_catalog.pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amopstrategy = 3 AND ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype
        JOIN pg_catalog.pg_operator op ON op.oid = ao.amopopr JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace
        WHERE {Others(table)}
        UNION ALL
        SELECT i.relname, NULL, NULL, NULL, NULL, NULL, NULL, a.attname, t.typname, NOT {CatalogQueries.IsNeverNull("a")} AND NOT t.typnotnull, a.atttypmod, a.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1])
        FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
        JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attgenerated = '' AND a.attidentity <> 'a' AND NOT a.attisdropped
             AND (a.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1]) OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                  AND d.objid = x.indexrelid AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = x.indrelid AND d.refobjsubid = a.attnum))
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE {Others(table)} AND a.attname <> ALL ({Sql.TextArray(table.Key.Select(k => k.Name))})
        ORDER BY 1, 2
        """;

    static string Others(KeyedTable table) =>
        $"x.indrelid = {Sql.Literal(Sql.Qualified(table.Table.Schema, table.Table.Name))}::pg_catalog.regclass AND x.indisunique AND x.indisvalid AND i.relname <> {Sql.Literal(table.KeyIndex ?? "")}";
}
