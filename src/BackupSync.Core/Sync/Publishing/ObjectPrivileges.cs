using BackupSync.Postgres;

namespace BackupSync.Sync.Publishing;

/// <summary>
/// Who may do what on the target: grants, default privileges and owners of what is there now. A dump of the source has the
/// source's, for roles that the target may not know, so they are left out of it; without the target's own, its application
/// and its read-only users would stand before a closed door after the first sync.
/// </summary>
sealed class ObjectPrivileges
{
    readonly IReadOnlyList<string> _defaults;
    readonly IReadOnlyList<string> _ofPublic;
    readonly IReadOnlyList<string> _grants;

    ObjectPrivileges(IReadOnlyList<string> defaults, IReadOnlyList<string> ofPublic, IReadOnlyList<string> grants)
    {
        _defaults = defaults;
        _ofPublic = ofPublic;
        _grants = grants;
    }

    /// <param name="target">The target as it is before the run.</param>
    public static async Task<ObjectPrivileges> ReadAsync(IQueryRunner target, CancellationToken cancellationToken)
    {
        var statements = (await target.RowsAsync(Query, cancellationToken)).ToLookup(r => r[0]!, r => r[1]!);
        return new ObjectPrivileges([.. statements[DefaultPrivileges]], [.. statements[OfPublic]],
            [.. statements.Where(s => s.Key is not (DefaultPrivileges or OfPublic)).SelectMany(s => s)]);
    }

    /// <summary>Before the restore, so that tables the target has not had before get what new tables get there.</summary>
    /// <param name="warn">Told what this role may not grant.</param>
    public Task ApplyDefaultsAsync(IQueryRunner empty, Action<string> warn, CancellationToken cancellationToken) =>
        RunAsync(_defaults, empty, warn, cancellationToken);

    /// <summary>After it: the same grants and owners as before, by the objects' names.</summary>
    /// <param name="warn">Told what this role may not grant.</param>
    /// <param name="ofPublic">Also those of the schema "public": of a new database, whose own is as its version made it.</param>
    public Task ApplyAsync(IQueryRunner restored, bool ofPublic, Action<string> warn, CancellationToken cancellationToken) =>
        // The defaults once more: those of a schema had nowhere to go before.
        RunAsync([.. _defaults, .. ofPublic ? _ofPublic : [], .. _grants], restored, warn, cancellationToken);

    static async Task RunAsync(IReadOnlyList<string> statements, IQueryRunner runner, Action<string> warn, CancellationToken cancellationToken)
    {
        if (statements.Count == 0)
            return;
        await runner.ExecuteAsync("CREATE TEMPORARY TABLE backupsync_privileges (id int, statement text, refused text)", cancellationToken);
        foreach (var some in statements.Index().Chunk(500))
        {
            await runner.ExecuteAsync(
                $"INSERT INTO pg_temp.backupsync_privileges VALUES {string.Join(", ", some.Select(s => $"({s.Index}, {Sql.Literal(s.Item)})"))}", cancellationToken);
        }
        await runner.ExecuteAsync(Carry, cancellationToken);
        foreach (var refused in await runner.RowsAsync("SELECT statement, refused FROM pg_temp.backupsync_privileges WHERE refused IS NOT NULL ORDER BY id", cancellationToken))
            warn($"Not carried over: {refused[0]} ({refused[1]})");
        await runner.ExecuteAsync("DROP TABLE pg_temp.backupsync_privileges", cancellationToken);
    }

    const string OfPublic = "0";
    const string DefaultPrivileges = "1";

    static readonly string Carry = EmbeddedText.Read("BackupSync.Sync.Publishing.carry_privileges.sql").TrimEnd().TrimEnd(';');

    // Statements in steps: 0 the schema "public", 1 default privileges, 2 what new objects get and old ones did not have, 3 grants, 4 owners,
    // 5 what an owner took from himself. What an object has when nobody said anything (a null acl, the restoring role as owner) needs none.
    const string Query = """
        WITH me AS MATERIALIZED (SELECT oid, rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),
        ext AS MATERIALIZED (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'),
        ns AS MATERIALIZED (
            SELECT oid, nspname, nspacl, nspowner FROM pg_catalog.pg_namespace
            WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
        rel AS MATERIALIZED (
            SELECT c.oid, c.relacl, c.relowner, c.relkind, pg_catalog.format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, ns.nspname, c.relname) AS name
            FROM pg_catalog.pg_class c JOIN ns ON ns.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
              AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid)),
        -- By the kind that acldefault() knows; null for what has an owner and no privileges.
        object AS MATERIALIZED (
            SELECT pg_catalog.format('SCHEMA %I', nspname) AS name, 'n' AS kind, nspowner AS owner, nspacl AS acl FROM ns
            UNION ALL SELECT name, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END, relowner, relacl FROM rel
            UNION ALL
            -- An ordered-set aggregate's own list of arguments says ORDER BY, which GRANT does not read.
            SELECT pg_catalog.format('ROUTINE %I.%I(%s)', ns.nspname, p.proname,
                       CASE p.prokind WHEN 'a' THEN pg_catalog.oidvectortypes(p.proargtypes) ELSE pg_catalog.pg_get_function_identity_arguments(p.oid) END),
                   'f', p.proowner, p.proacl
            FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)
            UNION ALL
            SELECT pg_catalog.format('TYPE %I.%I', ns.nspname, t.typname), 'T', t.typowner, t.typacl
            FROM pg_catalog.pg_type t JOIN ns ON ns.oid = t.typnamespace LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
            WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r') AND t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c')
              AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_type'::regclass AND objid = t.oid)
            UNION ALL
            SELECT pg_catalog.format('FOREIGN DATA WRAPPER %I', fdwname), 'F', fdwowner, fdwacl FROM pg_catalog.pg_foreign_data_wrapper
            UNION ALL
            SELECT pg_catalog.format('FOREIGN SERVER %I', srvname), 'S', srvowner, srvacl FROM pg_catalog.pg_foreign_server
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_foreign_server'::regclass AND objid = pg_foreign_server.oid)
            UNION ALL
            SELECT pg_catalog.format('LANGUAGE %I', lanname), 'l', lanowner, lanacl FROM pg_catalog.pg_language WHERE lanpltrusted AND lanacl IS NOT NULL
            UNION ALL
            SELECT pg_catalog.format('LARGE OBJECT %s', oid), 'L', lomowner, lomacl FROM pg_catalog.pg_largeobject_metadata
            UNION ALL
            -- Their names are PostgreSQL's own; of a schema of the system's there are none here.
            SELECT pg_catalog.upper(CASE i.type WHEN 'statistics object' THEN 'statistics' ELSE i.type END) || ' ' || i.identity, NULL, o.owner, NULL
            FROM (SELECT 'pg_catalog.pg_collation'::regclass AS classid, oid AS objid, collnamespace AS nsp, collowner AS owner FROM pg_catalog.pg_collation
                  UNION ALL SELECT 'pg_catalog.pg_conversion'::regclass, oid, connamespace, conowner FROM pg_catalog.pg_conversion
                  UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, oid, stxnamespace, stxowner FROM pg_catalog.pg_statistic_ext
                  UNION ALL SELECT 'pg_catalog.pg_operator'::regclass, oid, oprnamespace, oprowner FROM pg_catalog.pg_operator WHERE oprcode <> 0
                  UNION ALL SELECT 'pg_catalog.pg_opclass'::regclass, oid, opcnamespace, opcowner FROM pg_catalog.pg_opclass
                  UNION ALL SELECT 'pg_catalog.pg_opfamily'::regclass, oid, opfnamespace, opfowner FROM pg_catalog.pg_opfamily
                  UNION ALL SELECT 'pg_catalog.pg_ts_config'::regclass, oid, cfgnamespace, cfgowner FROM pg_catalog.pg_ts_config
                  UNION ALL SELECT 'pg_catalog.pg_ts_dict'::regclass, oid, dictnamespace, dictowner FROM pg_catalog.pg_ts_dict) o
            JOIN ns ON ns.oid = o.nsp, LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, 0) i
            WHERE NOT EXISTS (SELECT FROM ext WHERE ext.classid = o.classid AND ext.objid = o.objid)),
        grants AS MATERIALIZED (
            SELECT name, kind, owner, acl, NULL::name AS col FROM object WHERE kind IS NOT NULL
            UNION ALL SELECT rel.name, NULL, rel.relowner, a.attacl, a.attname FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attacl IS NOT NULL),
        -- What default privileges say besides what PostgreSQL itself has for a new object; those of a schema only ever add.
        defaults AS MATERIALIZED (
            SELECT d.oid, d.defaclrole, d.defaclnamespace, d.defaclacl, CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype::text END AS kind,
                   CASE WHEN d.defaclnamespace = 0
                        THEN pg_catalog.acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END::"char", d.defaclrole) END AS builtin,
                   pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s', pg_catalog.pg_get_userbyid(d.defaclrole),
                       CASE WHEN d.defaclnamespace <> 0 THEN pg_catalog.format('IN SCHEMA %I', (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = d.defaclnamespace)) END) AS head,
                   CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END AS objects
            FROM pg_catalog.pg_default_acl d),
        defaulted AS MATERIALIZED (SELECT DISTINCT d.kind, a.grantee FROM defaults d, LATERAL pg_catalog.aclexplode(d.defaclacl) a),
        -- As it is, or as PostgreSQL has it for a new one where default privileges would make it another.
        wanted AS MATERIALIZED (
            SELECT g.name, g.kind, g.owner, g.col, g.acl IS NOT NULL AS is_stated,
                   coalesce(g.acl, CASE WHEN g.kind IN (SELECT kind FROM defaults) THEN pg_catalog.acldefault(g.kind::"char", g.owner) END) AS acl
            FROM grants g),
        statements AS (
            SELECT 1 AS step, d.oid::text AS part,
                   pg_catalog.format('%s REVOKE %s ON %s FROM %s', d.head, b.privilege_type, d.objects,
                       CASE WHEN b.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(b.grantee)) END) AS statement
            FROM defaults d, LATERAL pg_catalog.aclexplode(d.builtin) b
            WHERE NOT EXISTS (SELECT FROM pg_catalog.aclexplode(d.defaclacl) a WHERE a.grantee = b.grantee AND a.privilege_type = b.privilege_type)
            UNION ALL
            SELECT 1, d.oid::text,
                   pg_catalog.format('%s GRANT %s ON %s TO %s%s', d.head, a.privilege_type, d.objects,
                       CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                       CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
            FROM defaults d, LATERAL pg_catalog.aclexplode(d.defaclacl) a
            WHERE NOT EXISTS (SELECT FROM pg_catalog.aclexplode(d.builtin) b WHERE (b.grantee, b.privilege_type, b.is_grantable) = (a.grantee, a.privilege_type, a.is_grantable))
            UNION ALL
            -- Taken from everybody: what PUBLIC has by default on routines, types and languages.
            SELECT 2, w.name, pg_catalog.format('REVOKE ALL ON %s FROM PUBLIC', w.name) FROM wanted w
            WHERE w.is_stated AND w.kind IN ('f', 'T', 'l') AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(w.acl) WHERE grantee = 0)
            UNION ALL
            -- What they would get as new objects, though they did not have it as old ones.
            SELECT 2, w.name, pg_catalog.format('REVOKE ALL ON %s FROM %s', w.name,
                       CASE WHEN d.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.grantee)) END)
            FROM wanted w JOIN defaulted d ON d.kind = w.kind
            WHERE w.name <> 'SCHEMA public' AND d.grantee <> w.owner AND d.grantee NOT IN (SELECT oid FROM me)
            UNION ALL
            SELECT 3, w.name, pg_catalog.format('GRANT %s%s ON %s TO %s%s', a.privilege_type, CASE WHEN w.col IS NOT NULL THEN pg_catalog.format(' (%I)', w.col) END, w.name,
                       CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                       CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
            FROM wanted w, LATERAL pg_catalog.aclexplode(w.acl) a
            WHERE (a.grantee <> w.owner OR w.col IS NOT NULL) AND w.name <> 'SCHEMA public'
            UNION ALL
            SELECT 0, '1', 'REVOKE ALL ON SCHEMA public FROM PUBLIC' FROM ns WHERE nspname = 'public'
            UNION ALL
            SELECT 0, '2', pg_catalog.format('GRANT %s ON SCHEMA public TO %s%s', a.privilege_type,
                       CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                       CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
            FROM ns, LATERAL pg_catalog.aclexplode(coalesce(nspacl, pg_catalog.acldefault('n', nspowner))) a WHERE nspname = 'public' AND a.grantee <> nspowner
            UNION ALL
            SELECT 0, '3', pg_catalog.format('COMMENT ON SCHEMA public IS %L', pg_catalog.obj_description(oid, 'pg_namespace'))
            FROM ns WHERE nspname = 'public' AND pg_catalog.obj_description(oid, 'pg_namespace') <> 'standard public schema'
            UNION ALL
            SELECT 0, '4', pg_catalog.format('ALTER SCHEMA public OWNER TO %I', pg_catalog.pg_get_userbyid(nspowner))
            FROM ns WHERE nspname = 'public' AND pg_catalog.pg_get_userbyid(nspowner) <> 'pg_database_owner' AND nspowner <> 10
            UNION ALL
            -- Schemas first: who owns what is in one may need to create there.
            SELECT 4, CASE WHEN kind = 'n' THEN '' ELSE name END, pg_catalog.format('ALTER %s OWNER TO %I', CASE WHEN kind = 'S' THEN pg_catalog.substr(name, 9) ELSE name END, pg_catalog.pg_get_userbyid(owner))
            FROM object WHERE name <> 'SCHEMA public' AND owner NOT IN (SELECT oid FROM me)
              -- A sequence follows the table that owns it.
              AND NOT (name LIKE 'SEQUENCE %' AND EXISTS (SELECT FROM rel JOIN pg_catalog.pg_depend d ON d.objid = rel.oid
                       WHERE rel.name = object.name AND d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')))
            UNION ALL
            SELECT 5, w.name, pg_catalog.format('REVOKE %s ON %s FROM %I', b.privilege_type, w.name, pg_catalog.pg_get_userbyid(w.owner))
            FROM wanted w, LATERAL pg_catalog.aclexplode(pg_catalog.acldefault(w.kind::"char", w.owner)) b
            WHERE w.is_stated AND w.kind IS NOT NULL AND b.grantee = w.owner
              -- Who is no superuser could not read what he has just loaded.
              AND ((SELECT rolsuper FROM me) OR b.privilege_type <> 'SELECT')
              AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(w.acl) a WHERE a.grantee = w.owner AND a.privilege_type = b.privilege_type))
        SELECT step, statement FROM statements ORDER BY step, part
        """;
}
