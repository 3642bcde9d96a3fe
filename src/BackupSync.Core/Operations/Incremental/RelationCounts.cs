using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>What a server has counted of each of a database's tables, by oid, and where each lies.</summary>
sealed class RelationCounts
{
    readonly Dictionary<uint, SourceTable> _relations;

    RelationCounts(Dictionary<uint, SourceTable> relations) => _relations = relations;

    public static async Task<RelationCounts> ReadAsync(IQueryRunner session, CancellationToken cancellationToken)
    {
        var rows = await session.RowsAsync(
            """
            SELECT oid, pg_catalog.pg_relation_filenode(oid), pg_catalog.pg_stat_get_tuples_inserted(oid),
                pg_catalog.pg_stat_get_tuples_updated(oid),
                   pg_catalog.pg_stat_get_tuples_deleted(oid), pg_catalog.pg_stat_get_live_tuples(oid)
            FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384
            """, cancellationToken);
        return new RelationCounts(rows.ToDictionary(
            r => r.Oid(0),
            r => new SourceTable(
                new TableWrites(r.TextOrNull(1) ?? "", r.LongOrNull(2) ?? 0, r.LongOrNull(3) ?? 0, r.LongOrNull(4) ?? 0),
                r.LongOrNull(5) ?? 0)));
    }

    /// <summary>Of a table and its partitions, in the order of their oids. One that was not there yet lies nowhere.</summary>
    public SourceTable Of(IReadOnlyList<uint> oids)
    {
        var known = oids.Where(_relations.ContainsKey).Select(o => _relations[o]).ToList();
        return new SourceTable(
            new TableWrites(string.Join(' ', known.Select(r => r.Writes.FileNodes).Where(n => n.Length > 0)),
                known.Sum(r => r.Writes.Inserted), known.Sum(r => r.Writes.Updated), known.Sum(r => r.Writes.Deleted)),
            known.Sum(r => r.Live));
    }
}
