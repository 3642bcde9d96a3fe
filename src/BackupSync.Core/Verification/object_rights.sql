-- Who owns each object of the database, and who may do what with it. Of the system's own objects only those that anybody has ever
-- granted or revoked anything on. A null list of privileges is told as what it stands for.
-- Columns: head ("ALTER DEFAULT PRIVILEGES ...", else empty), name as GRANT reads it, column, name as ALTER reads it (null where it
-- has no owner that could be changed), owner, rank (schemas come first), privileges, and what they are where nothing is said of
-- something that is always there (null for what is not): arrays of [grantee, privilege, is grantable, grantor].
WITH ns AS MATERIALIZED (
    SELECT oid, nspname, nspowner, nspacl, nspname ~ '^pg_' OR nspname = 'information_schema' AS is_system
    FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(toast|temp)'),
rel AS MATERIALIZED (
    SELECT c.oid, c.relacl, c.relowner, c.relkind, ns.is_system,
           pg_catalog.format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, ns.nspname, c.relname) AS name,
           -- A sequence follows the table that owns it.
           c.relkind = 'S' AND EXISTS (
               SELECT FROM pg_catalog.pg_depend d
               WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
                 AND d.deptype IN ('a', 'i')) AS follows
    FROM pg_catalog.pg_class c JOIN ns ON ns.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')),
-- By the kind that acldefault() knows; null for what has an owner and no privileges.
object AS (
    SELECT pg_catalog.format('SCHEMA %I', nspname) AS name, pg_catalog.format('SCHEMA %I', nspname) AS altered, 'n' AS kind, nspowner AS owner,
           nspacl AS acl, is_system
    FROM ns
    UNION ALL
    SELECT name, CASE WHEN NOT follows THEN name END, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END, relowner, relacl, is_system FROM rel
    UNION ALL
    SELECT r.name, r.name, 'f', p.proowner, p.proacl, ns.is_system
    FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace,
         -- Types alone: the arguments may have other names on the source, and it is the same routine all the same.
         LATERAL (SELECT pg_catalog.format('ROUTINE %I.%I(%s)', ns.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)) AS name) r
    WHERE NOT ns.is_system OR p.proacl IS NOT NULL
    UNION ALL
    SELECT pg_catalog.format('TYPE %I.%I', ns.nspname, t.typname), pg_catalog.format('TYPE %I.%I', ns.nspname, t.typname), 'T', t.typowner, t.typacl, ns.is_system
    FROM pg_catalog.pg_type t JOIN ns ON ns.oid = t.typnamespace LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r') AND t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c')
    UNION ALL
    SELECT pg_catalog.format('FOREIGN DATA WRAPPER %I', fdwname), pg_catalog.format('FOREIGN DATA WRAPPER %I', fdwname), 'F', fdwowner, fdwacl, false
    FROM pg_catalog.pg_foreign_data_wrapper
    UNION ALL
    SELECT pg_catalog.format('FOREIGN SERVER %I', srvname), pg_catalog.format('SERVER %I', srvname), 'S', srvowner, srvacl, false FROM pg_catalog.pg_foreign_server
    UNION ALL
    SELECT pg_catalog.format('LANGUAGE %I', lanname), pg_catalog.format('LANGUAGE %I', lanname), 'l', lanowner, lanacl, oid < 16384 FROM pg_catalog.pg_language
    UNION ALL
    SELECT pg_catalog.format('LARGE OBJECT %s', oid), pg_catalog.format('LARGE OBJECT %s', oid), 'L', lomowner, lomacl, false
    FROM pg_catalog.pg_largeobject_metadata
    UNION ALL
    SELECT pg_catalog.format('EVENT TRIGGER %I', evtname), pg_catalog.format('EVENT TRIGGER %I', evtname), NULL, evtowner, NULL, false FROM pg_catalog.pg_event_trigger
    UNION ALL
    SELECT pg_catalog.format('PUBLICATION %I', pubname), pg_catalog.format('PUBLICATION %I', pubname), NULL, pubowner, NULL, false FROM pg_catalog.pg_publication
    UNION ALL
    SELECT pg_catalog.format('EXTENSION %I', extname), NULL, NULL, extowner, NULL, false FROM pg_catalog.pg_extension
    UNION ALL
    -- Their names are PostgreSQL's own.
    SELECT n.name, n.name, NULL, o.owner, NULL, false
    FROM (SELECT 'pg_catalog.pg_collation'::regclass AS classid, oid AS objid, collnamespace AS nsp, collowner AS owner FROM pg_catalog.pg_collation
          UNION ALL SELECT 'pg_catalog.pg_conversion'::regclass, oid, connamespace, conowner FROM pg_catalog.pg_conversion
          UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, oid, stxnamespace, stxowner FROM pg_catalog.pg_statistic_ext
          UNION ALL SELECT 'pg_catalog.pg_operator'::regclass, oid, oprnamespace, oprowner FROM pg_catalog.pg_operator WHERE oprcode <> 0
          UNION ALL SELECT 'pg_catalog.pg_opclass'::regclass, oid, opcnamespace, opcowner FROM pg_catalog.pg_opclass
          UNION ALL SELECT 'pg_catalog.pg_opfamily'::regclass, oid, opfnamespace, opfowner FROM pg_catalog.pg_opfamily
          UNION ALL SELECT 'pg_catalog.pg_ts_config'::regclass, oid, cfgnamespace, cfgowner FROM pg_catalog.pg_ts_config
          UNION ALL SELECT 'pg_catalog.pg_ts_dict'::regclass, oid, dictnamespace, dictowner FROM pg_catalog.pg_ts_dict) o
    JOIN ns ON ns.oid = o.nsp AND NOT ns.is_system, LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, 0) i,
    LATERAL (SELECT pg_catalog.upper(CASE i.type WHEN 'statistics object' THEN 'statistics' ELSE i.type END) || ' ' || i.identity AS name) n),
rights AS (
    SELECT '' AS head, name, NULL::name AS col, altered, owner, CASE kind WHEN 'n' THEN 0 ELSE 2 END AS rank,
           CASE WHEN kind IS NOT NULL THEN coalesce(acl, pg_catalog.acldefault(kind::"char", owner)) END AS acl,
           is_system AS is_always, CASE WHEN is_system THEN pg_catalog.acldefault(kind::"char", owner) END AS otherwise
    FROM object WHERE NOT is_system OR acl IS NOT NULL
    UNION ALL
    SELECT '', rel.name, a.attname, NULL, rel.relowner, 3, a.attacl, true, NULL
    FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s', pg_catalog.pg_get_userbyid(d.defaclrole),
               CASE WHEN d.defaclnamespace <> 0 THEN pg_catalog.format('IN SCHEMA %I ', (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = d.defaclnamespace)) END),
           CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES'
                                WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END,
           NULL, NULL, d.defaclrole, 1, d.defaclacl, true,
           -- Those of a schema only ever add.
           CASE WHEN d.defaclnamespace = 0
                THEN pg_catalog.acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END::"char", d.defaclrole) END
    FROM pg_catalog.pg_default_acl d)
SELECT r.head, r.name, r.col, r.altered, pg_catalog.pg_get_userbyid(r.owner), r.rank, told.acl, otherwise.acl
FROM rights r,
     LATERAL (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(g.rolname, a.privilege_type, a.is_grantable, pg_catalog.pg_get_userbyid(a.grantor)))::text AS acl
              FROM pg_catalog.aclexplode(r.acl) a LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee WHERE a.grantee = 0 OR g.oid IS NOT NULL) told,
     LATERAL (SELECT CASE WHEN r.is_always THEN coalesce(pg_catalog.json_agg(
                  pg_catalog.json_build_array(g.rolname, a.privilege_type, a.is_grantable, pg_catalog.pg_get_userbyid(a.grantor)))::text, '[]') END AS acl
              FROM pg_catalog.aclexplode(r.otherwise) a LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee WHERE a.grantee = 0 OR g.oid IS NOT NULL) otherwise
ORDER BY r.rank, r.head, r.name, r.col
