using System.Globalization;
using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Sync.Incremental;

/// <summary>
/// What each table's columns are, by their numbers. Some commands give every row another value and write none, nor stamp any: ADD COLUMN … DEFAULT keeps one
/// value for all rows of before, DROP and ADD of one name makes another column of it, and names are exchanged.
/// </summary>
static class ColumnIdentities
{
    /// <summary>By the tables' names, as texts that are alike where nothing has changed.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ReadAsync(IQueryRunner side, IReadOnlyList<KeyedTable> tables, CancellationToken cancellationToken)
    {
        if (tables.Count == 0)
            return new Dictionary<string, string>();
        var rows = await side.RowsAsync(
            $"""
            SELECT i, pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', r.oid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attmissingval), ', ' ORDER BY r.oid, a.attnum))
            FROM {TableWrites.Relations(tables)} LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped GROUP BY i
            """, cancellationToken);
        return rows.ToDictionary(r => tables[int.Parse(r[0]!, CultureInfo.InvariantCulture) - 1].Name, r => r[1] ?? "");
    }
}
