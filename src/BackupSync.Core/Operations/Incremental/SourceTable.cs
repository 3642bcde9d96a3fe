using System.Text.Json.Serialization;
using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// A table of the source: where it lies, how many rows were ever written to it, and about how many it has, by the server's statistics.
/// </summary>
sealed record SourceTable(TableWrites Writes, long Live)
{
    /// <summary>As <see cref="ColumnIdentities"/> has them.</summary>
    public string? Columns { get; init; }

    /// <summary>Rows come by logical replication, which stamps them elsewhere, and before.</summary>
    [JsonIgnore]
    public bool IsSubscribed { get; init; }

    /// <summary>Of the rows. Fewer are deleted every day, without anybody having set the table back.</summary>
    const double ManyDeleted = 0.5;

    /// <param name="counts">Of before the snapshot: what is deleted after it the next run has to see.</param>
    public static async Task<IReadOnlyDictionary<string, SourceTable>> ReadAsync(
        IQueryRunner source, IReadOnlyList<KeyedTable> tables, RelationCounts counts, CancellationToken cancellationToken)
    {
        var relations = (await source.RowsAsync(
            $"""
            SELECT i, r.oid, EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = r.oid)
            FROM {TableWrites.Relations(tables)} WHERE r.oid IS NOT NULL ORDER BY i, r.oid
            """, cancellationToken)).ToLookup(r => tables[r.Int(0) - 1].Name);
        var columns = await ColumnIdentities.ReadAsync(source, tables, cancellationToken);
        return tables.ToDictionary(t => t.Name, t => counts.Of(
            [.. relations[t.Name].Select(r => r.Oid(1))]) with
        {
            Columns = columns[t.Name],
            IsSubscribed = relations[t.Name].Any(r => r.Flag(2)),
        });
    }

    /// <summary>
    /// Whether the table may have been restored, emptied or made anew since, so that it has rows of before with stamps of before.
    /// </summary>
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
