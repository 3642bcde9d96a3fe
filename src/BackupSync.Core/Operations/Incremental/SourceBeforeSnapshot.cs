using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>What a source tells of itself just before its snapshot is taken.</summary>
sealed record SourceBeforeSnapshot(WriteCounts Counts, RelationCounts Relations, OpenTransactions Writers)
{
    public static async Task<SourceBeforeSnapshot> ReadAsync(PgSession source, CancellationToken cancellationToken) => new(
        await WriteCounts.ReadAsync(source, "source", cancellationToken),
        await RelationCounts.ReadAsync(source, cancellationToken),
        await OpenTransactions.ReadAsync(source, cancellationToken));
}
