namespace BackupSync.Postgres;

/// <summary>
/// When the server looks for deadlocks: whoever has waited for <c>deadlock_timeout</c> and finds himself in a circle is ended
/// (https://www.postgresql.org/docs/current/runtime-config-locks.html). A session of ours that has read one table and waits for the next is
/// in one with a migration that has the second and wants the first, and the migration would be the one that is ended. So no wait of ours
/// lasts as long as that.
/// </summary>
static class DeadlockTimeout
{
    /// <summary>How much of it a wait of ours may take, as SQL; what is left is for a server that is slow.</summary>
    public const string Share = "0.4";

    /// <summary>Anybody's <c>deadlock_timeout</c>, the shortest of all, in milliseconds.</summary>
    public const string Shortest = """
        SELECT pg_catalog.min(1000 * extract(epoch FROM CASE WHEN value ~ '^[0-9]+$' THEN value || ' ms' ELSE value END::interval)::float)
        FROM (SELECT pg_catalog.current_setting('deadlock_timeout') AS value
              UNION ALL
              SELECT pg_catalog.split_part(one, '=', 2) FROM pg_catalog.pg_db_role_setting, pg_catalog.unnest(setconfig) one
              WHERE one LIKE 'deadlock_timeout=%') known
        """;

    /// <summary>The session's own <c>lock_timeout</c> in milliseconds; null where it has none.</summary>
    public const string OwnLockTimeout =
        "nullif(1000 * extract(epoch FROM pg_catalog.current_setting('lock_timeout')::interval)::float, 0)";

    /// <summary>Makes the <c>lock_timeout</c> of a session that holds locks while it waits for others as short as it has to be.</summary>
    public const string ShortenLockTimeout = $"""
        SELECT pg_catalog.set_config('lock_timeout', greatest(least({OwnLockTimeout}, {Share} * ({Shortest})), 1)::int::text, false)
        """;
}
