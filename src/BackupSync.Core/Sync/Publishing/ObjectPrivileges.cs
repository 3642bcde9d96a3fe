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

    // Only what differs from what an object has when it is created: a null acl, the restoring role as owner. Owners last, when
    // nothing is left to be granted.
    const string Query = """
        WITH ext AS MATERIALIZED (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'),
        ns AS MATERIALIZED (SELECT oid, nspname, nspacl, nspowner FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
        rel AS MATERIALIZED (
            SELECT c.oid, c.relacl, c.relowner, pg_catalog.format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, ns.nspname, c.relname) AS name
            FROM pg_catalog.pg_class c JOIN ns ON ns.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
              AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid)),
        proc AS MATERIALIZED (
            SELECT p.oid, p.proacl, p.proowner, pg_catalog.format('ROUTINE %I.%I(%s)', ns.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS name
            FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)),
        grants AS (
            SELECT pg_catalog.format('SCHEMA %I', nspname) AS name, nspowner AS owner, nspacl AS acl, NULL AS col FROM ns
            UNION ALL SELECT name, relowner, relacl, NULL FROM rel
            UNION ALL SELECT name, proowner, proacl, NULL FROM proc
            UNION ALL SELECT rel.name, rel.relowner, a.attacl, a.attname FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attacl IS NOT NULL),
        defaulted AS (
            SELECT DISTINCT a.grantee FROM pg_catalog.pg_default_acl d, LATERAL pg_catalog.aclexplode(d.defaclacl) a WHERE a.grantee <> d.defaclrole),
        statements AS (
            SELECT 1 AS step, d.oid::text AS part,
                   pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s GRANT %s ON %s TO %s%s', pg_catalog.pg_get_userbyid(d.defaclrole),
                       CASE WHEN d.defaclnamespace <> 0 THEN pg_catalog.format('IN SCHEMA %I', (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = d.defaclnamespace)) END,
                       a.privilege_type,
                       CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' END,
                       CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                       CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END) AS statement
            FROM pg_catalog.pg_default_acl d, LATERAL pg_catalog.aclexplode(d.defaclacl) a
            WHERE a.grantee <> d.defaclrole AND d.defaclobjtype IN ('r', 'S', 'f', 'T', 'n')
            UNION ALL
            -- Taken from everybody: what PUBLIC has by default on routines.
            SELECT 2, name, pg_catalog.format('REVOKE ALL ON %s FROM PUBLIC', name) FROM grants
            WHERE acl IS NOT NULL AND col IS NULL AND name LIKE 'ROUTINE %'
              AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(acl) WHERE grantee = 0)
            UNION ALL
            -- What they would get as new tables, though they did not have it as old ones.
            SELECT 2, g.name, pg_catalog.format('REVOKE ALL ON %s FROM %s', g.name,
                       CASE WHEN d.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.grantee)) END)
            FROM grants g, defaulted d WHERE g.col IS NULL AND g.name <> 'SCHEMA public'
            UNION ALL
            SELECT 3, g.name, pg_catalog.format('GRANT %s%s ON %s TO %s%s', a.privilege_type, CASE WHEN g.col IS NOT NULL THEN pg_catalog.format(' (%I)', g.col) END, g.name,
                       CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                       CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
            FROM grants g, LATERAL pg_catalog.aclexplode(g.acl) a
            WHERE a.grantee <> g.owner AND g.name <> 'SCHEMA public'
            UNION ALL
            SELECT 0, '1', 'REVOKE ALL ON SCHEMA public FROM PUBLIC' FROM ns WHERE nspname = 'public' AND nspacl IS NOT NULL
            UNION ALL
            SELECT 0, '2', pg_catalog.format('GRANT %s ON SCHEMA public TO %s%s', a.privilege_type,
                       CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                       CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
            FROM ns, LATERAL pg_catalog.aclexplode(nspacl) a WHERE nspname = 'public' AND a.grantee <> nspowner
            UNION ALL
            SELECT 4, name, pg_catalog.format('ALTER %s OWNER TO %I', name, pg_catalog.pg_get_userbyid(owner))
            FROM grants WHERE col IS NULL AND name <> 'SCHEMA public' AND owner <> (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)
              -- A sequence follows the table that owns it.
              AND NOT (name LIKE 'SEQUENCE %' AND EXISTS (SELECT FROM rel JOIN pg_catalog.pg_depend d ON d.objid = rel.oid
                       WHERE rel.name = grants.name AND d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i'))))
        SELECT step, statement FROM statements ORDER BY step, part
        """;
}
