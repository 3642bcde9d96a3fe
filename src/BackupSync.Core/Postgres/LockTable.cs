namespace BackupSync.Postgres;

/// <summary>
/// The table of a server in which all sessions keep their locks. Its size follows from settings
/// (https://www.postgresql.org/docs/current/runtime-config-locks.html#GUC-MAX-LOCKS-PER-TRANSACTION); what it may grow beyond that is
/// nobody's promise.
/// </summary>
sealed record LockTable(long PerTransaction, long Transactions)
{
    public long Room => PerTransaction * Transactions;

    public static async Task<LockTable> ReadAsync(PgSession session, CancellationToken cancellationToken)
    {
        var settings = (await session.RowsAsync(
            """
            SELECT pg_catalog.current_setting('max_locks_per_transaction'), (SELECT pg_catalog.sum(setting::int) FROM pg_catalog.pg_settings
                WHERE name IN ('max_connections', 'max_prepared_transactions', 'max_worker_processes', 'max_wal_senders',
                    'autovacuum_max_workers'))
            """, cancellationToken))[0];
        return new(settings.Long(0), settings.Long(1));
    }

    public override string ToString() => $"the server's lock table has room for {Room} (max_locks_per_transaction = {PerTransaction})";

    /// <summary>What to set for so many locks at once.</summary>
    public string Advice(long needed) =>
        $"Set max_locks_per_transaction = {((needed / Transactions / 64) + 1) * 64} there and restart the server";
}
