using BackupSync.Postgres;

namespace BackupSync.Tests;

/// <summary>
/// Everything that a database's catalog says of it that is not its content: who owns what, who may do what, what is published, its
/// settings and comments. Which columns tell owners and privileges, the catalog itself knows: no kind of object can be forgotten here.
/// </summary>
static class Census
{
    /// <summary>One line for each thing, in order.</summary>
    public static async Task<IReadOnlyList<string>> TakeAsync(DatabaseAddress address)
    {
        await using var session = await Scenario.OpenAsync(address);
        await session.ExecuteAsync("SET search_path = ''", default);
        var catalogs = await session.RowsAsync("""
            SELECT c.relname,
                   EXISTS (SELECT FROM pg_catalog.pg_attribute o WHERE o.attrelid = c.oid AND o.attname = 'oid'),
                   (SELECT pg_catalog.string_agg(a.attname, ' ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
                    WHERE a.attrelid = c.oid AND a.atttypid = 'pg_catalog.aclitem[]'::regtype),
                   (SELECT pg_catalog.string_agg(k.fkcols[1], ' ') FROM pg_catalog.pg_get_catalog_foreign_keys() k
                    WHERE k.fktable = c.oid AND k.pktable = 'pg_catalog.pg_authid'::regclass AND NOT k.is_array)
            FROM pg_catalog.pg_class c WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared
            """, default);
        var lines = new List<string>();
        foreach (var catalog in catalogs)
        {
            var (name, privileges, owner) = (catalog.Text(0), catalog.TextOrNull(2), catalog.TextOrNull(3));
            if (privileges is null && owner is null)
                continue;
            var (described, kind) = (Described(name, catalog.Flag(1)), Kind(name));
            var told = (privileges?.Split(' ') ?? []).Select(p => owner is null || kind is null
                ? Exploded($"t.{p}")
                : Exploded($"coalesce(t.{p}, pg_catalog.acldefault({kind}, t.{owner}))"))
                .Concat((owner?.Split(' ') ?? []).Select(o => $"' owner ' || pg_catalog.pg_get_userbyid(t.{o})"));
            lines.AddRange(
                await LinesAsync(session, $"SELECT {described} || ': ' || {string.Join(" || ", told)} FROM pg_catalog.{name} t"));
        }
        lines.AddRange(await LinesAsync(session, "SELECT 'comment on ' || pg_catalog.pg_describe_object(classoid, objoid, objsubid) || "
            + "': ' || description FROM pg_catalog.pg_description"));
        lines.AddRange(
            await LinesAsync(session, "SELECT 'published: ' || pg_catalog.to_jsonb(p)::text FROM pg_catalog.pg_publication_tables p"));
        lines.AddRange(await LinesAsync(
            session,
            "SELECT 'publication: ' || (pg_catalog.to_jsonb(p) - 'oid' - 'pubowner')::text FROM pg_catalog.pg_publication p"));
        lines.AddRange(await LinesAsync(session, """
            SELECT 'database: ' || pg_catalog.pg_get_userbyid(d.datdba) || ' ' || coalesce(d.datacl::text,
                '') || (pg_catalog.to_jsonb(d) - ARRAY['oid', 'datname', 'datdba', 'datacl', 'datfrozenxid', 'datminmxid'])::text
                || coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), '')
            FROM pg_catalog.pg_database d WHERE d.datname = current_database()
            """));
        lines.AddRange(await LinesAsync(session, """
            SELECT 'setting: ' || s.setrole::regrole::text || ' ' || pg_catalog.array_to_string(s.setconfig, ', ')
                FROM pg_catalog.pg_db_role_setting s
            WHERE s.setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
            """));
        return [.. lines.Where(l => !l.Contains("pg_toast", StringComparison.Ordinal) && !l.Contains("pg_temp", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
    }

    static string Described(string catalog, bool hasOid) => catalog switch
    {
        "pg_attribute" => "pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, t.attrelid, t.attnum)",
        // The class of a large object is the table of its pages.
        "pg_largeobject_metadata" => "pg_catalog.pg_describe_object('pg_catalog.pg_largeobject'::regclass, t.oid, 0)",
        "pg_init_privs" => "'initially ' || pg_catalog.pg_describe_object(t.classoid, t.objoid, t.objsubid)",
        _ when hasOid => $"pg_catalog.pg_describe_object('pg_catalog.{catalog}'::regclass, t.oid, 0)",
        _ => throw new InvalidOperationException($"How rows of {catalog} are described is not known."),
    };

    /// <summary>As acldefault() knows it: a null list stands for that.</summary>
    static string? Kind(string catalog) => catalog switch
    {
        "pg_class" => "CASE t.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\"",
        "pg_proc" => "'f'",
        "pg_namespace" => "'n'",
        "pg_type" => "'T'",
        "pg_language" => "'l'",
        "pg_largeobject_metadata" => "'L'",
        "pg_foreign_data_wrapper" => "'F'",
        "pg_foreign_server" => "'S'",
        _ => null,
    };

    static string Exploded(string acl) => $"""
        coalesce((SELECT pg_catalog.string_agg(pg_catalog.format('%s%s %s by %s', a.privilege_type, CASE WHEN a.is_grantable THEN '*' END,
            CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(a.grantee) END, pg_catalog.pg_get_userbyid(a.grantor)), ', '
            ORDER BY a.grantee, a.privilege_type, a.grantor) FROM pg_catalog.aclexplode({acl}) a), '')
        """;

    static async Task<IEnumerable<string>> LinesAsync(PgSession session, string select) =>
        (await session.RowsAsync(select, default)).Select(r => r.TextOrNull(0) ?? "(nothing)");
}
