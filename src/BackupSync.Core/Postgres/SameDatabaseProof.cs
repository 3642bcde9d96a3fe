using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace BackupSync.Postgres;

/// <summary>
/// Whether two addresses lead to one database, however they are spelled. Two sessions of one server tell by an advisory lock. It does
/// not reach a standby, which holds the same database nevertheless; of one that shares the target's system identifier it has to be proven
/// that it follows another server: a copy of the data folder that was promoted shares the identifier, too.
/// </summary>
static class SameDatabaseProof
{
    /// <summary>How long a standby may take to replay what the target has written: milliseconds where it keeps up.</summary>
    static readonly TimeSpan ReplayLimit = TimeSpan.FromSeconds(5);

    /// <param name="committer">Another session on the target's server.</param>
    /// <returns>Why they must be taken for one database, as a sentence, and what to do; null where they are two.</returns>
    public static async Task<(string Reason, string Advice)?> FindAsync(
        PgSession source, PgSession target, PgSession committer, CancellationToken cancellationToken)
    {
        if (await SharesLocksAsync(source, target, cancellationToken))
            return ($"{source.Login.Label} and {target.Login.Label} are one and the same database.", "Check both URLs.");
        var (here, there) = (await Side.ReadAsync(target, cancellationToken), await Side.ReadAsync(source, cancellationToken));
        // Two servers that both may write are two databases, whatever they once had in common. (A target never is a standby.)
        if (!there.InRecovery || await HasItBesideAsync(target, there, here, cancellationToken))
            return null;
        if (there.Identifier is { } one && here.Identifier is { } other
            ? one != other
            : !await KnowsRoleAsync(target, there, cancellationToken))
            return null;
        return await FollowsAsync(source, target, here.DatabaseOid, committer, cancellationToken) switch
        {
            false => null,
            true => ($"{source.Login.Label} is a standby of {target.Login.Label}: it replays what is written there, so both are one "
                + "database, and the target would get its own older content.",
                "Name another database as the source or as the target."),
            null => ($"{source.Login.Label} is a standby that {(there.Identifier is null ? "may share" : "shares")} the system "
                + $"identifier of {target.Login.Label}, and does not prove that it follows another server: "
                + $"it has not replayed what {target.Login.Label} wrote within {ReplayLimit.TotalSeconds:0} s.",
                "Let its replay go on (pg_wal_replay_resume) and run again; or name the primary that it follows as the source."),
        };
    }

    /// <summary>Advisory locks name their database, so two databases of one server differ.</summary>
    public static async Task<bool> SharesLocksAsync(PgSession one, PgSession other, CancellationToken cancellationToken)
    {
        var high = RandomNumberGenerator.GetInt32(int.MaxValue);
        var low = RandomNumberGenerator.GetInt32(int.MaxValue);
        await one.ScalarAsync<bool>("SELECT pg_catalog.pg_try_advisory_lock($1, $2)", cancellationToken, high, low);
        try
        {
            return await other.ScalarAsync<long>(
                """
                SELECT count(*) FROM pg_catalog.pg_locks
                WHERE locktype = 'advisory' AND objsubid = 2 AND classid = $1::text::oid AND objid = $2::text::oid
                  AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
                """,
                cancellationToken, high.ToString(CultureInfo.InvariantCulture), low.ToString(CultureInfo.InvariantCulture)) > 0;
        }
        finally
        {
            await one.ScalarAsync<bool>("SELECT pg_catalog.pg_advisory_unlock($1, $2)", CancellationToken.None, high, low);
        }
    }

    /// <summary>
    /// Whether the target's server, should the standby be its own, has the source's database beside the target. A database of the
    /// target's name that is there no more was replaced by the target: by a swap, for one.
    /// </summary>
    static async Task<bool> HasItBesideAsync(PgSession target, Side there, Side here, CancellationToken cancellationToken) =>
        there.DatabaseOid != here.DatabaseOid && (there.Database != here.Database
            || await target.ScalarAsync<long>(
                $"SELECT count(*) FROM pg_catalog.pg_database WHERE oid = {there.DatabaseOid}",
                cancellationToken) > 0);

    /// <summary>Where a provider keeps the identifier to himself: a standby's roles are its primary's.</summary>
    static async Task<bool> KnowsRoleAsync(PgSession target, Side there, CancellationToken cancellationToken) =>
        await target.ScalarAsync<long>(
            $"SELECT count(*) FROM pg_catalog.pg_roles WHERE oid = {there.RoleOid} AND rolname = {Sql.Literal(there.Role)}",
            cancellationToken) > 0;

    /// <summary>
    /// A standby can never be ahead of what it follows. If it is behind, it is shown a mark: exclusive locks on tables are replayed, and
    /// show on the standby for as long as they are held.
    /// </summary>
    /// <returns>Null where it cannot be told.</returns>
    static async Task<bool?> FollowsAsync(
        PgSession source,
        PgSession target,
        uint database,
        PgSession committer,
        CancellationToken cancellationToken)
    {
        var replayed = (await source.RowsAsync(
            "SELECT coalesce(pg_catalog.pg_last_wal_replay_lsn(), '0/0'), "
                + "pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())", cancellationToken))[0];
        if (await target.ScalarAsync<bool>(
            $"""
            SELECT {Sql.Literal(replayed.Text(0))}::pg_catalog.pg_lsn > pg_catalog.pg_current_wal_insert_lsn()
                OR {Sql.Literal(replayed.Text(1))}::pg_catalog.xid8 > pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())
            """, cancellationToken))
        {
            return false;
        }
        try
        {
            // Not seen by anybody, and gone with the transaction.
            await target.ExecuteAsync("BEGIN READ WRITE; CREATE TEMPORARY TABLE backupsync_mark () ON COMMIT DROP", cancellationToken);
        }
        catch (PgQueryException refused) when (refused.SqlState is not null)
        {
            await target.ExecuteAsync("ROLLBACK", cancellationToken);
            return null;
        }
        try
        {
            var mark = await target.ScalarAsync<string>(
                "SELECT 'pg_temp.backupsync_mark'::pg_catalog.regclass::pg_catalog.oid::text",
                cancellationToken);
            // What is not committed may stay in memory for long: a commit beside it sends it on its way.
            await committer.ExecuteAsync(
                "BEGIN READ WRITE; SET LOCAL synchronous_commit = local; SELECT pg_catalog.pg_logical_emit_message(true, 'backupsync', "
                    + "''); COMMIT", cancellationToken);
            var end = await committer.ScalarAsync<string>("SELECT pg_catalog.pg_current_wal_flush_lsn()::text", cancellationToken);
            var begun = Stopwatch.GetTimestamp();
            do
            {
                // Two statements: the locks are looked at after the position.
                var hasReplayed = await source.ScalarAsync<bool>(
                    $"SELECT coalesce(pg_catalog.pg_last_wal_replay_lsn() >= {Sql.Literal(end!)}::pg_catalog.pg_lsn, false)",
                    cancellationToken);
                if (await source.ScalarAsync<long>(
                    $"SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'relation' AND database = {database} AND relation = "
                        + $"{mark} AND mode = 'AccessExclusiveLock'", cancellationToken) > 0)
                {
                    return true;
                }
                if (hasReplayed)
                    return false;
                await Task.Delay(100, cancellationToken);
            }
            while (Stopwatch.GetElapsedTime(begun) < ReplayLimit);
            return null;
        }
        finally
        {
            await target.ExecuteAsync("ROLLBACK", CancellationToken.None);
        }
    }

    /// <param name="Identifier">Of the server's data folder and all copies of it; null where the role may not ask.</param>
    sealed record Side(bool InRecovery, string? Identifier, string Database, uint DatabaseOid, string Role, uint RoleOid)
    {
        public static async Task<Side> ReadAsync(PgSession session, CancellationToken cancellationToken)
        {
            var row = (await session.RowsAsync(
                """
                SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE'),
                       d.datname, d.oid, r.rolname, r.oid
                FROM pg_catalog.pg_database d, pg_catalog.pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user
                """, cancellationToken))[0];
            return new Side(row.Flag(0), row.Flag(1) ? await IdentifierAsync(session, cancellationToken) : null,
                row.Text(2), row.Oid(3), row.Text(4), row.Oid(5));
        }

        static async Task<string?> IdentifierAsync(PgSession session, CancellationToken cancellationToken)
        {
            try
            {
                return await session.ScalarAsync<string>(
                    "SELECT system_identifier::text FROM pg_catalog.pg_control_system()",
                    cancellationToken);
            }
            catch (PgQueryException refused) when (refused.SqlState is not null)
            {
                return null; // some providers have no such file
            }
        }
    }
}
