using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// The texts of expressions and queries: views, defaults, checks, conditions, policies, rules, function bodies. A dump and restore
/// changes some (<c>NULL::integer</c> comes back as <c>NULL::integer AS int4</c>), and each version prints in its own way. So two texts
/// are equal if one server, which reads and prints both, prints the same. Nothing of a text is run for that: it becomes a view, or a
/// function's body.
/// </summary>
static class SchemaTexts
{
    /// <summary>What is printed is read and printed once more: the second time nothing changes any more.</summary>
    const int MostPrints = 2;

    /// <summary>
    /// A function's own name stands before its arguments' in its body; all else that is made to print a text has this one.
    /// </summary>
    const string Probe = "backupsync_view";

    /// <summary>All texts, by object and fact.</summary>
    public static async Task<IReadOnlyDictionary<TextName, SchemaText>> ReadAsync(
        IQueryRunner runner,
        int major,
        CatalogFilter filter,
        CancellationToken cancellationToken) =>
        (await runner.RowsAsync(
            Query(filter, await CatalogKinds.ReadAsync(runner, cancellationToken), hasStandardBodies: major >= 14),
            cancellationToken)).ToDictionary(
            r => new TextName(CatalogQueries.ObjectKey(r), r.Text(4)), SchemaText.Read);

    /// <summary>Compares the texts of objects that both have.</summary>
    /// <param name="objects">Those that both have.</param>
    /// <param name="target">The database whose server is asked. Nothing stays in it.</param>
    public static async Task<ComparedTexts> CompareAsync(
        IReadOnlyDictionary<TextName, SchemaText> there, IReadOnlyDictionary<TextName, SchemaText> here, Func<string, bool> objects,
        PgLogin target, TimeSpan connectLimit,
        CancellationToken cancellationToken)
    {
        var names = there.Keys.Union(here.Keys)
            .Where(n => there.GetValueOrDefault(n)?.Text != here.GetValueOrDefault(n)?.Text && objects(n.Object))
            .OrderBy(n => n.Object, StringComparer.Ordinal)
            .ThenBy(n => n.Fact, StringComparer.Ordinal)
            .ToList();
        if (names.Count == 0)
            return ComparedTexts.Equal;
        var (different, unknown) = (new List<DetailDifference>(), new List<string>());
        await using var session = await PgConnector.OpenAsync(target, connectLimit, onRetry: null, cancellationToken);
        foreach (var name in names)
        {
            var (theirs, own) = (there.GetValueOrDefault(name), here.GetValueOrDefault(name));
            try
            {
                if ((theirs ?? own)!.IsOfColumn && (theirs is null || own is null))
                    continue; // that there is one, or a column at all, is told of the table
                if (theirs is null || own is null || !await AreEqualAsync(session, theirs, own, cancellationToken))
                    different.Add(DetailDifference.OfTexts(name.Object, name.Fact, theirs?.Text, own?.Text));
            }
            catch (PgQueryException refused) when (refused.SqlState is not null)
            {
                unknown.Add($"{name.Object}: its {name.Fact} is spelled otherwise on both sides, and {target.Label} could not be asked "
                    + $"whether it means the same ({refused.Message})");
            }
        }
        return new ComparedTexts(different, unknown);
    }

    static async Task<bool> AreEqualAsync(PgSession session, SchemaText theirs, SchemaText own, CancellationToken cancellationToken)
    {
        for (var print = 1; print <= MostPrints; print++)
        {
            own = await PrintAsync(session, own, cancellationToken);
            try
            {
                theirs = await PrintAsync(session, theirs, cancellationToken);
            }
            catch (PgQueryException refused) when (NamesSomethingElse(refused.SqlState))
            {
                return false;
            }
            if (theirs.Text == own.Text)
                return true;
        }
        return false;
    }

    /// <summary>Whether a text names what is not there, or not like that: one that has been read by this server before does not.</summary>
    static bool NamesSomethingElse(string? state) =>
        state is not null && (state.StartsWith("42", StringComparison.Ordinal) || state.StartsWith("3F", StringComparison.Ordinal))
        && state is not (Npgsql.PostgresErrorCodes.InsufficientPrivilege or Npgsql.PostgresErrorCodes.SyntaxError);

    /// <summary>The text as this server prints it; of what was made a view, that view.</summary>
    static async Task<SchemaText> PrintAsync(PgSession session, SchemaText text, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("BEGIN READ WRITE", cancellationToken);
        try
        {
            if (text.Kind == TextKind.Rule)
                await session.ExecuteAsync($"CREATE TEMPORARY TABLE {Probe} (LIKE {text.Of})", cancellationToken);
            // With a parameter the server takes one statement and no more, whatever the text says.
            await session.ScalarAsync<long>(Statement(text), cancellationToken, 0);
            var printed = (await session.RowsAsync(Printed(text), cancellationToken))[0].Text(0);
            return text with { Text = printed, Kind = text.Kind is TextKind.Body or TextKind.Rule or TextKind.Locale
                ? text.Kind
                : TextKind.Query };
        }
        finally
        {
            await session.ExecuteAsync("ROLLBACK", CancellationToken.None);
        }
    }

    static string Statement(SchemaText text)
    {
        const string view = $"CREATE TEMPORARY VIEW {Probe} AS";
        var from = text.Of is null ? "" : $" FROM {text.Of}";
        return text.Kind switch
        {
            TextKind.Query => $"{view} {text.Text}",
            TextKind.Expression => $"{view} SELECT ({text.Text}) AS x{from}",
            TextKind.List => $"{view} SELECT 1 AS x{from} WHERE ROW({text.Text}) IS NULL", // no view has a column of type record
            TextKind.Condition => $"{view} SELECT ({text.Text}) AS x FROM {text.Of} new, {text.Of} old",
            TextKind.Domain => $"{view} SELECT ({text.Text}) AS x FROM (SELECT NULL::{text.Of} AS value) d",
            TextKind.Body => $"CREATE {text.With} {text.Text}",
            TextKind.Rule => $"CREATE RULE {Probe} AS ON {text.With} TO pg_temp.{Probe} {text.Text}",
            TextKind.Locale => $"CREATE COLLATION pg_temp.{Probe} (provider = icu, {text.With}, locale = {Sql.Literal(text.Text)})",
            _ => throw new ArgumentOutOfRangeException(nameof(text), text.Kind, null),
        };
    }

    static string Printed(SchemaText text) => text.Kind switch
    {
        TextKind.Body => "SELECT pg_catalog.pg_get_function_sqlbody(oid) FROM pg_catalog.pg_proc WHERE pronamespace = "
            + "pg_catalog.pg_my_temp_schema()",
        TextKind.Rule => $"SELECT pg_catalog.regexp_replace(pg_catalog.pg_get_ruledef(oid), '^.*? TO pg_temp[_0-9]*[.]{Probe}', '') "
            + $"FROM pg_catalog.pg_rewrite WHERE ev_class = 'pg_temp.{Probe}'::pg_catalog.regclass",
        TextKind.Locale => $"SELECT {IcuLocale} FROM pg_catalog.pg_collation c WHERE c.collnamespace = pg_catalog.pg_my_temp_schema()",
        _ => $"SELECT pg_catalog.pg_get_viewdef('pg_temp.{Probe}'::pg_catalog.regclass)",
    };

    const string IcuLocale = "coalesce(pg_catalog.to_jsonb(c) ->> 'colllocale', pg_catalog.to_jsonb(c) ->> 'colliculocale', c.collcollate)";

    /// <summary>What stands behind a rule's table in its definition.</summary>
    static string RuleText(string definition, string table) =>
        $"pg_catalog.substr({definition}, pg_catalog.strpos({definition}, ' TO ' || {table}) + pg_catalog.length(' TO ' || {table}))";

    /// <summary>
    /// Kind, schema, name and suffix of an object, the fact, its text, <see cref="TextKind"/>, and of what and with what it is read.
    /// </summary>
    internal static string Query(CatalogFilter filter, CatalogKinds kinds, bool hasStandardBodies) => $"""
        {CatalogQueries.With(filter)},
        named AS (
            SELECT rel.*, pg_catalog.format('%I.%I', nspname, relname) AS t,
                   CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                       WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' END AS kind
            FROM rel)
        SELECT kind, nspname, relname, '', 'definition', pg_catalog.pg_get_viewdef(oid), 'Query', NULL, NULL FROM named
            WHERE relkind IN ('v', 'm')
        UNION ALL
        SELECT r.kind, r.nspname, r.relname, '', CASE WHEN a.attgenerated = '' THEN 'default of ' ELSE 'expression of ' END || a.attname,
            x.text, 'Expression', r.t, '{SchemaText.OfColumn}'
        FROM named r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND NOT a.attisdropped
            JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum,
             LATERAL (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS text) x
        WHERE NOT (a.attgenerated = '' AND a.attinhcount > 0 AND x.text ~ '^NULL(::|$)')
        UNION ALL
        SELECT r.kind, r.nspname, r.relname, '', 'partition key', pg_catalog.pg_get_expr(p.partexprs, p.partrelid), 'List', r.t, NULL
        FROM named r JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = r.oid WHERE p.partexprs IS NOT NULL
        UNION ALL
        SELECT 'constraint', r.nspname, c.conname, ' on ' || r.relname, 'condition', pg_catalog.pg_get_expr(c.conbin, c.conrelid),
            'Expression', r.t, NULL
        FROM named r JOIN pg_catalog.pg_constraint c ON c.conrelid = r.oid WHERE c.contype = 'c' AND c.conparentid = 0
        UNION ALL
        SELECT 'index', r.nspname, i.relname, ' on ' || r.relname, e.fact, e.text, e.kind, r.t, NULL
        FROM named r JOIN pg_catalog.pg_index x ON x.indrelid = r.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid,
             LATERAL (VALUES ('expressions', pg_catalog.pg_get_expr(x.indexprs, x.indrelid), 'List'),
                 ('condition', pg_catalog.pg_get_expr(x.indpred, x.indrelid), 'Expression')) e(fact, text, kind)
        WHERE e.text IS NOT NULL AND (x.indisvalid OR r.relkind = 'p') AND x.indisready
        {kinds.Of("pg_policy", """
            UNION ALL
            SELECT 'policy', r.nspname, p.polname, ' on ' || r.relname, x.fact, x.text, 'Expression', r.t, NULL
            FROM named r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid,
                 LATERAL (VALUES ('USING', pg_catalog.pg_get_expr(p.polqual, p.polrelid)),
                     ('WITH CHECK', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))) x(fact, text)
            WHERE x.text IS NOT NULL
            """)}
        {kinds.Of("pg_trigger", """
            UNION ALL
            -- Of two tables, new and old, which only the whole definition can be printed of.
            SELECT 'trigger', r.nspname, g.tgname, ' on ' || r.relname, 'WHEN',
                   (pg_catalog.regexp_match(pg_catalog.pg_get_triggerdef(g.oid),
                       '^.*? FOR EACH (?:ROW|STATEMENT) WHEN \((.*)\) EXECUTE (?:FUNCTION|PROCEDURE) '))[1], 'Condition', r.t, NULL
            FROM named r JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid WHERE NOT g.tgisinternal AND g.tgparentid = 0
                AND g.tgqual IS NOT NULL
            """)}
        {kinds.Of("pg_rewrite", $"""
            UNION ALL
            SELECT 'rule', r.nspname, w.rulename, ' on ' || r.relname, 'definition', {RuleText("d.text", "r.t")}, 'Rule', r.t,
                   CASE w.ev_type WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT' WHEN '4' THEN 'DELETE' ELSE 'SELECT' END
            FROM named r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid, LATERAL (SELECT pg_catalog.pg_get_ruledef(w.oid) AS text) d
            WHERE w.rulename <> '_RETURN'
            """)}
        {(hasStandardBodies ? kinds.Of("pg_proc", """
            UNION ALL
            SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, ns.nspname, p.proname,
            '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', 'body',
                   pg_catalog.pg_get_function_sqlbody(p.oid), 'Body', NULL,
                   pg_catalog.format('%s pg_temp.%I(%s) %s LANGUAGE sql', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
                       p.proname,
                                     pg_catalog.pg_get_function_arguments(p.oid), 'RETURNS ' || pg_catalog.pg_get_function_result(p.oid))
            FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace
            WHERE p.prosqlbody IS NOT NULL AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)
            """) : "")}
        {(hasStandardBodies ? kinds.Of("pg_statistic_ext", """
            UNION ALL
            SELECT 'statistics', ns.nspname, s.stxname, '', 'expressions', pg_catalog.pg_get_expr(s.stxexprs, s.stxrelid), 'List', r.t, NULL
            FROM pg_catalog.pg_statistic_ext s JOIN ns ON ns.oid = s.stxnamespace JOIN named r ON r.oid = s.stxrelid
                WHERE s.stxexprs IS NOT NULL
            """) : "")}
        {kinds.Of("pg_proc", """
            UNION ALL
            SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, ns.nspname, p.proname,
            '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', 'defaults',
                   pg_catalog.pg_get_expr(p.proargdefaults, 0), 'List', NULL, NULL
            FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace
            WHERE p.proargdefaults IS NOT NULL AND p.prokind <> 'a' AND NOT EXISTS (SELECT FROM ext
            WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)
            """)}
        {kinds.Of("pg_type", """
            UNION ALL
            SELECT 'domain', ns.nspname, t.typname, '', x.fact, x.text, x.kind, pg_catalog.format_type(t.typbasetype, t.typtypmod), NULL
            FROM pg_catalog.pg_type t JOIN ns ON ns.oid = t.typnamespace,
                 LATERAL (SELECT 'default' AS fact,
                     coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0), pg_catalog.quote_literal(t.typdefault)) AS text, 'Domain' AS kind
                          UNION ALL SELECT 'check ' || c.conname, CASE WHEN c.contypid <> 0 THEN pg_catalog.pg_get_expr(c.conbin, 0) END,
                          'Domain' FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c') x
            WHERE t.typtype = 'd' AND x.text IS NOT NULL AND NOT EXISTS (SELECT FROM ext
            WHERE classid = 'pg_catalog.pg_type'::regclass AND objid = t.oid)
            """)}
        {kinds.Of("pg_collation", $"""
            UNION ALL
            SELECT 'collation', ns.nspname, c.collname, '', 'locale',
                   {IcuLocale}, 'Locale', NULL, 'deterministic = ' || c.collisdeterministic::text
            FROM pg_catalog.pg_collation c JOIN ns ON ns.oid = c.collnamespace
            WHERE c.collprovider = 'i' AND NOT EXISTS (SELECT FROM ext
            WHERE classid = 'pg_catalog.pg_collation'::regclass AND objid = c.oid)
            """)}
        """;
}

/// <param name="Object">As in <see cref="DatabaseFingerprint.Objects"/>.</param>
/// <param name="Fact">What the text is of the object.</param>
readonly record struct TextName(string Object, string Fact);

/// <param name="Of">The table or type that it is read with; null where it needs none.</param>
/// <param name="With">What else stands in the statement that has it printed.</param>
sealed record SchemaText(string Text, TextKind Kind, string? Of, string? With)
{
    /// <summary>The last columns of the query. What was dropped meanwhile has no text any more.</summary>
    public static SchemaText Read(Row row) => new(
        row.TextOrNull(5) ?? "", Enum.Parse<TextKind>(row.Text(6)), row.TextOrNull(7), row.TextOrNull(8));

    public bool IsOfColumn => With == OfColumn;

    internal const string OfColumn = "column";
}

enum TextKind
{
    Query,
    Expression,

    /// <summary>Several, with commas in between.</summary>
    List,

    /// <summary>Of a trigger: about rows called new and old.</summary>
    Condition,

    /// <summary>About a value of a domain.</summary>
    Domain,
    Rule,

    /// <summary>Of a function in SQL, parsed when the function was made.</summary>
    Body,

    /// <summary>An ICU locale.</summary>
    Locale,
}

/// <param name="Different">Texts that really differ.</param>
/// <param name="Unknown">A sentence for each text of which nobody could tell.</param>
sealed record ComparedTexts(IReadOnlyList<DetailDifference> Different, IReadOnlyList<string> Unknown)
{
    public static ComparedTexts Equal { get; } = new([], []);
}
