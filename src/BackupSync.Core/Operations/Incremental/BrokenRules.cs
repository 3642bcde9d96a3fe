using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Rules of tables that are NOT VALID, and that rows break which are to be written: they were written on the source before the rule was
/// added. As a restore does, a run brings the rows first and the rule then. To take it away shuts readers out: so that is done only where
/// such a row is really met.
/// </summary>
/// <param name="Checks">Of one row.</param>
/// <param name="ForeignKeys">By their oids.</param>
sealed record BrokenRules(IReadOnlySet<uint> Checks, IReadOnlyDictionary<uint, BrokenKey> ForeignKeys)
{
    public IReadOnlySet<uint> Keys { get; } = ForeignKeys.Keys.ToHashSet();

    public static async Task<BrokenRules> ReadAsync(
        PgSession target, IReadOnlyList<(TableSync Sync, uint TargetOid)> tables, CancellationToken cancellationToken)
    {
        var touched = tables.Where(t => t.Sync.Staged.Rows.Count > 0).ToList();
        var (checks, keys) = (new HashSet<uint>(), new Dictionary<uint, BrokenKey>());
        var rules = touched.Count == 0 ? []
            : (await target.RowsAsync(Query(target.ServerVersion.Major, [.. touched.Select(t => t.Sync.Table)]), cancellationToken))
                .ConvertAll(Rule.Of);
        foreach (var rule in rules)
        {
            var (table, oid, condition) = (touched[rule.Table - 1].Sync, rule.Oid, rule.Condition);
            if (keys.TryGetValue(oid, out var known))
                known.Tables.Add(table);
            if (known is not null || checks.Contains(oid))
                continue;
            // A key is looked at where a row gets other values.
            var breaks = rule.Key is not { } key ? $"({condition}) IS FALSE"
                : $"{condition} AND {string.Join(" AND ", Referred(key).Select(r => $"NOT {key.Refers(r)}"))}"
                    + (!table.Table.HasKey ? ""
                        : $" AND NOT EXISTS (SELECT FROM {table.Table.Table.Rows} AS t "
                            + $"WHERE {table.Table.SameKey("t", "s")} AND {key.Same})");
            if (!await AreThereAsync(target, $"SELECT 1 FROM {table.Staged.Rows.Name} AS s WHERE {breaks} LIMIT 1", cancellationToken))
                continue;
            if (rule.Key is null)
                checks.Add(oid);
            else
                keys[oid] = new BrokenKey(
                    oid, rule.Key.Table, rule.Key.Name, rule.Key.Columns, rule.Key.Same,
                    $"{rule.Key.Rows} AS s WHERE {condition} AND NOT {rule.Key.Refers(rule.Key.Referred)}") { Tables = [table] };
        }
        return new BrokenRules(checks, keys);

        IEnumerable<string> Referred(Key key) =>
            touched.Where(t => key.Relations.Contains(t.TargetOid)).Select(t => t.Sync.Staged.Rows.Name).Prepend(key.Referred);
    }

    /// <summary>Also where nobody can tell: an expression may name what staged rows have not, such as a generated column.</summary>
    static async Task<bool> AreThereAsync(PgSession target, string query, CancellationToken cancellationToken)
    {
        var areThere = true;
        await Savepoint.TryAsync(target, async () =>
        {
            areThere = (await target.RowsAsync(query, cancellationToken)).Count > 0;
            return false;
        }, cancellationToken, orUnknown: true);
        return areThere;
    }

    /// <param name="Table">Its number, counted from 1.</param>
    /// <param name="Condition">What rows <c>s</c> meet; of a key, which rows it is about.</param>
    /// <param name="Key">Null of a rule of one row.</param>
    sealed record Rule(int Table, uint Oid, string Condition, Key? Key)
    {
        public static Rule Of(Row row) => new(row.Int(0), row.Oid(1), row.Text(3), row.Text(2) == "f" ? Key.Of(row) : null);
    }

    /// <param name="Match">When a row <c>p</c> is the one referred to; of a period, one of them.</param>
    /// <param name="Referred">The table of that, as FROM takes it.</param>
    /// <param name="Same">When a row <c>t</c> refers to the same.</param>
    /// <param name="Relations">The table referred to and its partitions.</param>
    /// <param name="Rows">The table that the key is of, as FROM takes it.</param>
    /// <param name="Columns">What a row <c>s</c> refers to others by.</param>
    /// <param name="ReferredPeriod">The column of the period there, quoted; null where there is none.</param>
    sealed record Key(
        string Match, string Referred, string Same, IReadOnlySet<uint> Relations, string Rows, ObjectName Table, string Name,
        string Columns, string? ReferredPeriod, string? Period)
    {
        public static Key Of(Row row) => new(
            row.Text(4), row.Text(5), row.Text(6), row.Oids(7).ToHashSet(), row.Text(8), row.Name(9), row.Text(11), row.Text(12),
            row.TextOrNull(13), row.TextOrNull(14));

        /// <summary>
        /// Whether a row <c>s</c> refers to one of a relation. A period is covered by that of one row, or of several together.
        /// </summary>
        public string Refers(string relation) => ReferredPeriod is null
            ? $"EXISTS (SELECT FROM {relation} AS p WHERE {Match})"
            : $"coalesce((SELECT pg_catalog.range_agg(p.{ReferredPeriod}) OPERATOR(pg_catalog.@>) s.{Period} FROM {relation} AS p WHERE "
                + $"{Match}), false)";
    }

    /// <summary>
    /// Number of the table, constraint, kind, what rows <c>s</c> meet it (of a key: which it is about), and of a key when a row <c>p</c> is
    /// the one referred to (of a period: one of them), the table of that, when a row <c>t</c> refers to the same, the table's
    /// partitions, the table that the key is of, as FROM takes it and in parts, the key's name, what a row <c>s</c> refers to others
    /// by, and the columns of periods on either side. Rules that a table inherits are its parent's.
    /// </summary>
    static string Query(int major, IReadOnlyList<KeyedTable> tables)
    {
        return $"""
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
               {Rows("k.confrelid")},
               (SELECT pg_catalog.format('ROW(%s)::text = ROW(%s)::text',
                       pg_catalog.string_agg(pg_catalog.format('t.%I', a.attname), ', ' ORDER BY a.attnum),
                       pg_catalog.string_agg(pg_catalog.format('s.%I', a.attname), ', ' ORDER BY a.attnum))
                FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)),
               (SELECT pg_catalog.string_agg(tree.relid::text, ',') FROM {TableTree.Of("k.confrelid")} tree),
               {Rows("k.conrelid")}, kn.nspname, kc.relname, k.conname,
               (SELECT pg_catalog.string_agg(pg_catalog.format('s.%I', a.attname), ', ' ORDER BY a.attnum)
                FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)),
               {Period("k.confrelid", "k.confkey")}, {Period("k.conrelid", "k.conkey")}
        FROM pg_catalog.pg_constraint k JOIN tree ON tree.oid = k.conrelid
        JOIN pg_catalog.pg_class kc ON kc.oid = k.conrelid JOIN pg_catalog.pg_namespace kn ON kn.oid = kc.relnamespace
        WHERE k.contype IN ('c', 'n', 'f') AND k.coninhcount = 0
          AND NOT k.convalidated AND pg_catalog.pg_get_constraintdef(k.oid) ~ ' NOT VALID$'
        """;

        // A key is about the rows of the table itself, and not those of tables that inherit from it.
        static string Rows(string relation) => $"""
            (SELECT pg_catalog.format('%s%I.%I', CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, n.nspname, c.relname)
                FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = {relation})
            """;

        string Period(string relation, string columns) => major < 18 ? "NULL" : $"""
            CASE WHEN k.conperiod THEN (SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = {relation} AND a.attnum = ({columns})[pg_catalog.cardinality({columns})]) END
            """;
    }
}
