using System.Globalization;
using BackupSync.Postgres;

namespace BackupSync.Sync.Incremental;

/// <summary>
/// The order in which tables are written, those that others refer to first. Keys that no order suits, because tables refer to each
/// other in a circle, are checked when all is written; those not declared so are made deferrable for the length of the transaction.
/// </summary>
sealed class ForeignKeyOrder
{
    readonly PgSession _target;
    readonly IReadOnlyList<CircularKey> _circular;

    ForeignKeyOrder(PgSession target, IReadOnlyList<TableSync> tables, IReadOnlyList<CircularKey> circular) => (_target, Tables, _circular) = (target, tables, circular);

    /// <summary>In the order of writing; rows are deleted in the reverse one.</summary>
    public IReadOnlyList<TableSync> Tables { get; }

    public static async Task<ForeignKeyOrder> ReadAsync(PgSession target, IReadOnlyList<(TableSync Sync, uint Oid)> tables, CancellationToken cancellationToken)
    {
        var byOid = tables.ToDictionary(t => t.Oid, t => t.Sync);
        var keys = (await target.RowsAsync(Keys, cancellationToken))
            .Select(r => new Key(Oid(r[0]!), Oid(r[1]!), new CircularKey(Sql.Qualified(r[2]!, r[3]!), Sql.Qualified(r[2]!, r[4]!), Sql.Identifier(r[4]!), r[5] == "t")))
            .Where(k => k.From != k.To && byOid.ContainsKey(k.From) && byOid.ContainsKey(k.To)).ToList();

        var order = new List<uint>();
        var left = tables.Select(t => t.Oid).ToHashSet();
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
        return new ForeignKeyOrder(target, [.. order.Select(o => byOid[o])],
            [.. keys.Where(k => place[k.From] < place[k.To]).Select(k => k.Constraint).Distinct()]);
    }

    public async Task DeferAsync(CancellationToken cancellationToken)
    {
        foreach (var key in _circular)
        {
            if (!key.IsDeferrable)
                await _target.ExecuteAsync($"ALTER TABLE {key.Table} ALTER CONSTRAINT {key.Name} DEFERRABLE", cancellationToken);
            await _target.ExecuteAsync($"SET CONSTRAINTS {key.QualifiedName} DEFERRED", cancellationToken);
        }
    }

    /// <summary>Checks what was put off.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await _target.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellationToken);
        foreach (var key in _circular.Where(k => !k.IsDeferrable))
            await _target.ExecuteAsync($"ALTER TABLE {key.Table} ALTER CONSTRAINT {key.Name} NOT DEFERRABLE", cancellationToken);
    }

    static uint Oid(string text) => uint.Parse(text, CultureInfo.InvariantCulture);

    sealed record Key(uint From, uint To, CircularKey Constraint);

    sealed record CircularKey(string Table, string QualifiedName, string Name, bool IsDeferrable);

    /// <summary>Partitions stand for their tables too: a key of one is its parent's.</summary>
    const string Keys = """
        SELECT f.relid, t.relid, n.nspname, c.relname, k.conname, k.condeferrable
        FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
        LATERAL (SELECT k.conrelid UNION SELECT relid FROM pg_catalog.pg_partition_tree(k.conrelid)) f(relid),
        LATERAL (SELECT k.confrelid UNION SELECT relid FROM pg_catalog.pg_partition_tree(k.confrelid)) t(relid)
        WHERE k.contype = 'f' AND k.conparentid = 0
        """;
}
