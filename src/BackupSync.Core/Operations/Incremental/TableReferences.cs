using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

static class TableReferences
{
    /// <summary>
    /// Whether a foreign key sees rows of a table go that come again: those that are put off, as all are that can be, and have no
    /// action of their own, do not.
    /// </summary>
    public static async Task<bool> SeeDeletionsAsync(PgSession target, KeyedTable table, CancellationToken cancellationToken)
    {
        return (await target.RowsAsync(
            $"""
            WITH relation(oid) AS {TableTree.Of(table.Table.Name.AsRelation)}
            SELECT 1 FROM relation JOIN pg_catalog.pg_constraint k ON k.confrelid = relation.oid AND k.contype = 'f' AND NOT
                (k.condeferrable AND k.confdeltype = 'a') LIMIT 1
            """, cancellationToken)).Count > 0;
    }
}
