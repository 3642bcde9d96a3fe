using System.Globalization;
using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Sync.Incremental;

/// <summary>A table of the source: where it lies, how many rows were ever written to it, and about how many it has, by the server's statistics.</summary>
sealed record SourceTable(TableWrites Writes, long Live)
{
    /// <summary>As <see cref="ColumnIdentities"/> has them.</summary>
    public string? Columns { get; init; }

    /// <summary>Of the rows. Fewer are deleted every day, without anybody having set the table back.</summary>
    const double ManyDeleted = 0.5;

    public static async Task<IReadOnlyDictionary<string, SourceTable>> ReadAsync(IQueryRunner source, IReadOnlyList<KeyedTable> tables, CancellationToken cancellationToken)
    {
        var writes = await TableWrites.ReadAsync(source, tables, cancellationToken);
        var live = await source.RowsAsync($"SELECT i, coalesce(sum(pg_catalog.pg_stat_get_live_tuples(r.oid)), 0)::bigint FROM {TableWrites.Relations(tables)} GROUP BY i", cancellationToken);
        var columns = await ColumnIdentities.ReadAsync(source, tables, cancellationToken);
        return live.Select(r => (tables[Number(r[0]) - 1].Name, Live: r[1]))
            .ToDictionary(t => t.Name, t => new SourceTable(writes[t.Name], long.Parse(t.Live!, CultureInfo.InvariantCulture)) { Columns = columns[t.Name] });

        static int Number(string? text) => int.Parse(text!, CultureInfo.InvariantCulture);
    }

    /// <summary>Whether the table may have been restored, emptied or made anew since, so that it has rows of before with stamps of before.</summary>
    public bool MayBeOthersThan(SourceTable before)
    {
        // A server that crashed, or a compute that was suspended, has begun to count anew.
        var counts = before.Writes;
        if (Writes.Inserted < counts.Inserted || Writes.Updated < counts.Updated || Writes.Deleted < counts.Deleted)
            counts = counts with { Deleted = 0 };
        var deleted = Writes.Deleted - counts.Deleted;
        return Writes.FileNodes != counts.FileNodes || deleted > 0 && deleted >= Math.Max(Live, before.Live) * ManyDeleted;
    }
}
