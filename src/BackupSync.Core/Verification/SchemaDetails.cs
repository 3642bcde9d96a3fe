using System.Text.Json;
using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// What the catalog says of each object beyond <see cref="CatalogQueries.Objects"/>, as facts by name: what decides how queries answer,
/// and is plain structure, which a dump and restore carries from any version to any other. What is a default is not told, so that a
/// version that does not know a fact says the same as one that does. Expressions are not here: <see cref="SchemaTexts"/> has them.
/// </summary>
static class SchemaDetails
{
    /// <summary>
    /// What decides how fast an answer comes, what others may do with the table's changes, or what a message names, and not what the answer
    /// is. A target may well have its own, so only a comparison tells.
    /// </summary>
    static readonly string[] Tuning =
    [
        "storage parameters", "access method", "replica identity", "clustered", "cost", "rows", "support function", "statistics target",
            "switched off inside",
        "statistics target of ", "storage of ", "compression of ", "options of ", NotNullNames,
    ];

    const string NotNullNames = "names of not null";

    /// <summary>
    /// Of tables whose row type others use: values of it are written and read by position, where a table's own columns go by their
    /// names.
    /// </summary>
    const string ColumnOrder = "columns in order";

    /// <summary>Of an extension: another server may well have another, and neither a dump nor a restore says which.</summary>
    public const string ExtensionVersion = "version";

    /// <summary>Of a materialized view; told where it is not.</summary>
    public const string Filled = "filled";

    /// <summary>A table's place among others, which a target of chosen tables need not have.</summary>
    public static IReadOnlyList<string> Parentage { get; } = ["partition of", "bounds", "inherits"];

    /// <summary>The oldest version that can have the fact: an older one does not lack it.</summary>
    public static int Since(string fact) => fact == NotNullNames ? 18 : 0;

    /// <summary>
    /// Whether it tells something only where both sides have it: manifests of earlier days lack it, and what uses a type may be the
    /// target's own.
    /// </summary>
    public static bool IsOfBoth(string fact) => fact == ColumnOrder;

    public static bool IsTuning(string fact) => Tuning.Any(t => t.EndsWith(' ') ? fact.StartsWith(t, StringComparison.Ordinal) : fact == t);

    /// <summary>By the objects' names, those of <see cref="DatabaseFingerprint.Objects"/> and some that are not there.</summary>
    public static async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> ReadAsync(
        IQueryRunner runner, int major, CatalogFilter filter, CatalogKinds kinds, CancellationToken cancellationToken) =>
        (await runner.RowsAsync(Query(filter, kinds, major), cancellationToken)).ToDictionary(
            CatalogQueries.ObjectKey,
            IReadOnlyDictionary<string, string> (r) => JsonSerializer.Deserialize<Dictionary<string, string>>(r.Text(4))!);

    // Names as the catalog has them, for each version quotes words of its own.
    // Other aliases than those of the queries that they stand in.
    static string Relation(string oid) =>
        "(SELECT n_.nspname || '.' || c_.relname FROM pg_catalog.pg_class c_ JOIN pg_catalog.pg_namespace n_ ON n_.oid "
            + $"= c_.relnamespace WHERE c_.oid = {oid})";

    static string Routine(string oid) =>
        "(SELECT n_.nspname || '.' || p_.proname || '(' || pg_catalog.oidvectortypes(p_.proargtypes) || ')' FROM pg_catalog.pg_proc "
            + $"p_ JOIN pg_catalog.pg_namespace n_ ON n_.oid = p_.pronamespace WHERE p_.oid = {oid})";

    static string Operator(string oid) => $"""
        (SELECT n_.nspname || '.' || o_.oprname || pg_catalog.concat('(', CASE
            WHEN o_.oprleft <> 0 THEN pg_catalog.format_type(o_.oprleft, NULL) END, ',', pg_catalog.format_type(o_.oprright, NULL), ')')
         FROM pg_catalog.pg_operator o_ JOIN pg_catalog.pg_namespace n_ ON n_.oid = o_.oprnamespace WHERE o_.oid = {oid}
             AND o_.oprcode <> 0)
        """;

    static string Collation(string oid) =>
        "(SELECT n_.nspname || '.' || co_.collname FROM pg_catalog.pg_collation co_ JOIN pg_catalog.pg_namespace n_ ON "
            + $"n_.oid = co_.collnamespace WHERE co_.oid = {oid})";

    static string Columns(string numbers, string relation) => IfAny(numbers, $"""
        SELECT pg_catalog.string_agg((SELECT a_.attname FROM pg_catalog.pg_attribute a_ WHERE a_.attrelid = {relation}
        AND a_.attnum = k_.num), ', ' ORDER BY k_.place)
        FROM pg_catalog.unnest({numbers}) WITH ORDINALITY k_(num, place)
        """);

    /// <summary>Without what a server writes there for itself (17.12 has pg_attver in each column's options).</summary>
    static string Sorted(string list) =>
        IfAny(list, $"SELECT pg_catalog.string_agg(o, ', ' ORDER BY o COLLATE \"C\") FROM pg_catalog.unnest({list}) o WHERE o !~ '^pg_'");

    /// <summary>Options of foreign objects can hold secrets: their names alone, and digests.</summary>
    static string Secret(string list) => IfAny(list, $"""
        SELECT pg_catalog.string_agg(pg_catalog.split_part(o, '=', 1) || ' ' || pg_catalog.left(pg_catalog.md5(o), 8), ', '
            ORDER BY o COLLATE "C") FROM pg_catalog.unnest({list}) o
        """);

    /// <summary>
    /// How a key is made up, of indexes and partitions: <c>lower-case operator class where it is not the default, collation where it is
    /// not the column's</c>.
    /// </summary>
    static string KeyPart(string number, string relation, string operatorClass, string collation) => $"""
        (SELECT pg_catalog.concat_ws(' ', coalesce(a_.attname, '(expression)'),
                  {Given($"{operatorClass} = ANY (ARRAY(SELECT oc_.oid FROM pg_catalog.pg_opclass oc_ WHERE NOT oc_.opcdefault))", $"""
                  SELECT ocn_.nspname || '.' || oc_.opcname FROM pg_catalog.pg_opclass oc_
                      JOIN pg_catalog.pg_namespace ocn_ ON ocn_.oid = oc_.opcnamespace WHERE oc_.oid = {operatorClass}
                  """)},
                  CASE WHEN {collation} <> 0 AND {collation} <> coalesce(a_.attcollation, 100)
                      THEN 'collate ' || {Collation(collation)} END)
         FROM (SELECT) one_ LEFT JOIN pg_catalog.pg_attribute a_ ON a_.attrelid = {relation} AND a_.attnum = {number} AND {number} <> 0)
        """;

    /// <summary>A jsonb object of facts, without those that are null.</summary>
    static string Facts(params (string Name, string Value)[] facts) =>
        "pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object("
            + $"{string.Join(", ", facts.Select(f => $"'{f.Name}', ({f.Value})::text"))}))";

    static string Given(string condition, string value) => $"CASE WHEN {condition} THEN ({value}) END";

    static string Yes(string condition) => Given(condition, "'yes'");

    /// <summary>Of most objects there is none, and a subquery for each of thousands takes its time.</summary>
    static string IfAny(string list, string value) => Given($"{list} IS NOT NULL", value);

    static string OfNoExtension(string catalog, string oid) =>
        $"NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.{catalog}'::regclass AND objid = {oid})";

    /// <summary>Kind, schema, name, suffix, facts: the first four as in <see cref="CatalogQueries.Objects"/>.</summary>
    /// <remarks>
    /// Thousands of tables are asked about for each run that carries rows: what few have is looked for only where a flag, or one list
    /// of all that have it, says so.
    /// </remarks>
    internal static string Query(CatalogFilter filter, CatalogKinds kinds, int major)
    {
        // A column of the catalog that older versions do not have: null there.
        string Since(int version, string column) => major >= version ? $"{column}::text" : "NULL::text";

        static string NotNull(string condition) =>
            Given($"c.oid IN (SELECT nn.conrelid FROM pg_catalog.pg_constraint nn WHERE nn.contype = 'n' AND {condition})",
                $"SELECT pg_catalog.string_agg({Columns("nn.conkey", "c.oid")}, ', ' ORDER BY nn.conkey) FROM pg_catalog.pg_constraint nn "
                    + $"WHERE nn.conrelid = c.oid AND nn.contype = 'n' AND {condition}");

        // Others than a server chooses by itself.
        const string OddNames = """
            FROM (SELECT nn.conrelid, nn.conname, na.attname,
                nn.conname <> pg_catalog.concat(nr.relname, '_', na.attname, '_not_null') AS is_odd
                  FROM pg_catalog.pg_constraint nn JOIN pg_catalog.pg_class nr ON nr.oid = nn.conrelid
                      JOIN pg_catalog.pg_attribute na ON na.attrelid = nn.conrelid AND na.attnum = nn.conkey[1]
                  WHERE nn.contype = 'n' AND nn.coninhcount = 0) o WHERE o.is_odd
            """;

        // By columns of it or of an array of it, those of composite types as well, by domains, and by ranges.
        const string OfUsedRowTypes = """
            SELECT ty.typrelid FROM pg_catalog.pg_type ty JOIN pg_catalog.pg_depend d ON d.refobjid IN (ty.oid, ty.typarray)
            WHERE ty.typtype = 'c' AND ty.oid >= 16384 AND d.refclassid = 'pg_catalog.pg_type'::regclass AND d.deptype = 'n'
              AND d.classid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass)
            """;

        return $"""
        {CatalogQueries.With(filter)},
        col AS MATERIALIZED (
            SELECT a.attrelid, pg_catalog.jsonb_object_agg(f.fact || ' of ' || a.attname, f.value) AS facts
            FROM pg_catalog.pg_attribute a JOIN rel ON rel.oid = a.attrelid JOIN pg_catalog.pg_type t ON t.oid = a.atttypid,
            LATERAL (VALUES
                ('collation', {Given("a.attcollation <> t.typcollation", Collation("a.attcollation"))}),
                ('storage', {Given("a.attstorage <> t.typstorage AND rel.relkind IN ('r', 'p', 'm')", "a.attstorage::text")}),
                ('compression', nullif({Since(14, "a.attcompression")}, '')),
                ('statistics target', nullif(a.attstattarget::text, '-1')),
                ('options', {Sorted("a.attoptions")}),
                ('foreign options', {Secret("a.attfdwoptions")})) f(fact, value)
            WHERE a.attnum > 0 AND NOT a.attisdropped AND f.value IS NOT NULL GROUP BY a.attrelid)
        SELECT CASE rel.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
            WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' END,
               rel.nspname, rel.relname, '',
               {Facts(
                   ("options", Given("c.relkind = 'v'", Sorted("c.reloptions"))),
                   ("storage parameters", Given("c.relkind <> 'v'",
                       $"nullif(pg_catalog.concat_ws(', ', {Sorted("c.reloptions")}, (SELECT 'toast: ' || {Sorted("toast.reloptions")} "
                           + "FROM pg_catalog.pg_class toast WHERE toast.oid = c.reltoastrelid)), '')")),
                   ("inherits", Given("NOT c.relispartition AND c.oid IN (SELECT h.inhrelid FROM pg_catalog.pg_inherits h)", """
                       SELECT pg_catalog.string_agg(up.nspname || '.' || up.relname, ', ' ORDER BY i.inhseqno)
                       FROM pg_catalog.pg_inherits i JOIN rel up ON up.oid = i.inhparent WHERE i.inhrelid = c.oid
                       """)),
                   ("partition of", Given("c.relispartition",
                       "SELECT up.nspname || '.' || up.relname FROM pg_catalog.pg_inherits i JOIN rel up ON up.oid = i.inhparent "
                           + "WHERE i.inhrelid = c.oid")),
                   ("bounds", "pg_catalog.pg_get_expr(c.relpartbound, c.oid)"),
                   ("being detached", Given("c.relispartition",
                       "SELECT 'yes' FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid "
                           + $"AND {Since(14, "i.inhdetachpending")} = 'true'")),
                   ("partitioned by", Given("c.relkind = 'p'", $"""
                       SELECT CASE pt.partstrat WHEN 'r' THEN 'range' WHEN 'l' THEN 'list' WHEN 'h' THEN 'hash'
                           ELSE pt.partstrat::text END || ' (' || (
                           SELECT pg_catalog.string_agg(
                               {KeyPart("pt.partattrs[n]", "pt.partrelid", "pt.partclass[n]", "pt.partcollation[n]")}, ', ' ORDER BY n)
                           FROM pg_catalog.generate_series(0, pt.partnatts - 1) n) || ')'
                       FROM pg_catalog.pg_partitioned_table pt WHERE pt.partrelid = c.oid
                       """)),
                   (ColumnOrder, Given($"c.oid IN ({OfUsedRowTypes})",
                       "SELECT pg_catalog.string_agg(a.attname, ', ' ORDER BY a.attnum) "
                           + "FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped")),
                   ("of type", Given("c.reloftype <> 0", "pg_catalog.format_type(c.reloftype, NULL)")),
                   ("access method", "SELECT nullif(am.amname, 'heap') FROM pg_catalog.pg_am am WHERE am.oid = c.relam"),
                   ("replica identity", Given("c.relkind IN ('r', 'p') AND c.relreplident <> 'd'",
                       "CASE c.relreplident WHEN 'f' THEN 'full' WHEN 'n' THEN 'nothing' ELSE 'index' END")),
                   (Filled, Given("c.relkind = 'm' AND NOT c.relispopulated", "'no'")),
                   ("not null not valid", NotNull("NOT nn.convalidated AND nn.coninhcount = 0")),
                   ("not null without children", NotNull("nn.connoinherit")),
                   (NotNullNames, Given($"c.oid IN (SELECT o.conrelid {OddNames})",
                       $"SELECT pg_catalog.string_agg(o.conname || ' of ' || o.attname, ', ' ORDER BY o.attname) {OddNames} "
                           + "AND o.conrelid = c.oid")),
                   ("triggers not as on its parent", Given("c.relhastriggers", $"""
                       SELECT pg_catalog.string_agg(t.tgname || ' ' || t.tgenabled::text, ', ' ORDER BY t.tgname COLLATE "C")
                       FROM pg_catalog.pg_trigger t
                       JOIN pg_catalog.pg_trigger up ON up.oid = t.tgparentid WHERE t.tgrelid = c.oid AND t.tgenabled <> up.tgenabled
                           AND up.tgconstraint = 0
                       """)),
                   ("switched off inside", Given("c.relhastriggers", $"""
                       SELECT pg_catalog.string_agg(DISTINCT k.conname::text, ', ' ORDER BY k.conname::text) FROM pg_catalog.pg_trigger t
                           JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint
                       WHERE t.tgrelid = c.oid AND t.tgisinternal AND t.tgenabled <> 'O' AND k.contype <> 't' AND k.conparentid = 0
                       """)),
                   ("server", Given("c.relkind = 'f'",
                       "SELECT s.srvname FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver "
                           + "WHERE f.ftrelid = c.oid")),
                   ("foreign options", Given("c.relkind = 'f'",
                       $"SELECT {Secret("f.ftoptions")} FROM pg_catalog.pg_foreign_table f WHERE f.ftrelid = c.oid")))}
               || coalesce(col.facts, '{"{}"}')
        FROM rel JOIN pg_catalog.pg_class c ON c.oid = rel.oid LEFT JOIN col ON col.attrelid = rel.oid
            WHERE rel.relkind IN ('r', 'p', 'v', 'm', 'f')
        UNION ALL
        SELECT 'sequence', rel.nspname, rel.relname, '',
               {Facts(
                   ("type", "pg_catalog.format_type(s.seqtypid, NULL)"), ("start", "s.seqstart"), ("increment", "s.seqincrement"),
                   ("minimum", "s.seqmin"), ("maximum", "s.seqmax"), ("cache", "s.seqcache"),
                   ("cycle", Yes("s.seqcycle")), ("unlogged", Yes("rel.relpersistence = 'u'")),
                   ("owned by", $"""
                       SELECT up.nspname || '.' || up.relname || '.' || a.attname FROM pg_catalog.pg_depend d
                           JOIN rel up ON up.oid = d.refobjid
                       JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                       WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = rel.oid
                       AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
                       """))}
        FROM rel JOIN pg_catalog.pg_sequence s ON s.seqrelid = rel.oid
        UNION ALL
        SELECT 'index', rel.nspname, i.relname, ' on ' || rel.relname,
               {Facts(
                   ("columns", $"""
                       SELECT pg_catalog.string_agg({KeyPart("x.indkey[n]", "x.indrelid", "x.indclass[n]", "x.indcollation[n]")}
                              || CASE x.indoption[n] & 3 WHEN 1 THEN ' desc nulls last' WHEN 2 THEN ' nulls first' WHEN 3 THEN ' desc'
                                  ELSE '' END, ', ' ORDER BY n)
                       FROM pg_catalog.generate_series(0, x.indnkeyatts - 1) n
                       """),
                   ("included columns", "SELECT pg_catalog.string_agg(a.attname, ', ' ORDER BY n) "
                       + "FROM pg_catalog.generate_series(x.indnkeyatts, x.indnatts - 1) n "
                       + "JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[n]"),
                   ("nulls", Given($"{Since(15, "x.indnullsnotdistinct")} = 'true'", "'not distinct'")),
                   ("checked at once", Given("NOT x.indimmediate", "'no'")),
                   ("valid", Given("NOT x.indisvalid", "'no'")),
                   ("part of", Given("i.relispartition",
                       "SELECT up.relname FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class up ON up.oid = h.inhparent "
                           + "WHERE h.inhrelid = i.oid")),
                   ("operator class parameters",
                       $"SELECT pg_catalog.string_agg(a.attnum || ' ' || {Sorted("a.attoptions")}, '; ' ORDER BY a.attnum) "
                           + "FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.oid AND a.attoptions IS NOT NULL"),
                   ("storage parameters", Sorted("i.reloptions")),
                   ("clustered", Yes("x.indisclustered")),
                   ("replica identity", Yes("x.indisreplident")),
                   ("statistics target",
                       "SELECT pg_catalog.string_agg(a.attnum || ' ' || a.attstattarget, ', ' ORDER BY a.attnum) "
                           + "FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.oid AND coalesce(a.attstattarget, '-1') <> '-1'"))}
        FROM pg_catalog.pg_index x JOIN rel ON rel.oid = x.indrelid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
        WHERE (x.indisvalid OR rel.relkind = 'p') AND x.indisready
        UNION ALL
        SELECT 'constraint', rel.nspname, c.conname, ' on ' || rel.relname,
               {Facts(
                   ("columns", Given("c.contype <> 'c'", Columns("c.conkey", "c.conrelid"))),
                   ("references", Given("c.contype = 'f'",
                       $"{Relation("c.confrelid")} || ' (' || {Columns("c.confkey", "c.confrelid")} || ')'")),
                   ("match", Given("c.contype = 'f' AND c.confmatchtype <> 's'",
                       "CASE c.confmatchtype WHEN 'f' THEN 'full' ELSE 'partial' END")),
                   ("columns set", Columns($"pg_catalog.translate({Since(15, "c.confdelsetcols")}, '[]', '{{}}')::int[]", "c.conrelid")),
                   ("operators", $"SELECT pg_catalog.string_agg({Operator("e.op")}, ', ' ORDER BY e.place) "
                       + "FROM pg_catalog.unnest(c.conexclop) WITH ORDINALITY e(op, place)"),
                   ("index", Given("c.contype IN ('p', 'u', 'x') AND c.conindid <> 0",
                       "SELECT nullif(i.relname, c.conname) FROM pg_catalog.pg_class i WHERE i.oid = c.conindid")),
                   ("without overlaps, or by period", Yes($"{Since(18, "c.conperiod")} = 'true'")),
                   ("enforced", Given($"{Since(18, "c.conenforced")} = 'false'", "'no'")),
                   ("for children", Given("c.contype = 'c' AND c.connoinherit", "'no'")))}
        FROM pg_catalog.pg_constraint c JOIN rel ON rel.oid = c.conrelid WHERE c.contype IN ('c', 'f', 'p', 'u', 'x') AND c.conparentid = 0
        {kinds.Of("pg_trigger", $"""
            UNION ALL
            SELECT 'trigger', rel.nspname, t.tgname, ' on ' || rel.relname,
                   {Facts(
                       ("function", Routine("t.tgfoid")),
                       ("arguments", "nullif(pg_catalog.encode(t.tgargs, 'escape'), '')"),
                       ("columns", Columns("t.tgattr", "t.tgrelid")),
                       ("constraint", Given("t.tgconstraint <> 0",
                           "pg_catalog.concat_ws(' ', 'yes', CASE WHEN t.tgdeferrable THEN 'deferrable' END, "
                               + "CASE WHEN t.tginitdeferred THEN 'deferred' END)")),
                       ("from", Given("t.tgconstrrelid <> 0", Relation("t.tgconstrrelid"))),
                       ("old rows", "t.tgoldtable"), ("new rows", "t.tgnewtable"))}
            FROM pg_catalog.pg_trigger t JOIN rel ON rel.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgparentid = 0
            """)}
        {kinds.Of("pg_policy", $"""
            UNION ALL
            SELECT 'policy', rel.nspname, p.polname, ' on ' || rel.relname,
                   {Facts(("roles",
                       "SELECT pg_catalog.string_agg(CASE WHEN r = 0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(r) END, ', ' "
                           + "ORDER BY CASE WHEN r = 0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(r) END COLLATE \"C\") "
                           + "FROM pg_catalog.unnest(p.polroles) r"))}
            FROM pg_catalog.pg_policy p JOIN rel ON rel.oid = p.polrelid
            """)}
        {kinds.Of("pg_rewrite", $"""
            UNION ALL
            SELECT 'rule', rel.nspname, w.rulename, ' on ' || rel.relname,
                   {Facts(("instead", Yes("w.is_instead")), ("enabled", "nullif(w.ev_enabled::text, 'O')"))}
            FROM pg_catalog.pg_rewrite w JOIN rel ON rel.oid = w.ev_class WHERE w.rulename <> '_RETURN'
            """)}
        {kinds.Of("pg_statistic_ext", $"""
            UNION ALL
            SELECT 'statistics', ns.nspname, s.stxname, '',
                   {Facts(
                       ("table", "rel.nspname || '.' || rel.relname"), ("columns", Columns("s.stxkeys", "s.stxrelid")),
                       ("kinds", "SELECT pg_catalog.string_agg(k::text, ' ' ORDER BY k::text COLLATE \"C\") FROM "
                           + "pg_catalog.unnest(s.stxkind) k WHERE k <> 'e'"),
                       ("statistics target", $"nullif(s.stxstattarget::text, '-1')"))}
            FROM pg_catalog.pg_statistic_ext s JOIN ns ON ns.oid = s.stxnamespace JOIN rel ON rel.oid = s.stxrelid
            """)}
        {kinds.Of("pg_proc", $"""
            UNION ALL
            SELECT CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'p' THEN 'procedure' ELSE 'function' END,
                   ns.nspname, p.proname, '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
                   {Facts(
                       ("result", "pg_catalog.pg_get_function_result(p.oid)"),
                       ("kind", Given("p.prokind = 'w'", "'window'")),
                       ("strict", Yes("p.proisstrict")), ("leakproof", Yes("p.proleakproof")),
                       ("parallel", "CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END"),
                       ("settings", Sorted("p.proconfig")),
                       ("arguments", "pg_catalog.array_to_string(p.proargnames, ',', '?')"), ("modes", "p.proargmodes"),
                       ("defaults", "nullif(p.pronargdefaults, 0)"),
                       ("transforms", "SELECT pg_catalog.string_agg(pg_catalog.format_type(t, NULL), ', ' ORDER BY "
                           + "pg_catalog.format_type(t, NULL) COLLATE \"C\") FROM pg_catalog.unnest(p.protrftypes) t"),
                       ("library", "p.probin"),
                       ("support function", Given("p.prosupport <> 0", Routine("p.prosupport"))),
                       ("cost", Given("p.prokind <> 'a'", "p.procost")), ("rows", "nullif(p.prorows, 0)"))}
                   || coalesce((SELECT {Facts(
                       ("type of aggregate", "nullif(g.aggkind::text, 'n')"), ("direct arguments", "nullif(g.aggnumdirectargs, 0)"),
                       ("state function", Routine("g.aggtransfn")), ("final function", Routine("g.aggfinalfn")),
                       ("combine function", Routine("g.aggcombinefn")),
                       ("serial function", Routine("g.aggserialfn")), ("deserial function", Routine("g.aggdeserialfn")),
                       ("moving state function", Routine("g.aggmtransfn")), ("moving inverse "
                           + "function", Routine("g.aggminvtransfn")), ("moving final function", Routine("g.aggmfinalfn")),
                       ("final function of all arguments", Yes("g.aggfinalextra")), ("moving final function of all "
                           + "arguments", Yes("g.aggmfinalextra")),
                       ("final function modifies", "nullif(g.aggfinalmodify::text, 'r')"), ("moving final function "
                           + "modifies", "nullif(g.aggmfinalmodify::text, 'r')"),
                       ("sort operator", Operator("g.aggsortop")), ("state type", "pg_catalog.format_type(g.aggtranstype, NULL)"),
                       ("moving state type", Given("g.aggmtranstype <> 0", "pg_catalog.format_type(g.aggmtranstype, NULL)")),
                       ("state", "g.agginitval"), ("moving state", "g.aggminitval"),
                       ("state size", "nullif(g.aggtransspace, 0)"), ("moving state size", "nullif(g.aggmtransspace, 0)"))}
                       FROM pg_catalog.pg_aggregate g WHERE g.aggfnoid = p.oid), '{"{}"}')
            FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace
            WHERE {OfNoExtension("pg_proc", "p.oid")} AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
            """)}
        {kinds.Of("pg_type", $"""
            UNION ALL
            SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range type' WHEN 'c' THEN 'composite type'
                ELSE 'type' END,
                   ns.nspname, t.typname, '',
                   {Facts(
                       ("collation", Given("t.typtype = 'd' AND t.typcollation <> (SELECT b.typcollation FROM pg_catalog.pg_type b "
                           + "WHERE b.oid = t.typbasetype)", Collation("t.typcollation"))),
                       ("checks not valid", "SELECT pg_catalog.string_agg(k.conname, ', ' ORDER BY k.conname COLLATE \"C\") FROM "
                           + "pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c' AND NOT k.convalidated"),
                       ("collations", $"SELECT pg_catalog.string_agg(a.attname || ' ' || {Collation("a.attcollation")}, ', ' ORDER BY "
                           + "a.attnum) FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type at ON at.oid = a.atttypid WHERE "
                           + "t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped AND a.attcollation "
                           + "<> at.typcollation"),
                       ("range", $"""
                           SELECT pg_catalog.concat_ws('; ', 'of ' || pg_catalog.format_type(r.rngsubtype, NULL),
                               'operator class ' || oc.opcname, 'collation ' || {Collation("r.rngcollation")},
                                  'canonical ' || {Routine("r.rngcanonical")}, 'difference ' || {Routine("r.rngsubdiff")},
                                  'multirange ' || (SELECT mt.typname FROM pg_catalog.pg_type mt
                                      WHERE mt.oid = {Since(14, "r.rngmultitypid")}::oid))
                           FROM pg_catalog.pg_range r JOIN pg_catalog.pg_opclass oc ON oc.oid = r.rngsubopc WHERE r.rngtypid = t.oid
                           """),
                       ("base", Given("t.typtype = 'b'", $"""
                           pg_catalog.concat_ws('; ', t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory, t.typispreferred,
                               t.typdelim, t.typdefault, t.typcollation <> 0,
                               'input ' || {Routine("t.typinput")}, 'output ' || {Routine("t.typoutput")},
                                   'receive ' || {Routine("t.typreceive")}, 'send ' || {Routine("t.typsend")},
                               'typmod ' || {Routine("t.typmodin")}, {Routine("t.typmodout")}, 'analyze ' || {Routine("t.typanalyze")},
                               'subscript ' || nullif({Since(14, "t.typsubscript")}, '-'))
                           """)),
                       ("defined", Given("NOT t.typisdefined", "'no'")))}
            FROM pg_catalog.pg_type t JOIN ns ON ns.oid = t.typnamespace
            WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'b' AND t.typelem = 0
                   OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
              AND {OfNoExtension("pg_type", "t.oid")}
            """)}
        {kinds.Of("pg_operator", $"""
            UNION ALL
            SELECT 'operator', ns.nspname, o.oprname, pg_catalog.concat('(', o.oprleft::regtype, ',', o.oprright::regtype, ')'),
                   {Facts(
                       ("function", Routine("o.oprcode")), ("result", "pg_catalog.format_type(o.oprresult, NULL)"),
                       ("commutator", Operator("o.oprcom")), ("negator", Operator("o.oprnegate")),
                       ("hashes", Yes("o.oprcanhash")), ("merges", Yes("o.oprcanmerge")), ("restrict", Routine("o.oprrest")),
                       ("join", Routine("o.oprjoin")))}
            FROM pg_catalog.pg_operator o JOIN ns ON ns.oid = o.oprnamespace WHERE o.oprcode <> 0
                AND {OfNoExtension("pg_operator", "o.oid")}
            """)}
        {kinds.Of("pg_opclass", $"""
            UNION ALL
            SELECT 'operator class', ns.nspname, o.opcname, ' using ' || am.amname,
                   {Facts(
                       ("type", "pg_catalog.format_type(o.opcintype, NULL)"),
                       ("stored as", Given("o.opckeytype <> 0", "pg_catalog.format_type(o.opckeytype, NULL)")),
                       ("default", Yes("o.opcdefault")),
                       ("family", "SELECT n.nspname || '.' || f.opfname FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_namespace n "
                           + "ON n.oid = f.opfnamespace WHERE f.oid = o.opcfamily"))}
            FROM pg_catalog.pg_opclass o JOIN ns ON ns.oid = o.opcnamespace JOIN pg_catalog.pg_am am ON am.oid = o.opcmethod
                WHERE {OfNoExtension("pg_opclass", "o.oid")}
            """)}
        {kinds.Of("pg_opfamily", $"""
            UNION ALL
            SELECT 'operator family', ns.nspname, f.opfname, ' using ' || am.amname,
                   {Facts(
                       ("operators", $"""
                           SELECT pg_catalog.string_agg(m.member, '; ' ORDER BY m.member COLLATE "C") FROM (
                               SELECT pg_catalog.concat_ws(' ', ao.amopstrategy, {Operator("ao.amopopr")}, CASE ao.amoppurpose
                                   WHEN 'o' THEN 'for order by' END,
                                      (SELECT sf.opfname FROM pg_catalog.pg_opfamily sf WHERE sf.oid = ao.amopsortfamily)) AS member
                               FROM pg_catalog.pg_amop ao WHERE ao.amopfamily = f.oid) m
                           """),
                       ("functions", $"""
                           SELECT pg_catalog.string_agg(m.member, '; ' ORDER BY m.member COLLATE "C") FROM (
                               SELECT pg_catalog.concat_ws(' ', ap.amprocnum, pg_catalog.format_type(ap.amproclefttype, NULL),
                                   pg_catalog.format_type(ap.amprocrighttype, NULL), {Routine("ap.amproc")}) AS member
                               FROM pg_catalog.pg_amproc ap WHERE ap.amprocfamily = f.oid) m
                           """))}
            FROM pg_catalog.pg_opfamily f JOIN ns ON ns.oid = f.opfnamespace JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod
                WHERE {OfNoExtension("pg_opfamily", "f.oid")}
            """)}
        {kinds.Of("pg_collation", $"""
            UNION ALL
            -- ICU's locales are written in another form from version 16 on: SchemaTexts has them.
            SELECT 'collation', ns.nspname, c.collname, '',
                   {Facts(
                       ("locale", Given("c.collprovider <> 'i'", $"coalesce({Since(17, "c.colllocale")}, "
                           + "c.collcollate)")), ("character types", Given("c.collprovider <> 'i'", "c.collctype")),
                       ("deterministic", Given("NOT c.collisdeterministic", "'no'")), ("rules", Since(16, "c.collicurules")),
                       ("encoding", Given("c.collencoding <> -1", "pg_catalog.pg_encoding_to_char(c.collencoding)")))}
            FROM pg_catalog.pg_collation c JOIN ns ON ns.oid = c.collnamespace WHERE {OfNoExtension("pg_collation", "c.oid")}
            """)}
        {kinds.Of("pg_conversion", $"""
            UNION ALL
            SELECT 'conversion', ns.nspname, c.conname, '',
                   {Facts(
                       ("from", "pg_catalog.pg_encoding_to_char(c.conforencoding)"),
                       ("to", "pg_catalog.pg_encoding_to_char(c.contoencoding)"), ("function", Routine("c.conproc")),
                       ("default", Yes("c.condefault")))}
            FROM pg_catalog.pg_conversion c JOIN ns ON ns.oid = c.connamespace WHERE {OfNoExtension("pg_conversion", "c.oid")}
            """)}
        {kinds.Of("pg_ts_config", $"""
            UNION ALL
            SELECT 'text search configuration', ns.nspname, c.cfgname, '',
                   {Facts(
                       ("parser", "SELECT p.prsname FROM pg_catalog.pg_ts_parser p WHERE p.oid = c.cfgparser"),
                       ("dictionaries", "SELECT pg_catalog.string_agg(m.maptokentype || ' ' || dn.nspname || '.' || d.dictname, ', ' "
                           + "ORDER BY m.maptokentype, m.mapseqno) FROM pg_catalog.pg_ts_config_map m JOIN pg_catalog.pg_ts_dict d ON "
                           + "d.oid = m.mapdict JOIN pg_catalog.pg_namespace dn ON dn.oid = d.dictnamespace WHERE m.mapcfg = c.oid"))}
            FROM pg_catalog.pg_ts_config c JOIN ns ON ns.oid = c.cfgnamespace WHERE {OfNoExtension("pg_ts_config", "c.oid")}
            """)}
        {kinds.Of("pg_ts_dict", $"""
            UNION ALL
            SELECT 'text search dictionary', ns.nspname, d.dictname, '',
                   {Facts(("template", "SELECT t.tmplname FROM pg_catalog.pg_ts_template t WHERE t.oid = "
                       + "d.dicttemplate"), ("options", "d.dictinitoption"))}
            FROM pg_catalog.pg_ts_dict d JOIN ns ON ns.oid = d.dictnamespace WHERE {OfNoExtension("pg_ts_dict", "d.oid")}
            """)}
        {kinds.Of("pg_ts_parser", $"""
            UNION ALL
            SELECT 'text search parser', ns.nspname, p.prsname, '',
                   {Facts(
                       ("start", Routine("p.prsstart")), ("token", Routine("p.prstoken")), ("end", Routine("p.prsend")),
                       ("headline", Routine("p.prsheadline")), ("types", Routine("p.prslextype")))}
            FROM pg_catalog.pg_ts_parser p JOIN ns ON ns.oid = p.prsnamespace WHERE {OfNoExtension("pg_ts_parser", "p.oid")}
            """)}
        {kinds.Of("pg_ts_template", $"""
            UNION ALL
            SELECT 'text search template', ns.nspname, t.tmplname, '',
                {Facts(("init", Routine("t.tmplinit")), ("lexize", Routine("t.tmpllexize")))}
            FROM pg_catalog.pg_ts_template t JOIN ns ON ns.oid = t.tmplnamespace WHERE {OfNoExtension("pg_ts_template", "t.oid")}
            """)}
        {kinds.Of("pg_cast", $"""
            UNION ALL
            SELECT 'cast', NULL, pg_catalog.concat(c.castsource::regtype, ' as ', c.casttarget::regtype), '',
                   {Facts(
                       ("function", Routine("c.castfunc")), ("context", "CASE c.castcontext WHEN 'i' THEN 'implicit' WHEN 'a' THEN "
                           + "'assignment' END"),
                       ("method", "CASE c.castmethod WHEN 'i' THEN 'inout' WHEN 'b' THEN 'binary' END"))}
            FROM pg_catalog.pg_cast c WHERE c.oid >= 16384 AND {OfNoExtension("pg_cast", "c.oid")}
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_range g WHERE g.rngtypid = c.castsource
              AND {Since(14, "g.rngmultitypid")} = c.casttarget::text)
            """)}
        {kinds.Of("pg_transform", $"""
            UNION ALL
            SELECT 'transform', NULL, pg_catalog.format_type(t.trftype, NULL) || ' for ' || l.lanname, '',
                {Facts(("from SQL", Routine("t.trffromsql")), ("to SQL", Routine("t.trftosql")))}
            FROM pg_catalog.pg_transform t JOIN pg_catalog.pg_language l ON l.oid = t.trflang WHERE {OfNoExtension("pg_transform", "t.oid")}
            """)}
        {kinds.Of("pg_language", $"""
            UNION ALL
            SELECT 'language', NULL, l.lanname, '',
                   {Facts(
                       ("trusted", Yes("l.lanpltrusted")), ("handler", Routine("l.lanplcallfoid")), ("inline", Routine("l.laninline")),
                       ("validator", Routine("l.lanvalidator")))}
            FROM pg_catalog.pg_language l WHERE l.oid >= 16384 AND {OfNoExtension("pg_language", "l.oid")}
            """)}
        {kinds.Of("pg_am", $"""
            UNION ALL
            SELECT 'access method', NULL, a.amname, '', {Facts(("type", "a.amtype"), ("handler", Routine("a.amhandler")))}
            FROM pg_catalog.pg_am a WHERE a.oid >= 16384 AND {OfNoExtension("pg_am", "a.oid")}
            """)}
        UNION ALL
        SELECT 'extension', NULL, e.extname, '',
            {Facts(
                (ExtensionVersion, "e.extversion"),
                ("schema", "SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE n.oid = e.extnamespace AND n.nspname <> 'pg_catalog'"))}
        FROM pg_catalog.pg_extension e WHERE e.extname <> 'plpgsql'
        {kinds.Of("pg_event_trigger", $"""
            UNION ALL
            SELECT 'event trigger', NULL, e.evtname, '',
                {Facts(("event", "e.evtevent"), ("tags", Sorted("e.evttags")), ("function", Routine("e.evtfoid")))}
            FROM pg_catalog.pg_event_trigger e WHERE {OfNoExtension("pg_event_trigger", "e.oid")}
            """)}
        {kinds.Of("pg_foreign_data_wrapper", $"""
            UNION ALL
            SELECT 'foreign data wrapper', NULL, w.fdwname, '',
                {Facts(
                    ("handler", Routine("w.fdwhandler")), ("validator", Routine("w.fdwvalidator")),
                    ("connection", Routine($"{Since(19, "w.fdwconnection")}::oid")), ("foreign options", Secret("w.fdwoptions")))}
            FROM pg_catalog.pg_foreign_data_wrapper w WHERE {OfNoExtension("pg_foreign_data_wrapper", "w.oid")}
            """)}
        {kinds.Of("pg_foreign_server", $"""
            UNION ALL
            SELECT 'foreign server', NULL, s.srvname, '',
                   {Facts(
                       ("wrapper", "SELECT w.fdwname FROM pg_catalog.pg_foreign_data_wrapper w WHERE w.oid = "
                           + "s.srvfdw"), ("type", "s.srvtype"), ("server version", "s.srvversion"),
                               ("foreign options", Secret("s.srvoptions")))}
            FROM pg_catalog.pg_foreign_server s WHERE {OfNoExtension("pg_foreign_server", "s.oid")}
            """)}
        {kinds.Of("pg_foreign_server", $"""
            UNION ALL
            SELECT 'user mapping', NULL, m.usename || ' on ' || m.srvname, '', '{"{}"}' FROM pg_catalog.pg_user_mappings m
            """)}
        """;
    }
}
