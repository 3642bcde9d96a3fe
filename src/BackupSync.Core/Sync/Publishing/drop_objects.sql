-- Drops everything in the current database that a restore brings back, and nothing that belongs to an extension: an
-- ordinary owner might not be able to create the extension again, so DROP SCHEMA … CASCADE is not for us.
DO $drop$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        WITH ext AS MATERIALIZED (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'),
        ns AS MATERIALIZED (SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
        SELECT s.drop FROM (
            -- First, or they would be told of all that follows.
            SELECT 1 AS step, pg_catalog.format('DROP EVENT TRIGGER IF EXISTS %I CASCADE', e.evtname) AS drop
            FROM pg_catalog.pg_event_trigger e
            WHERE pg_catalog.pg_has_role(e.evtowner, 'USAGE')
              AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_event_trigger'::regclass AND objid = e.oid)
            UNION ALL
            SELECT 2, pg_catalog.format('DROP %s IF EXISTS %I.%I CASCADE',
                       CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                       ns.nspname, c.relname)
            FROM pg_catalog.pg_class c JOIN ns ON ns.oid = c.relnamespace
            WHERE c.relkind IN ('v', 'm', 'f', 'r', 'p', 'S')
              AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid)
              -- An identity column's sequence goes with its table, and may not be dropped by itself.
              AND NOT (c.relkind = 'S' AND EXISTS (
                  SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i'))
            UNION ALL
            SELECT 3, pg_catalog.format('DROP ROUTINE IF EXISTS %I.%I(%s) CASCADE', ns.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid))
            FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace
            WHERE p.prokind <> 'a' AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
            UNION ALL
            SELECT 3, pg_catalog.format('DROP AGGREGATE IF EXISTS %I.%I(%s) CASCADE', ns.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid))
            FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace
            WHERE p.prokind = 'a' AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)
            UNION ALL
            SELECT 4, pg_catalog.format('DROP OPERATOR IF EXISTS %I.%s (%s, %s) CASCADE', ns.nspname, o.oprname,
                       CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprleft, NULL) END, pg_catalog.format_type(o.oprright, NULL))
            FROM pg_catalog.pg_operator o JOIN ns ON ns.oid = o.oprnamespace
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_operator'::regclass AND objid = o.oid)
            UNION ALL
            SELECT 5, pg_catalog.format('DROP OPERATOR FAMILY IF EXISTS %I.%I USING %I CASCADE', ns.nspname, f.opfname, am.amname)
            FROM pg_catalog.pg_opfamily f JOIN ns ON ns.oid = f.opfnamespace JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_opfamily'::regclass AND objid = f.oid)
            UNION ALL
            SELECT 6, pg_catalog.format('DROP TEXT SEARCH CONFIGURATION IF EXISTS %I.%I CASCADE', ns.nspname, c.cfgname)
            FROM pg_catalog.pg_ts_config c JOIN ns ON ns.oid = c.cfgnamespace
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_ts_config'::regclass AND objid = c.oid)
            UNION ALL
            SELECT 7, pg_catalog.format('DROP TEXT SEARCH DICTIONARY IF EXISTS %I.%I CASCADE', ns.nspname, d.dictname)
            FROM pg_catalog.pg_ts_dict d JOIN ns ON ns.oid = d.dictnamespace
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_ts_dict'::regclass AND objid = d.oid)
            UNION ALL
            SELECT 8, pg_catalog.format('DROP CONVERSION IF EXISTS %I.%I CASCADE', ns.nspname, c.conname)
            FROM pg_catalog.pg_conversion c JOIN ns ON ns.oid = c.connamespace
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_conversion'::regclass AND objid = c.oid)
            UNION ALL
            -- Row types go with their tables, arrays and multiranges with their types.
            SELECT 9, pg_catalog.format('DROP TYPE IF EXISTS %I.%I CASCADE', ns.nspname, t.typname)
            FROM pg_catalog.pg_type t JOIN ns ON ns.oid = t.typnamespace
            WHERE (t.typtype IN ('e', 'd', 'r', 'p') OR t.typtype = 'b' AND t.typelem = 0
                   OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
              AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_type'::regclass AND objid = t.oid)
            UNION ALL
            SELECT 10, pg_catalog.format('DROP COLLATION IF EXISTS %I.%I CASCADE', ns.nspname, c.collname)
            FROM pg_catalog.pg_collation c JOIN ns ON ns.oid = c.collnamespace
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_collation'::regclass AND objid = c.oid)
            UNION ALL
            SELECT 11, pg_catalog.format('DROP CAST IF EXISTS (%s AS %s) CASCADE', pg_catalog.format_type(c.castsource, NULL), pg_catalog.format_type(c.casttarget, NULL))
            FROM pg_catalog.pg_cast c
            WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_cast'::regclass AND objid = c.oid)
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')
            UNION ALL
            SELECT 12, pg_catalog.format('DROP SERVER IF EXISTS %I CASCADE', f.srvname)
            FROM pg_catalog.pg_foreign_server f
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_foreign_server'::regclass AND objid = f.oid)
            UNION ALL
            -- Without CASCADE: what is left in a schema now would be somebody else's.
            SELECT 13, pg_catalog.format('DROP SCHEMA IF EXISTS %I', ns.nspname)
            FROM ns
            WHERE ns.nspname <> 'public'
              AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_namespace'::regclass AND objid = ns.oid)
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extnamespace = ns.oid)
        ) s ORDER BY s.step
    LOOP
        EXECUTE statement;
    END LOOP;
    -- Rows that users have added to an extension's own tables are in the dump.
    FOR statement IN
        SELECT pg_catalog.format('DELETE FROM %s %s', c.config::regclass, c.condition)
        FROM pg_catalog.pg_extension e, LATERAL ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) c(config, condition)
        JOIN pg_catalog.pg_class r ON r.oid = c.config AND r.relkind = 'r'
        WHERE pg_catalog.has_table_privilege(c.config, 'DELETE')
    LOOP
        EXECUTE statement;
    END LOOP;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public') THEN
        CREATE SCHEMA public;
    END IF;
    PERFORM pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;
END
$drop$;
