using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>Where a table lies, which changes when it is emptied or rewritten, and how many rows were ever written to it.</summary>
sealed record TableWrites(string FileNodes, long Inserted, long Updated, long Deleted)
{
    /// <summary>By the tables' names: what was written before this transaction.</summary>
    public static Task<IReadOnlyDictionary<string, TableWrites>> ReadAsync(
        IQueryRunner target,
        IReadOnlyList<KeyedTable> tables,
        CancellationToken cancellationToken) =>
        ReadAsync(target, tables, "", cancellationToken);

    /// <summary>What this session's transaction has written, foreign keys' doing included.</summary>
    public static Task<IReadOnlyDictionary<string, TableWrites>> ReadOwnAsync(
        IQueryRunner target,
        IReadOnlyList<KeyedTable> tables,
        CancellationToken cancellationToken) =>
        ReadAsync(target, tables, "xact_", cancellationToken);

    /// <summary>
    /// Rolls this session's transaction back, begins another, and tells what was written in vain: the server counts that as well.
    /// Between two transactions it would have taken the session's counts already.
    /// </summary>
    public static async Task<IReadOnlyDictionary<string, TableWrites>> RollBackAsync(
        PgSession target,
        IReadOnlyList<KeyedTable> tables,
        CancellationToken cancellationToken)
    {
        await target.ExecuteAsync("ROLLBACK AND CHAIN", cancellationToken);
        return await ReadOwnAsync(target, tables, cancellationToken);
    }

    public bool IsNone => (Inserted, Updated, Deleted) == default;

    public TableWrites And(TableWrites others) =>
        this with { Inserted = Inserted + others.Inserted, Updated = Updated + others.Updated, Deleted = Deleted + others.Deleted };

    static async Task<IReadOnlyDictionary<string, TableWrites>> ReadAsync(
        IQueryRunner target,
        IReadOnlyList<KeyedTable> tables,
        string kind,
        CancellationToken cancellationToken)
    {
        if (tables.Count == 0)
            return new Dictionary<string, TableWrites>();
        var rows = await target.RowsAsync(
            $"""
            SELECT i, pg_catalog.string_agg(pg_catalog.pg_relation_filenode(r.oid)::text, ' ' ORDER BY r.oid),
                   coalesce(sum(pg_catalog.pg_stat_get_{kind}tuples_inserted(r.oid)), 0)::bigint,
                   coalesce(sum(pg_catalog.pg_stat_get_{kind}tuples_updated(r.oid)), 0)::bigint,
                   coalesce(sum(pg_catalog.pg_stat_get_{kind}tuples_deleted(r.oid)), 0)::bigint
            FROM {Relations(tables)} GROUP BY i
            """, cancellationToken);
        return rows.ToDictionary(r => tables[r.Int(0) - 1].Name,
            r => new TableWrites(r.TextOrNull(1) ?? "", r.Long(2), r.Long(3), r.Long(4)));
    }

    /// <summary>
    /// A row source of the tables' numbers, <c>r.i</c>, with the oids of each and of its partitions, <c>r.oid</c>. It is made before
    /// anything is joined to it (OFFSET 0): the server expects a thousand partitions of each table, and would read a whole catalog anew
    /// for every one.
    /// </summary>
    public static string Relations(IReadOnlyList<KeyedTable> tables) => $"""
        (SELECT w.i, r.oid
         FROM unnest({Sql.TextArray(tables.Select(t => t.Table.Name.Qualified))}) WITH ORDINALITY w(name, i),
         LATERAL {TableTree.Of("pg_catalog.to_regclass(w.name)")} r(oid) OFFSET 0) r
        """;
}
