namespace BackupSync.Postgres;

/// <summary>Finds and ends sessions by application name: a killed pg_dump or pg_restore leaves its server process at work.</summary>
static class RunSessions
{
    /// <summary>Ends all sessions of one run but the caller's, and waits until they are gone.</summary>
    public static Task EndOwnAsync(
        PgSession through,
        string applicationName,
        IReadOnlyCollection<int> except,
        CancellationToken cancellationToken) =>
        EndAsync(through, $"application_name = {Sql.Literal(applicationName)}", except, cancellationToken);

    /// <summary>Ends the sessions that dead runs on the same target left. Only who holds the target's lock may call this.</summary>
    /// <returns>How many there were.</returns>
    public static Task<int> EndLeftoversAsync(PgSession through, RunTag tag, CancellationToken cancellationToken) =>
        EndAsync(through, $"pg_catalog.starts_with(application_name, {Sql.Literal(tag.SessionPrefix)}) AND application_name <> "
            + $"{Sql.Literal(tag.ApplicationName)}",
            [], cancellationToken);

    static async Task<int> EndAsync(
        PgSession through,
        string condition,
        IReadOnlyCollection<int> except,
        CancellationToken cancellationToken)
    {
        var others = except.Count == 0 ? "" : $" AND pid NOT IN ({string.Join(",", except)})";
        // Another role's sessions are not ours to end, whatever they call themselves.
        var where = $"WHERE {condition} AND pg_catalog.pg_has_role(usesysid, 'USAGE') AND pid <> pg_catalog.pg_backend_pid(){others}";
        var ended = 0;
        for (var attempt = 0; ; attempt++)
        {
            // Ended again each time: pg_restore's leader may start workers until it notices.
            var rows = await through.RowsAsync(
                $"SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity {where}",
                cancellationToken);
            if (rows.Count == 0)
                return ended;
            if (attempt == 0)
                ended = rows.Count;
            await Task.Delay(Math.Min(20 * (attempt + 1), 250), cancellationToken);
        }
    }
}
