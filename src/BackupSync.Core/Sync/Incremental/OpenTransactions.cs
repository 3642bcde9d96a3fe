using System.Globalization;
using BackupSync.Postgres;

namespace BackupSync.Sync.Incremental;

/// <summary>
/// Transactions of a source, looked at before a snapshot of it is taken: what the snapshot does not show was begun no earlier than
/// the oldest of these.
/// </summary>
/// <param name="Time">When it was looked, by the source's clock.</param>
/// <param name="Oldest">When the oldest began that had not ended. It need not have written anything yet: its stamps are of its begin all the same.</param>
sealed record OpenTransactions(DateTimeOffset Time, DateTimeOffset Oldest)
{
    /// <summary>A transaction's time is taken a moment before others are told of it.</summary>
    static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    public static async Task<OpenTransactions> ReadAsync(IQueryRunner source, CancellationToken cancellationToken)
    {
        var row = (await source.RowsAsync(
            """
            SELECT pg_catalog.to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            FROM (SELECT clock_timestamp() AS now) c, LATERAL unnest(ARRAY[now, least(now,
                (SELECT min(xact_start) FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND pid <> pg_catalog.pg_backend_pid() AND backend_type <> 'autovacuum worker'),
                (SELECT min(prepared) FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()))]) WITH ORDINALITY u(t, i) ORDER BY i
            """, cancellationToken)).Select(r => DateTimeOffset.Parse(r[0]!, CultureInfo.InvariantCulture)).ToList();
        return new OpenTransactions(row[0], row[1] - Moment);
    }
}
