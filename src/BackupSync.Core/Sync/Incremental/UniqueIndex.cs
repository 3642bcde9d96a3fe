using System.Globalization;
using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Sync.Incremental;

/// <summary>A unique index beside the key's own: rows that exchange their values cannot be written in any order.</summary>
/// <param name="Values">What it holds for a row: columns or expressions, named u1, u2, …</param>
/// <param name="Same">When those of t and of s are in each other's way.</param>
/// <param name="Where">The rows that it is about.</param>
/// <param name="Parkable">Columns that can be given another value for a moment, the likeliest to help first.</param>
sealed record UniqueIndex(string Name, string Values, string Same, string Where, IReadOnlyList<ParkableColumn> Parkable)
{
    /// <param name="table">Of the target.</param>
    public static async Task<IReadOnlyList<UniqueIndex>> ReadAsync(PgSession target, KeyedTable table, CancellationToken cancellationToken)
    {
        var rows = await target.RowsAsync(Query(target.ServerVersion.Major, table), cancellationToken);
        return [.. rows.GroupBy(r => r[0]!).Select(index =>
        {
            var first = index.First();
            var parts = index.Where(r => r[1] is not null).DistinctBy(r => r[1]).ToList();
            var nullsAreEqual = first[6] == "t";
            return new UniqueIndex(index.Key,
                string.Join(", ", parts.Select(p => $"{p[2]} AS u{p[1]}")),
                string.Join(" AND ", parts.Select(p => nullsAreEqual
                    ? $"(t.u{p[1]} {p[3]} s.u{p[1]} OR t.u{p[1]} IS NULL AND s.u{p[1]} IS NULL)"
                    : $"t.u{p[1]} {p[3]} s.u{p[1]}")),
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
        SELECT i.relname, NULL, NULL, NULL, NULL, NULL, NULL, a.attname, t.typname, NOT a.attnotnull AND NOT t.typnotnull, a.atttypmod, a.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1])
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

/// <param name="Type">Its name in pg_type.</param>
/// <param name="TakesNull">Null, that is in nobody's way.</param>
/// <param name="Modifier">The type's, such as the length of a varchar and 4.</param>
/// <param name="IsIndexed">As it is; others are named in an expression or in the index's condition, so another value of theirs may not help.</param>
sealed record ParkableColumn(string Name, string Type, bool TakesNull, int Modifier, bool IsIndexed)
{
    const int LeastText = 16;

    public static IReadOnlyList<ParkableColumn> Choose(IEnumerable<ParkableColumn> columns) =>
        [.. columns.Where(c => c.TakesNull || c.HasOtherValues).OrderByDescending(c => c.IsIndexed).ThenByDescending(c => c.TakesNull)];

    bool HasOtherValues => IsText || IsNumber || Type == "uuid";

    bool IsText => Type is "text" or "citext" or "varchar" or "bpchar" && (Modifier < 0 || Modifier - 4 >= LeastText);
    bool IsNumber => Type is "int2" or "int4" or "int8" or "numeric";

    /// <summary>A value that no row has; <c>backupsync_n</c> counts the rows that get one.</summary>
    /// <param name="rows">Of the table.</param>
    public string Parked(string rows) => TakesNull && (IsIndexed || !HasOtherValues) ? "NULL" // an expression may make something of it
        : Type == "uuid" ? "pg_catalog.gen_random_uuid()"
        : IsNumber ? $"((SELECT min({Sql.Identifier(Name)}) FROM {rows}) - c.backupsync_n)"
        : $"pg_catalog.left(pg_catalog.md5(pg_catalog.random()::text || c.backupsync_n::text), {Math.Min(32, Modifier < 0 ? 32 : Modifier - 4)})";
}
