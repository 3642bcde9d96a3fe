using System.Globalization;

namespace BackupSync.Postgres;

/// <summary>
/// What a server is asked to find out who waits for a run of ours. No catalog is read here, not even by a view or a cast: it may be the
/// very thing that others wait for. What a role may not see of other roles' sessions is their statements, not that they wait.
/// </summary>
/// <param name="longestWait">How long others may have to wait.</param>
/// <param name="interval">Between two looks of the loop.</param>
sealed class BlockingQueries(TimeSpan longestWait, TimeSpan interval)
{
    /// <summary>What the loop says when somebody has waited too long.</summary>
    public const string Late = "backupsync: others have waited too long";

    /// <summary>In place of a process's number, where the one who looks has to wait himself.</summary>
    const int OfCatalog = 0;

    /// <summary>How long we have, once told, to let go ourselves; none where it may be a deadlock.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A session of ours that waits for a lock as long as this, and is waited for, lets go: it may be a deadlock already, or become one
    /// (see
    /// <see cref="DeadlockTimeout"/>). Ours that hold something wait for less than this by themselves; pg_dump does not. Before version 14
    /// servers do not tell since when somebody waits.
    /// </summary>
    static readonly TimeSpan Tangled = TimeSpan.FromSeconds(0.45);

    /// <summary>A line that nothing passes is cut by what is in between, sooner or later.</summary>
    static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(20);

    /// <summary>
    /// The same as <see cref="Loop"/> without PL/pgSQL: a single statement that looks again and again, and ends all other sessions of
    /// the run when somebody has waited too long. It has to be asked anew every <see cref="SignOfLife"/>, from what was seen last.
    /// Gives that, and of who has waited too long: process, role, application, relation, statement; else nulls.
    /// </summary>
    public string LoopFrom(string seen) => $"""
        WITH RECURSIVE watch(look, seen, others, late) AS (
            SELECT 0, {Sql.Literal(seen)}::pg_catalog.jsonb, true, NULL::text[]
            UNION ALL
            SELECT v.look + 1, l.seen, l.others, l.late FROM watch v
            CROSS JOIN LATERAL (SELECT pg_catalog.pg_sleep({Seconds(interval)}), pg_catalog.pg_stat_clear_snapshot()
                WHERE v.look >= 0 OFFSET 0) s
            CROSS JOIN LATERAL ({Look("v.seen", "v.look >= 0")}) l
            WHERE v.others AND v.late IS NULL AND v.look < {LooksBetweenSigns})
        SELECT v.seen, v.late[1], v.late[2], v.late[3], v.late[4], v.late[5], CASE
            WHEN v.late IS NOT NULL THEN (SELECT pg_catalog.count(*) FROM ({EndOthers}) o) END
        FROM watch v WHERE v.late IS NOT NULL OR NOT v.others OR v.look = {LooksBetweenSigns}
        """;

    /// <summary>
    /// Looks until somebody has waited too long, says so, and ends all other sessions of the run unless it is cancelled first; or until
    /// there are none. In a transaction for each look: nobody has to wait for this one.
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
                    SELECT l.seen, l.late, l.others INTO v_seen, v_late, v_others FROM ({Look("v_seen", Always)}) l;
                EXCEPTION WHEN lock_not_available THEN
                    v_late := ARRAY['{OfCatalog}'];
                END;
                IF v_late IS NOT NULL THEN
                    PERFORM pg_catalog.set_config('backupsync.late', v_late::text, false);
                    COMMIT;
                    RAISE INFO '{Late}';
                    IF v_late[6] IS NULL THEN
                        PERFORM pg_catalog.pg_sleep({Seconds(Grace)});
                    END IF;
                    PERFORM * FROM ({EndOthers}) o;
                    EXIT;
                END IF;
                EXIT WHEN NOT v_others;
                v_looks := v_looks + 1;
                IF v_looks % {LooksBetweenSigns} = 0 THEN
                    RAISE INFO 'backupsync: still watching';
                END IF;
                COMMIT;
                PERFORM pg_catalog.pg_sleep({Seconds(interval)});
            END LOOP;
        END $watch$
        """;

    /// <summary>What the loop has found, as <see cref="LoopFrom"/> tells it; no row where that was nothing.</summary>
    public const string WhoIsLate = """
        SELECT r.late[1], r.late[2], r.late[3], r.late[4], r.late[5]
        FROM (SELECT nullif(pg_catalog.current_setting('backupsync.late', true), '')::text[] AS late) r WHERE r.late IS NOT NULL
        """;

    /// <summary>
    /// Who has waited too long, as <see cref="WhoIsLate"/> and <see cref="LoopFrom"/> tell it: by oids, for names are in catalogs.
    /// </summary>
    /// <param name="Process">Its number, or <see cref="OfCatalog"/>, with which nothing else is told.</param>
    public sealed record Waiting(int Process, string? RoleOid, string? Application, string? RelationOid, string? Statement)
    {
        public bool IsOfCatalog => Process == OfCatalog;

        /// <param name="first">The column that the process stands in.</param>
        public static Waiting Of(Row row, int first) => new(
            row.Int(first), row.TextOrNull(first + 1), row.TextOrNull(first + 2), row.TextOrNull(first + 3), row.TextOrNull(first + 4));
    }

    /// <summary>In this database, and not the session that holds a lock on a target, which stands for the whole run.</summary>
    public static readonly string EndOthers = $"""
        WITH {Activity("NULL")}
        SELECT pg_catalog.pg_terminate_backend(o.pid) FROM ours o, me
        WHERE o.pid <> me.pid AND o.datid = me.datid AND NOT EXISTS (SELECT FROM pg_catalog.pg_lock_status() l
            WHERE l.pid = o.pid AND l.locktype = 'advisory')
        """;

    const string Always = "true";

    /// <summary>Another role's sessions are not ours, whatever they call themselves.</summary>
    /// <param name="process">NULL for all.</param>
    static string Activity(string process) => $"""
        activity AS MATERIALIZED (SELECT a.pid, a.datid, a.usesysid, a.application_name, a.query
            FROM pg_catalog.pg_stat_get_activity({process}) a),
        me AS MATERIALIZED (SELECT a.* FROM activity a WHERE a.pid = pg_catalog.pg_backend_pid()),
        ours AS MATERIALIZED (SELECT a.pid, a.datid FROM activity a, me WHERE a.application_name = me.application_name
            AND a.usesysid = me.usesysid)
        """;

    int LooksBetweenSigns => (int)(SignOfLife / interval);

    /// <param name="seen">What the last look has seen.</param>
    /// <param name="again">Is true: what does not depend on it is not asked again where one statement looks more than once.</param>
    string Look(string seen, string again) => $"""
        WITH RECURSIVE {Activity($"CASE WHEN NOT {again} THEN 0 END")},
        locks AS MATERIALIZED (SELECT pg_catalog.pg_lock_status() AS l WHERE {again}),
        waiting AS MATERIALIZED (
            SELECT (k.l).pid, pg_catalog.concat_ws(' ', (k.l).pid, (k.l).locktype, (k.l).database, (k.l).relation, (k.l).mode,
                pg_catalog.to_jsonb(k.l) ->> 'waitstart') AS what,
                   CASE WHEN (k.l).locktype IN ('relation', 'extend', 'page', 'tuple') THEN (k.l).relation END AS relation,
                       pg_catalog.pg_blocking_pids((k.l).pid) AS blockers
            FROM locks k WHERE NOT (k.l).granted AND (k.l).pid NOT IN (SELECT o.pid FROM ours o)),
        behind(pid) AS (
            SELECT w.pid FROM waiting w WHERE w.blockers && (SELECT pg_catalog.array_agg(o.pid) FROM ours o)
            UNION
            SELECT w.pid FROM behind b JOIN waiting w ON b.pid = ANY (w.blockers)),
        clock AS MATERIALIZED (SELECT date_part('epoch', pg_catalog.clock_timestamp()) AS now WHERE {again}),
        own AS MATERIALIZED (
            SELECT (k.l).pid, pg_catalog.pg_blocking_pids((k.l).pid) AS blockers
            FROM clock c, locks k WHERE NOT (k.l).granted AND (k.l).pid IN (SELECT o.pid FROM ours o)
              AND c.now - date_part('epoch', (pg_catalog.to_jsonb(k.l) ->> 'waitstart')::timestamptz) >= {Seconds(Tangled)}),
        held AS MATERIALIZED (
            SELECT w.*, least((({seen}) ->> w.what)::float8, c.now) AS since FROM clock c, waiting w JOIN behind b ON b.pid = w.pid)
        SELECT (SELECT count(*) > 1 FROM ours) AS others,
            (SELECT coalesce(pg_catalog.jsonb_object_agg(h.what, h.since), '{"{}"}') FROM held h) AS seen,
            (SELECT ARRAY[h.pid::text, s.usesysid::text, s.application_name, h.relation::text, s.query, CASE
                WHEN t.tangled THEN 'at once' END]
             FROM clock c, held h LEFT JOIN activity s ON s.pid = h.pid
             CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM own o WHERE o.pid = ANY (h.blockers) OR h.pid = ANY (o.blockers)) AS tangled) t
             WHERE c.now - h.since >= {Seconds(longestWait)} OR t.tangled
             ORDER BY NOT t.tangled, NOT h.blockers && (SELECT pg_catalog.array_agg(o.pid) FROM ours o) LIMIT 1) AS late
        """;

    static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
