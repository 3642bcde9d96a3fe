using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>Which source it is, and where it stands at the moment of a snapshot.</summary>
/// <param name="Source">Its address and the database's oid there, which a database that takes another's place does not have.</param>
/// <param name="Server">
/// Its system identifier, timeline, and when it was started. A server that was set back to an earlier state of its files, or a standby
/// that was promoted without the last changes, goes on from there; one of the three is another one then, however far it has come since.
/// </param>
/// <param name="NextTransaction">The first transaction that had not begun.</param>
/// <param name="Writers">Whose rows are still to come.</param>
sealed record SourceMoment(string Source, string Server, ulong NextTransaction, OpenTransactions Writers)
{
    /// <summary>
    /// How far behind UTC a clock can be. A session may have any time zone, whatever others have, so no row tells more than this does.
    /// </summary>
    static readonly TimeSpan FurthestBehind = TimeSpan.FromHours(16);

    public static async Task<SourceMoment> ReadAsync(PgSession source, OpenTransactions writers, CancellationToken cancellationToken)
    {
        var row = (await source.RowsAsync(
            """
            SELECT (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()),
                pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()),
                   (SELECT system_identifier FROM pg_catalog.pg_control_system()), (SELECT timeline_id
                       FROM pg_catalog.pg_control_checkpoint()),
                   pg_catalog.to_char(pg_catalog.pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            """, cancellationToken))[0];
        var address = source.Login.Address;
        return new SourceMoment(
            $"{address.Host}:{address.Port}/{address.Database} {row.TextOrNull(0)}",
            $"{row.TextOrNull(2)} {row.TextOrNull(3)} {row.TextOrNull(4)}",
            row.Unsigned(1),
            writers);
    }

    /// <summary>By table, from when on rows may be stamped that this snapshot does not show.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Watermarks(IReadOnlyList<TableSync> tables) => Writers.WhyUnknown is not null
        ? new Dictionary<string, DateTimeOffset>()
        : tables.ToDictionary(
            t => t.Table.Name,
            t => t.Tracking.Stamp!.Type == "timestamptz" ? Writers.Oldest : Writers.Oldest - FurthestBehind);
}
