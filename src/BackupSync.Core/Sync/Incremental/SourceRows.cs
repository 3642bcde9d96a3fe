using System.Globalization;
using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Sync.Incremental;

/// <summary>A table of the source: where it lies, how many rows were ever written to it, and about how many it has, by the server's statistics.</summary>
sealed record SourceRows(TableWrites Writes, long Live)
{
    /// <summary>Of the rows. Fewer are deleted every day, without anybody having set the table back.</summary>
    const double ManyDeleted = 0.5;

    public static async Task<IReadOnlyDictionary<string, SourceRows>> ReadAsync(IQueryRunner source, IReadOnlyList<KeyedTable> tables, CancellationToken cancellationToken)
    {
        var writes = await TableWrites.ReadAsync(source, tables, cancellationToken);
        var live = await source.RowsAsync($"SELECT i, coalesce(sum(pg_catalog.pg_stat_get_live_tuples(r.oid)), 0)::bigint FROM {TableWrites.Relations(tables)} GROUP BY i", cancellationToken);
        return live.Select(r => (tables[Number(r[0]) - 1].Name, Live: r[1])).ToDictionary(t => t.Name, t => new SourceRows(writes[t.Name], long.Parse(t.Live!, CultureInfo.InvariantCulture)));

        static int Number(string? text) => int.Parse(text!, CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Whether the table may have been restored, emptied or made anew since, so that it has rows of before with stamps of before. (A
    /// crash of the server sets the numbers to zero.)
    /// </summary>
    public bool MayBeOthersThan(SourceRows before) =>
        Writes.FileNodes != before.Writes.FileNodes
        || Writes.Inserted < before.Writes.Inserted || Writes.Updated < before.Writes.Updated || Writes.Deleted < before.Writes.Deleted
        || Writes.Deleted > before.Writes.Deleted && Writes.Deleted - before.Writes.Deleted >= Math.Max(Live, before.Live) * ManyDeleted;
}
