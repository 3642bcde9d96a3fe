using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Transactions of a source, looked at before a snapshot of it is taken: what the snapshot does not show was begun no earlier than
/// the oldest of these.
/// </summary>
/// <param name="Time">When it was looked, by the source's clock.</param>
/// <param name="Oldest">
/// When the oldest began that had not ended. It need not have written anything yet: its stamps are of its begin all the same. One
/// within a procedure that commits is younger than the statement, whose time (statement_timestamp) it may stamp rows with.
/// </param>
/// <param name="WhyUnknown">Why nobody can tell when the oldest began, as a phrase; null where it is known.</param>
sealed record OpenTransactions(DateTimeOffset Time, DateTimeOffset Oldest, string? WhyUnknown)
{
    /// <summary>A transaction's time is taken a moment before others are told of it.</summary>
    static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    public static async Task<OpenTransactions> ReadAsync(IQueryRunner source, CancellationToken cancellationToken)
    {
        var found = Answer.Of((await source.RowsAsync(
            """
            WITH others AS (
                SELECT xact_start, CASE WHEN xact_start IS NOT NULL THEN least(xact_start, query_start) END AS since, usesysid,
                       state = 'disabled' OR state LIKE 'idle in transaction%'
                           OR backend_type = 'client backend' AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL) AS is_open
                FROM pg_catalog.pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_catalog.pg_backend_pid() AND usesysid IS NOT NULL)
            SELECT pg_catalog.to_char(now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   pg_catalog.to_char(least(now, (SELECT min(since) FROM others)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   pg_catalog.pg_is_in_recovery(), (SELECT min(gid) FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()),
                   NOT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AND EXISTS (SELECT FROM others
                       WHERE NOT pg_catalog.pg_has_role(usesysid, 'USAGE')), current_user,
                   (SELECT min(pg_catalog.pg_get_userbyid(usesysid)) FROM others WHERE xact_start IS NULL AND is_open)
            FROM (SELECT clock_timestamp() AS now) c
            """, cancellationToken))[0]);
        // PostgreSQL knows when a transaction was prepared, not when it began; and a standby knows of none that is open on its primary.
        var why = found.InRecovery ? "the source is a standby, which does not show what is open on its primary"
            : found.Prepared is { } prepared
                ? $"the transaction '{prepared}' is prepared on the source, and nobody knows since when its rows are stamped"
            : found.HidesOthers ? $"the role '{found.Role}' may not see since when others' transactions are open on the source (GRANT "
                    + $"pg_read_all_stats TO {Sql.Identifier(found.Role)})"
            : found.Untracked is { } hidden
                ? $"sessions of the role '{hidden}' on the source do not show since when their transactions are open "
                    + "(track_activities is off, or was when they began)" : null;
        return new OpenTransactions(found.Now, found.Oldest - Moment, why);
    }

    /// <param name="Prepared">A transaction that is prepared.</param>
    /// <param name="HidesOthers">The role is not shown since when others' transactions are open.</param>
    /// <param name="Untracked">A role whose sessions do not tell it.</param>
    sealed record Answer(
        DateTimeOffset Now, DateTimeOffset Oldest, bool InRecovery, string? Prepared, bool HidesOthers, string Role, string? Untracked)
    {
        public static Answer Of(Row row) => new(
            row.Time(0), row.Time(1), row.Flag(2), row.TextOrNull(3), row.Flag(4), row.Text(5), row.TextOrNull(6));
    }
}
