using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>Whether a side's server counts what is written to its tables, and since when: see <see cref="TableWrites"/>.</summary>
/// <param name="Beginning">
/// When its counters began: anew after a crash, after a reset, and where a provider suspends computes and forgets them. Others' writes
/// since then can come to the same numbers again.
/// </param>
/// <param name="WhyNone">Why they tell nothing, as a phrase; null where they do.</param>
sealed record WriteCounts(string Beginning, string? WhyNone)
{
    /// <summary>Whether what the session itself writes is counted, foreign keys' doing included.</summary>
    public bool CountsOwn { get; private init; }

    public static async Task<WriteCounts> ReadAsync(IQueryRunner session, string side, CancellationToken cancellationToken)
    {
        // A crash forgets the counters of tables and of databases, and when these were reset; the counters of the server itself then
        // begin with a new time.
        var row = (await session.RowsAsync(
            """
            SELECT pg_catalog.concat_ws(' ', (SELECT pg_catalog.date_part('epoch', stats_reset) FROM pg_catalog.pg_stat_bgwriter),
                       (SELECT pg_catalog.date_part('epoch', stats_reset) FROM pg_catalog.pg_stat_database
                           WHERE datname = current_database())),
                   pg_catalog.current_setting('track_counts'),
                   (SELECT coalesce(r.rolname, 'all roles') FROM pg_catalog.pg_db_role_setting s LEFT
                       JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
                    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
                      AND EXISTS (SELECT FROM unnest(s.setconfig) c WHERE c ~* '^track_counts=(of|f|n|0)') ORDER BY 1 LIMIT 1)
            """, cancellationToken))[0];
        return new WriteCounts(row.TextOrNull(0) ?? "", row.TextOrNull(1) == "off"
            ? $"the {side}'s server does not count what is written to it (track_counts is off)"
            : row.TextOrNull(2) is { } role
                ? $"the {side}'s server does not count what some sessions write to it (track_counts is off for {role})"
                : null)
        { CountsOwn = row.TextOrNull(1) != "off" };
    }
}
