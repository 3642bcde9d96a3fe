using System.Globalization;

namespace BackupSync.Postgres;

/// <summary>
/// When the server looks for deadlocks: whoever has waited for <c>deadlock_timeout</c> and finds himself in a circle is ended
/// (https://www.postgresql.org/docs/current/runtime-config-locks.html). A session of ours that has read one table and waits for the next is
/// in one with a migration that has the second and wants the first, and the migration would be the one that is ended. So no wait of ours
/// lasts as long as that.
/// </summary>
static class DeadlockTimeout
{
    /// <summary>How much of it a wait of ours may take; what is left is for a server that is slow.</summary>
    public const double Share = 0.4;

    /// <summary>Anybody's <c>deadlock_timeout</c>, the shortest of all, in milliseconds.</summary>
    public const string Shortest = """
        SELECT pg_catalog.min(1000 * extract(epoch FROM CASE WHEN value ~ '^[0-9]+$' THEN value || ' ms' ELSE value END::interval)::float)
        FROM (SELECT pg_catalog.current_setting('deadlock_timeout') AS value
              UNION ALL
              SELECT pg_catalog.split_part(one, '=', 2) FROM pg_catalog.pg_db_role_setting, pg_catalog.unnest(setconfig) one
              WHERE one LIKE 'deadlock_timeout=%') known
        """;

    /// <summary>Limits the waits of a session that holds locks while it waits for others.</summary>
    /// <param name="most">Null for what the session has already.</param>
    public static string SetLockTimeout(TimeSpan? most = null)
    {
        var known = most is { } limit
            ? ((long)limit.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)
            : "nullif(1000 * extract(epoch FROM pg_catalog.current_setting('lock_timeout')::interval)::float, 0)";
        return $"SELECT pg_catalog.set_config('lock_timeout', greatest(least({known}, {Share.ToString(CultureInfo.InvariantCulture)} * ({Shortest})), 1)::int::text, false)";
    }
}
