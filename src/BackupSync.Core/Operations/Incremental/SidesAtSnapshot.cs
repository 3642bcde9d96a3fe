using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// What both sides tell of themselves and of their tables, by name, at the moment of a snapshot: it is compared with what the last run
/// has noted, and noted for the next one.
/// </summary>
/// <param name="Taken">When the snapshot was.</param>
/// <param name="Columns">As <see cref="ColumnIdentities.ReadAsync"/> has them.</param>
/// <param name="Naming">As <see cref="ColumnIdentities.NamingOthersAsync"/> has them.</param>
sealed record SidesAtSnapshot(
    SourceMoment Moment,
    DateTimeOffset Taken,
    WriteCounts SourceCounts,
    WriteCounts Counts,
    IReadOnlyDictionary<string, TableWrites> Writes,
    IReadOnlyDictionary<string, SourceTable> SourceTables,
    IReadOnlyDictionary<string, string> Columns,
    IReadOnlySet<string> Naming)
{
    public static async Task<SidesAtSnapshot> ReadAsync(
        IReadOnlyList<KeyedTable> tables, SourceMoment moment, DateTimeOffset taken, SourceBeforeSnapshot told, PgSession source,
        PgSession target, CancellationToken cancellationToken) => new(
            moment,
            taken,
            told.Counts,
            await WriteCounts.ReadAsync(target, "target", cancellationToken),
            await TableWrites.ReadAsync(target, tables, cancellationToken),
            await SourceTable.ReadAsync(source, tables, told.Relations, cancellationToken),
            await ColumnIdentities.ReadAsync(target, tables, cancellationToken),
            await ColumnIdentities.NamingOthersAsync(source, tables, cancellationToken));
}
