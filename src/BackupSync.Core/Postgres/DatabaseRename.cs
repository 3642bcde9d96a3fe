using System.Diagnostics;
using Npgsql;

namespace BackupSync.Postgres;

/// <summary>
/// Renames databases in one transaction. ALTER DATABASE … RENAME locks the name against new sessions and waits five seconds
/// for those that are connected to leave (https://www.postgresql.org/docs/current/sql-alterdatabase.html); a second session
/// ends them meanwhile.
/// </summary>
static class DatabaseRename
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    // Whose sessions a role may end: https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SIGNAL
    const string MayEnd = """
        (pg_catalog.pg_has_role(usesysid, 'USAGE')
         OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE oid = usesysid))
        """;

    /// <exception cref="BackupSyncException">Sessions could not be ended within 30 seconds; nothing was renamed.</exception>
    public static async Task RunAsync(
        PgSession session,
        IReadOnlyList<(string From, string To)> renames,
        CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        await using var ender = await PgSession.OpenAsync(session.Login, cancellationToken, Limit);
        while (await IsHeldByOthersAsync(session, renames, cancellationToken)
            || !await TryAsync(session, ender, renames, cancellationToken))
        {
            // Looked at between the questions: a session whose question was cut off could not tell who is in the way.
            if (Stopwatch.GetElapsedTime(begun) > Limit)
                throw await InUseAsync(session, renames[0].From, cancellationToken);
            await Task.Delay(250, cancellationToken);
        }
    }

    /// <summary>
    /// Whether somebody is connected whom our role may not end. A try would fail, and keep everybody else from connecting for
    /// its five seconds.
    /// </summary>
    static async Task<bool> IsHeldByOthersAsync(
        PgSession session,
        IReadOnlyList<(string From, string To)> renames,
        CancellationToken cancellationToken) =>
        (await session.RowsAsync(
            $"""
            SELECT pid FROM pg_catalog.pg_stat_activity
            WHERE datname = ANY ({Sql.TextArray(renames.Select(r => r.From))}) AND usesysid IS NOT NULL AND NOT {MayEnd} LIMIT 1
            """, cancellationToken)).Count > 0;

    /// <returns>Whether the databases are renamed.</returns>
    static async Task<bool> TryAsync(
        PgSession session,
        PgSession ender,
        IReadOnlyList<(string From, string To)> renames,
        CancellationToken cancellationToken)
    {
        using var locked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ending = EndSessionsAsync(ender, session.ProcessId, renames.Select(r => r.From).ToList(), locked.Token);
        try
        {
            try
            {
                // As long as the server waits for sessions.
                await session.ExecuteAsync("BEGIN; SET LOCAL lock_timeout = '5s'", cancellationToken);
                foreach (var (from, to) in renames)
                    await session.ExecuteAsync($"ALTER DATABASE {Sql.Identifier(from)} RENAME TO {Sql.Identifier(to)}", cancellationToken);
            }
            finally
            {
                // Both names are locked against new sessions until the commit. The ending has to stop before it: afterwards
                // one of the names is that of the published database, and its sessions are there by right.
                await locked.CancelAsync();
                await ending;
            }
            // Not to be cancelled half-way: a commit that is not answered leaves everybody guessing.
            await session.ExecuteAsync("COMMIT", CancellationToken.None);
            return true;
        }
        catch (Exception failure)
        {
            await RollBackAsync(session);
            if (failure is PgQueryException { SqlState: PostgresErrorCodes.ObjectInUse or PostgresErrorCodes.LockNotAvailable })
                return false;
            throw;
        }
    }

    /// <summary>This session lives on, and with its transaction open nobody could connect to what was half renamed.</summary>
    static async Task RollBackAsync(PgSession session)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await session.ExecuteAsync("ROLLBACK", limit.Token);
        }
        catch (Exception lost) when (lost is BackupSyncException or OperationCanceledException)
        {
            // The session is gone, and the transaction with it.
        }
    }

    static async Task EndSessionsAsync(PgSession ender, int spared, IReadOnlyList<string> databases, CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                // Sessions of roles that ours may not signal are passed over, so that one of them does not shield the rest;
                // they show in the message if they stay.
                await ender.RowsAsync(
                    $"""
                    SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
                    WHERE datname = ANY ({Sql.TextArray(databases)}) AND pid NOT IN (pg_catalog.pg_backend_pid(), {spared})
                      AND usesysid IS NOT NULL AND {MayEnd}
                    """, CancellationToken.None); // whole or not at all: one that went on after the rename would hit the wrong sessions
                await Task.Delay(100, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The names are locked, or the rename is given up.
        }
    }

    static async Task<BackupSyncException> InUseAsync(PgSession session, string database, CancellationToken cancellationToken)
    {
        var who = "";
        try
        {
            // Those first whom only others may end: they are what is in the way.
            var rows = await session.RowsAsync(
                $"""
                (SELECT pg_catalog.format('pid %s of role %s (%s)', pid, coalesce(usename, '?'),
                    coalesce(nullif(application_name, ''), '?'))
                 FROM pg_catalog.pg_stat_activity WHERE datname = {Sql.Literal(database)}
                 ORDER BY usesysid IS NOT NULL AND NOT {MayEnd} DESC, backend_start LIMIT 5)
                UNION ALL
                (SELECT pg_catalog.format('prepared transaction %L of role %s', gid, owner) FROM pg_catalog.pg_prepared_xacts
                    WHERE database = {Sql.Literal(database)} LIMIT 5)
                """, cancellationToken);
            who = string.Join(", ", rows.Select(r => r.TextOrNull(0)));
        }
        catch (BackupSyncException lost)
        {
            who = lost.Message;
        }
        return new BackupSyncException(ErrorIds.PublishFailed,
            $"{session.Login.Label}: the database '{database}' stayed in use for {Durations.Show(Limit)} and cannot be "
                + $"renamed{(who.Length > 0 ? $": {who}" : "")}.",
            "End those sessions, or GRANT pg_signal_backend to the role so that it may; prepared transactions must be committed or "
                + "rolled back.");
    }
}
