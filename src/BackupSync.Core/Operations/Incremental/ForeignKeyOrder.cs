using BackupSync.Comparison;
using BackupSync.Operations.Sides;
using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// The order in which tables are written, those that others refer to first. Keys that no order suits, because tables refer to each
/// other in a circle, are checked when all is written, where they are declared so. Of the others a column stays NULL until then, where
/// it may; and where none may, they are made deferrable for the length of the transaction, which shuts readers out until its end.
/// </summary>
sealed class ForeignKeyOrder
{
    readonly TargetTransaction _transaction;
    readonly IReadOnlyList<ForeignKey> _keys;
    readonly IReadOnlyList<ForeignKey> _circular;
    readonly List<ForeignKey> _altered = [];
    readonly bool _isWhole;
    bool _refusesEarly;

    ForeignKeyOrder(TargetTransaction transaction, IReadOnlyList<TableSync> tables, IReadOnlyList<ForeignKey> keys,
        IReadOnlyList<ForeignKey> circular, IReadOnlySet<uint> reached, bool isWhole) =>
        (_transaction, Tables, _keys, _circular, Reach, _isWhole) = (transaction, tables, keys, circular, reached, isWhole);

    /// <summary>In the order of writing; rows are deleted in the reverse one.</summary>
    public IReadOnlyList<TableSync> Tables { get; }

    /// <summary>The tables that are written, and those that the actions of foreign keys (CASCADE, SET NULL) can reach from there.</summary>
    public IReadOnlySet<uint> Reach { get; }

    /// <param name="absent">Oids of keys that are taken away while rows are written, and back when rows are deleted.</param>
    public static async Task<ForeignKeyOrder> ReadAsync(
        TargetTransaction transaction, IReadOnlyList<(TableSync Sync, uint TargetOid)> tables, IReadOnlySet<uint> absent,
        CancellationToken cancellationToken)
    {
        var byOid = tables.ToDictionary(t => t.TargetOid, t => t.Sync);
        var all = (await transaction.Session.RowsAsync(Keys, cancellationToken))
            .Select(Reference.Of).ToList();
        var keys = all.Where(k => k.From != k.To && byOid.ContainsKey(k.From) && byOid.ContainsKey(k.To)).ToList();

        var order = new List<uint>();
        var left = tables.Select(t => t.TargetOid).ToHashSet();
        while (left.Count > 0)
        {
            var next = left.Where(t => !keys.Any(k => k.From == t && left.Contains(k.To))).ToList();
            // A circle: begin with the table that waits for the fewest others.
            if (next.Count == 0)
                next = [left.MinBy(t => keys.Count(k => k.From == t && left.Contains(k.To)))];
            order.AddRange(next);
            left.ExceptWith(next);
        }
        var place = order.Index().ToDictionary(o => o.Item, o => o.Index);
        var circular = keys.Where(k => place[k.From] < place[k.To] && byOid[k.From].Staged.IsTouched && byOid[k.To].Staged.IsTouched
            && !absent.Contains(k.Constraint.Oid)).ToList();
        bool ComesLate(Reference key) => key.Constraint is { IsDeferrable: false, Late: not null } && byOid[key.From].Table.HasKey;
        foreach (var some in circular.Where(ComesLate).GroupBy(k => k.From))
            byOid[some.Key].Applier.Late = [.. some.Select(k => k.Constraint.Late!).DistinctBy(l => l.Name)];
        return new ForeignKeyOrder(
            transaction,
            [.. order.Select(o => byOid[o])],
            [.. all.Select(k => k.Constraint).Where(k => !absent.Contains(k.Oid)).Distinct()],
            [.. circular.Where(k => !ComesLate(k)).Select(k => k.Constraint).Distinct()],
            Reached(all, tables.Where(t => t.Sync.Staged.IsTouched).Select(t => t.TargetOid)),
            absent.Count == 0);
    }

    /// <summary>What has to be run before rows are written.</summary>
    public IReadOnlyList<string> Deferring() => PutOff(_circular);

    /// <summary>Puts off the keys that some columns of a table belong to, on either side.</summary>
    /// <returns>Whether there was one that had not been put off.</returns>
    public async Task<bool> DeferAsync(KeyedTable table, IEnumerable<string> columns, CancellationToken cancellationToken)
    {
        var oids = (await _transaction.Session.RowsAsync(KeysOf(table, columns), cancellationToken)).Select(r => r.Oid(0)).ToHashSet();
        var keys = _keys.Where(k => oids.Contains(k.Oid) && !k.IsDeferrable && !_altered.Contains(k)).ToList();
        await _transaction.LockAsync(PutOff(keys), cancellationToken);
        _refusesEarly &= keys.Count == 0;
        return keys.Count > 0;
    }

    /// <summary>
    /// Deletes what goes before the rows are written that come, and not after them as otherwise: then what these rows were can pass to
    /// others. A row that stays, and refers to another one from now on, may be in the way of that.
    /// </summary>
    /// <returns>Whether all of it has gone.</returns>
    public async Task<bool> DeleteEarlyAsync(CancellationToken cancellationToken)
    {
        // While a key is away, rows could go that others refer to.
        if (_refusesEarly || !_isWhole)
            return false;
        var gone = new Dictionary<TableSync, long>();
        _refusesEarly = !await Savepoint.TryAsync(_transaction.Session, async () =>
        {
            foreach (var table in Tables)
                await table.Applier.LetGoAsync(cancellationToken);
            foreach (var table in Tables.Reverse())
                gone[table] = await table.Applier.DeleteAsync(cancellationToken);
            return true;
        }, cancellationToken);
        foreach (var table in _refusesEarly ? [] : Tables)
            table.Applier.Writes.DeletedEarly = gone[table];
        return !_refusesEarly;
    }

    /// <summary>Checks what was put off.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await _transaction.Session.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellationToken);
        foreach (var key in _altered)
            await _transaction.Session.DefineAsync($"{key.Alteration} NOT DEFERRABLE", cancellationToken);
    }

    static HashSet<uint> Reached(IReadOnlyList<Reference> keys, IEnumerable<uint> from)
    {
        var reached = from.ToHashSet();
        while (keys.Any(k => k.Acts && reached.Contains(k.To) && reached.Add(k.From)))
        {
            // One more: its own references are to be followed, too.
        }
        return reached;
    }

    List<string> PutOff(IEnumerable<ForeignKey> keys)
    {
        var some = keys.Where(k => !k.IsDeferrable).ToList();
        _altered.AddRange(some);
        return [.. some.Select(k => $"{k.Alteration} DEFERRABLE")];
    }

    /// <param name="Acts">Whether what happens to the row that is referred to makes the other one change.</param>
    sealed record Reference(uint From, uint To, ForeignKey Constraint, bool Acts)
    {
        public static Reference Of(Row row) => new(row.Oid(0), row.Oid(1), ForeignKey.Of(row), row.Flag(7));
    }

    sealed record ForeignKey(uint Oid, ObjectName Table, string Name, bool IsDeferrable, LateColumn? Late)
    {
        public static ForeignKey Of(Row row) => new(
            row.Oid(6), row.Name(2), row.Text(4), row.Flag(5),
            row.TextOrNull(8) is { } column ? new LateColumn(column, row.Text(9)) : null);

        public string Alteration => $"ALTER TABLE {Table.Qualified} ALTER CONSTRAINT {Sql.Identifier(Name)}";
    }

    /// <summary>Partitions stand for their tables too: a key of one is its parent's.</summary>
    static readonly string Keys = $"""
        SELECT f.relid, t.relid, n.nspname, c.relname, k.conname, k.condeferrable, k.oid, k.confdeltype IN ('c', 'n', 'd')
            OR k.confupdtype IN ('c', 'n', 'd'),
               (SELECT a.attname FROM pg_catalog.unnest(k.conkey) key(n) JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid
                   AND a.attnum = key.n
                JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
                WHERE (k.confmatchtype = 's' OR pg_catalog.cardinality(k.conkey) = 1) AND NOT a.attnotnull AND a.attgenerated = ''
                    AND a.attidentity = '' AND y.typtype <> 'd'
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conrelid = k.conrelid AND o.contype = 'c'
                      AND key.n = ANY (o.conkey))
                ORDER BY key.n LIMIT 1),
               (SELECT pg_catalog.format('SELECT FROM %I.%I AS r WHERE ', rn.nspname, rc.relname)
                       || pg_catalog.string_agg(pg_catalog.format('r.%I OPERATOR(%I.%s) s.%I', pa.attname, opn.nspname, op.oprname,
                           fa.attname), ' AND ')
                FROM pg_catalog.pg_class rc JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace,
                     LATERAL (SELECT * FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey),
                         pg_catalog.unnest(k.conpfeqop)) u(fk, pk, eq)) u
                     JOIN pg_catalog.pg_attribute fa ON fa.attrelid = k.conrelid AND fa.attnum = u.fk
                     JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = u.pk
                     JOIN pg_catalog.pg_operator op ON op.oid = u.eq JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace
                WHERE rc.oid = k.confrelid GROUP BY rn.nspname, rc.relname)
        FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
        LATERAL {TableTree.Of("k.conrelid")} f,
        LATERAL {TableTree.Of("k.confrelid")} t
        WHERE k.contype = 'f' AND k.conparentid = 0
        """;

    static string KeysOf(KeyedTable table, IEnumerable<string> columns)
    {
        var relation = table.Table.Name.AsRelation;
        var numbers =
            $"(SELECT attnum FROM pg_catalog.pg_attribute WHERE attrelid = {relation} AND attname = ANY ({Sql.TextArray(columns)}))";
        return $"""
            SELECT DISTINCT CASE WHEN k.conparentid <> 0 THEN k.conparentid ELSE k.oid END FROM pg_catalog.pg_constraint k
            WHERE k.contype = 'f' AND (k.conrelid = {relation} AND k.conkey && ARRAY{numbers} OR k.confrelid = {relation}
                AND k.confkey && ARRAY{numbers})
            """;
    }
}

/// <summary>A column of a foreign key that gets its value when all rows are there.</summary>
/// <param name="ReferredTo">A query of the row that a staged row <c>s</c> refers to.</param>
sealed record LateColumn(string Name, string ReferredTo);
