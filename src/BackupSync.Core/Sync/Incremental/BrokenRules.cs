using System.Globalization;
using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Sync.Incremental;

/// <summary>
/// Rules of tables that are NOT VALID, and that rows break which are to be written: they were written on the source before the rule was
/// added. As a restore does, a run brings the rows first and the rule then. To take it away shuts readers out: so that is done only where
/// such a row is really met.
/// </summary>
/// <param name="Checks">Of one row.</param>
/// <param name="Keys">Foreign keys.</param>
sealed record BrokenRules(IReadOnlySet<uint> Checks, IReadOnlySet<uint> Keys)
{
    public static async Task<BrokenRules> ReadAsync(
        PgSession target, IReadOnlyList<(TableSync Sync, uint Oid)> tables, CancellationToken cancellationToken)
    {
        var touched = tables.Where(t => t.Sync.Staged.StagedRows is not null).ToList();
        var (checks, keys) = (new HashSet<uint>(), new HashSet<uint>());
        var rules = touched.Count == 0 ? [] : await target.RowsAsync(Query([.. touched.Select(t => t.Sync.Table)]), cancellationToken);
        foreach (var rule in rules)
        {
            var table = touched[int.Parse(rule[0]!, CultureInfo.InvariantCulture) - 1].Sync;
            var (oid, isKey, condition) = (Oid(rule[1]!), rule[2] == "f", rule[3]!);
            if (keys.Contains(oid) || checks.Contains(oid))
                continue;
            // A key is looked at where a row gets other values.
            var breaks = !isKey ? $"({condition}) IS FALSE"
                : $"{condition} AND {string.Join(" AND ", Referred(rule).Select(r => $"NOT EXISTS (SELECT FROM {r} AS p WHERE {rule[4]})"))}"
                    + (!table.Table.HasKey ? ""
                        : $" AND NOT EXISTS (SELECT FROM {table.Table.Table.Rows} AS t WHERE {table.Table.SameKey("t", "s")} AND {rule[6]})");
            if (await AreThereAsync(target, $"SELECT 1 FROM {table.Staged.StagedRows} AS s WHERE {breaks} LIMIT 1", cancellationToken))
                (isKey ? keys : checks).Add(oid);
        }
        return new BrokenRules(checks, keys);

        IEnumerable<string> Referred(IReadOnlyList<string?> rule)
        {
            var relations = rule[7]!.Split(',').Select(Oid).ToHashSet();
            return tables.Where(t => relations.Contains(t.Oid)).Select(t => t.Sync.Staged.StagedRows).OfType<string>().Prepend(rule[5]!);
        }
    }

    /// <summary>Also where nobody can tell: an expression may name what staged rows have not, such as a generated column.</summary>
    static async Task<bool> AreThereAsync(PgSession target, string query, CancellationToken cancellationToken)
    {
        var areThere = true;
        await Part.TryAsync(target, async () =>
        {
            areThere = (await target.RowsAsync(query, cancellationToken)).Count > 0;
            return false;
        }, cancellationToken, orUnknown: true);
        return areThere;
    }

    static uint Oid(string text) => uint.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>
    /// Number of the table, constraint, kind, what rows <c>s</c> meet it (of a key: which it is about), and of a key when a row <c>p</c> is
    /// the one referred to, the table of that, when a row <c>t</c> refers to the same, and the table's partitions. Rules that a table
    /// inherits are its parent's.
    /// </summary>
    static string Query(IReadOnlyList<KeyedTable> tables) => $"""
        WITH RECURSIVE tree AS (
            SELECT i, r.oid FROM {TableWrites.Relations(tables)}
            UNION SELECT tree.i, h.inhparent FROM pg_catalog.pg_inherits h JOIN tree ON tree.oid = h.inhrelid)
        SELECT tree.i, k.oid, k.contype,
               CASE k.contype WHEN 'c' THEN pg_catalog.pg_get_expr(k.conbin, k.conrelid)
                    ELSE (SELECT pg_catalog.string_agg(pg_catalog.format('s.%I IS NOT NULL', a.attname), ' AND ')
                          FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) END,
               (SELECT pg_catalog.string_agg(
                       pg_catalog.format('p.%I OPERATOR(%I.%s) s.%I', pa.attname, opn.nspname, op.oprname, fa.attname), ' AND ')
                FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop)) u(fk, pk, eq)
                JOIN pg_catalog.pg_attribute fa ON fa.attrelid = k.conrelid AND fa.attnum = u.fk
                JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = u.pk
                JOIN pg_catalog.pg_operator op ON op.oid = u.eq JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace),
               (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = k.confrelid),
               (SELECT pg_catalog.format('ROW(%s)::text = ROW(%s)::text',
                       pg_catalog.string_agg(pg_catalog.format('t.%I', a.attname), ', ' ORDER BY a.attnum),
                       pg_catalog.string_agg(pg_catalog.format('s.%I', a.attname), ', ' ORDER BY a.attnum))
                FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)),
               pg_catalog.concat_ws(',', k.confrelid, (SELECT pg_catalog.string_agg(relid::oid::text, ',') FROM pg_catalog.pg_partition_tree(k.confrelid)))
        FROM pg_catalog.pg_constraint k JOIN tree ON tree.oid = k.conrelid
        WHERE k.contype IN ('c', 'n', 'f') AND k.coninhcount = 0
          AND NOT k.convalidated AND pg_catalog.pg_get_constraintdef(k.oid) ~ ' NOT VALID$'
        """;
}
