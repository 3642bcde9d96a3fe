using System.Globalization;

namespace BackupSync.Postgres;

/// <summary>
/// What a server is asked to find out who waits for a run of ours. No catalog is read here, not even by a view or a cast: it may be the very
/// thing that others wait for. What a role may not see of other roles' sessions is their statements, not that they wait.
/// </summary>
/// <param name="patience">How long others may have to wait.</param>
/// <param name="interval">Between two looks of the loop.</param>
sealed class BlockingQueries(TimeSpan patience, TimeSpan interval)
{
    /// <summary>What the loop says when somebody has waited too long.</summary>
    public const string Late = "backupsync: others have waited too long";

    /// <summary>In place of a process's number, where the one who looks has to wait himself.</summary>
    public const string OfCatalog = "0";

    /// <summary>How long we have, once told, to let go ourselves.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>A line that nothing passes is cut by what is in between, sooner or later.</summary>
    static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(20);

    /// <summary>Looks once, from what the last look has seen. Of who has waited too long: process, role, application, relation, statement; else nulls.</summary>
    public string LookFrom(string seen) => $"""
        SELECT l.seen, l.late[1], l.late[2], l.late[3], l.late[4], l.late[5] FROM ({Look($"{Sql.Literal(seen)}::pg_catalog.jsonb")}) l
        """;

    /// <summary>
    /// Looks until somebody has waited too long, says so, and ends all other sessions of the run unless it is cancelled first; or until there are none.
    /// In a transaction for each look: nobody has to wait for this one.
    /// </summary>
    public string Loop => $"""
        DO $watch$
        DECLARE
            v_seen pg_catalog.jsonb := '{"{}"}';
            v_late text[];
            v_others boolean;
            v_looks int := 0;
        BEGIN
            LOOP
                BEGIN
                    PERFORM pg_catalog.pg_stat_clear_snapshot();
                    SELECT l.seen, l.late, l.others INTO v_seen, v_late, v_others FROM ({Look("v_seen")}) l;
                EXCEPTION WHEN lock_not_available THEN
                    v_late := ARRAY['{OfCatalog}'];
                END;
                IF v_late IS NOT NULL THEN
                    PERFORM pg_catalog.set_config('backupsync.late', v_late::text, false);
                    COMMIT;
                    RAISE INFO '{Late}';
                    PERFORM pg_catalog.pg_sleep({Seconds(Grace)});
                    PERFORM * FROM ({EndOthers}) o;
                    EXIT;
                END IF;
                EXIT WHEN NOT v_others;
                v_looks := v_looks + 1;
                IF v_looks % {(int)(SignOfLife / interval)} = 0 THEN
                    RAISE INFO 'backupsync: still watching';
                END IF;
                COMMIT;
                PERFORM pg_catalog.pg_sleep({Seconds(interval)});
            END LOOP;
        END $watch$
        """;

    /// <summary>What the loop has found, as <see cref="LookFrom"/> tells it; no row where that was nothing.</summary>
    public const string WhoIsLate = """
        SELECT r.late[1], r.late[2], r.late[3], r.late[4], r.late[5]
        FROM (SELECT nullif(pg_catalog.current_setting('backupsync.late', true), '')::text[] AS late) r WHERE r.late IS NOT NULL
        """;

    /// <summary>In this database, and not the session that holds a lock on a target, which stands for the whole run.</summary>
    public const string EndOthers = $"""
        WITH {Activity}
        SELECT pg_catalog.pg_terminate_backend(o.pid) FROM ours o, me
        WHERE o.pid <> me.pid AND o.datid = me.datid AND NOT EXISTS (SELECT FROM pg_catalog.pg_lock_status() l WHERE l.pid = o.pid AND l.locktype = 'advisory')
        """;

    /// <summary>Another role's sessions are not ours, whatever they call themselves.</summary>
    const string Activity = """
        activity AS MATERIALIZED (SELECT a.pid, a.datid, a.usesysid, a.application_name, a.query FROM pg_catalog.pg_stat_get_activity(NULL) a),
        me AS MATERIALIZED (SELECT a.* FROM activity a WHERE a.pid = pg_catalog.pg_backend_pid()),
        ours AS MATERIALIZED (SELECT a.pid, a.datid FROM activity a, me WHERE a.application_name = me.application_name AND a.usesysid = me.usesysid)
        """;

    string Look(string seen) => $"""
        WITH RECURSIVE {Activity},
        waiting AS MATERIALIZED (
            SELECT l.pid, pg_catalog.concat_ws(' ', l.pid, l.locktype, l.database, l.relation, l.mode, pg_catalog.to_jsonb(l) ->> 'waitstart') AS what,
                   CASE WHEN l.locktype IN ('relation', 'extend', 'page', 'tuple') THEN l.relation END AS relation, pg_catalog.pg_blocking_pids(l.pid) AS blockers
            FROM pg_catalog.pg_lock_status() l WHERE NOT l.granted AND l.pid NOT IN (SELECT o.pid FROM ours o)),
        behind(pid) AS (
            SELECT w.pid FROM waiting w WHERE w.blockers && (SELECT pg_catalog.array_agg(o.pid) FROM ours o)
            UNION
            SELECT w.pid FROM behind b JOIN waiting w ON b.pid = ANY (w.blockers)),
        clock AS MATERIALIZED (SELECT date_part('epoch', pg_catalog.clock_timestamp()) AS now),
        held AS MATERIALIZED (
            SELECT w.*, least((({seen}) ->> w.what)::float8, c.now) AS since FROM clock c, waiting w JOIN behind b ON b.pid = w.pid)
        SELECT (SELECT count(*) > 1 FROM ours) AS others,
            (SELECT coalesce(pg_catalog.jsonb_object_agg(h.what, h.since), '{"{}"}') FROM held h) AS seen,
            (SELECT ARRAY[h.pid::text, s.usesysid::text, s.application_name, h.relation::text, s.query]
             FROM clock c, held h LEFT JOIN activity s ON s.pid = h.pid
             WHERE c.now - h.since >= {Seconds(patience)}
             ORDER BY NOT h.blockers && (SELECT pg_catalog.array_agg(o.pid) FROM ours o) LIMIT 1) AS late
        """;

    static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
