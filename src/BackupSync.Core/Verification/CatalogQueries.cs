using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// What a database consists of, asked of its catalog. Everything an extension brought along is left out: it is the
/// extension that is copied. The queries run on every version from 13 on.
/// </summary>
static class CatalogQueries
{
    /// <summary>
    /// Where incremental syncs keep their notes in a target, and services their lease: no part of what is copied, backed up or compared.
    /// Neither is its schema, unless somebody else has something there.
    /// </summary>
    public const string StateSchema = "backupsync", StateTable = "sync_state", OwnRowsTable = "own_rows", LeaseTable = "lease";

    /// <summary>All of them, as the members of a list.</summary>
    const string OwnTables = $"'{StateTable}', '{OwnRowsTable}', '{LeaseTable}'";

    const string ExtensionMembers = "SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'";

    static string Schemas(CatalogFilter filter) => $"""
        SELECT oid, nspname FROM pg_catalog.pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
          AND (nspname <> '{StateSchema}' OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = pg_namespace.oid
              AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relname NOT IN ({OwnTables})))
          AND nspname <> ALL ({Sql.TextArray(filter.Schemas)})
        """;

    static string Relations(CatalogFilter filter) => $"""
        SELECT c.oid, c.relname, c.relnamespace, n.nspname, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
            c.relispartition
        FROM pg_catalog.pg_class c JOIN ns n ON n.oid = c.relnamespace
        WHERE NOT (n.nspname = '{StateSchema}' AND c.relname IN ({OwnTables}))
            AND c.oid <> ALL (ARRAY[{string.Join(",", filter.Relations)}]::oid[])
          AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid)
        """;

    public static string With(CatalogFilter filter) => $"""
        WITH ext AS MATERIALIZED ({ExtensionMembers}),
             ns AS MATERIALIZED ({Schemas(filter)}),
             rel AS MATERIALIZED ({Relations(filter)})
        """;

    /// <summary>
    /// Whether no row can have a null in a column. From version 18 on one can be declared NOT NULL although not all of its rows were looked
    /// at (NOT VALID), and says so only in the constraint.
    /// </summary>
    /// <param name="a">Stands for the column's row in pg_attribute.</param>
    public static string IsNeverNull(string a) =>
        $"({a}.attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint nn WHERE nn.conrelid = {a}.attrelid AND nn.contype = "
            + $"'n' AND NOT nn.convalidated AND nn.conkey[1] = {a}.attnum))";

    /// <summary>
    /// The tables that hold rows of their own, largest first: oid, schema, name, bytes, may be read, and one row a column
    /// in the order of their names (the order of a table's columns can change in a restore; a virtual generated column holds nothing);
    /// last, whether it is read with its partitions. That is so for one partitioned by hash: the hash of an enum is another on each
    /// server, so the same rows come to lie in other partitions. And at the very end, whether its indexes, statistics or partitions
    /// compute something by a function or operator that is not PostgreSQL's own.
    /// </summary>
    public static string Tables(CatalogFilter filter) => $"""
        {With(filter)},
        hashed AS (
            SELECT rel.oid, a.relid AS ancestor
            FROM rel, LATERAL pg_catalog.pg_partition_ancestors(rel.oid) WITH ORDINALITY a(relid, depth)
            JOIN pg_catalog.pg_partitioned_table t ON t.partrelid = a.relid AND t.partstrat = 'h'
            WHERE rel.relkind IN ('r', 'p') AND (rel.relispartition OR rel.relkind = 'p')),
        tab AS (
            SELECT r.oid, r.relnamespace, r.nspname, r.relname, pg_catalog.pg_table_size(r.oid) AS bytes, false AS with_partitions
                FROM rel r
            WHERE r.relkind = 'r' AND NOT EXISTS (SELECT FROM hashed h WHERE h.oid = r.oid)
            UNION ALL
            SELECT r.oid, r.relnamespace, r.nspname, r.relname,
                   (SELECT coalesce(sum(pg_catalog.pg_table_size(p.relid)), 0)::bigint FROM {TableTree.Of("r.oid")} p), true
            FROM rel r JOIN hashed h ON h.oid = r.oid AND h.ancestor = r.oid
            WHERE NOT EXISTS (SELECT FROM hashed o WHERE o.oid = r.oid AND o.ancestor <> r.oid)),
        uses AS MATERIALIZED (
            SELECT classid, objid FROM pg_catalog.pg_depend
            WHERE refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass) AND refobjid >= 16384
              AND classid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_statistic_ext'::regclass)),
        computed AS MATERIALIZED (
            SELECT x.indrelid AS oid FROM uses u JOIN pg_catalog.pg_index x ON x.indexrelid = u.objid
                AND u.classid = 'pg_catalog.pg_class'::regclass
            UNION SELECT s.stxrelid FROM uses u JOIN pg_catalog.pg_statistic_ext s ON s.oid = u.objid
            AND u.classid = 'pg_catalog.pg_statistic_ext'::regclass
            UNION SELECT p.partrelid FROM uses u JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = u.objid
            AND u.classid = 'pg_catalog.pg_class'::regclass)
        SELECT r.oid, r.nspname, r.relname, coalesce(r.bytes, 0),
               -- Of a table that was dropped meanwhile nothing is known; reading it will tell.
               coalesce(pg_catalog.has_schema_privilege(r.relnamespace, 'USAGE') AND pg_catalog.has_table_privilege(r.oid, 'SELECT'), true),
               a.attname, t.typname, t.typtype, t.typnamespace = 'pg_catalog'::regnamespace, co.collisdeterministic, r.with_partitions,
               a.attgenerated <> '', a.attidentity = 'a', {IsNeverNull("a")},
               EXISTS (SELECT FROM computed c WHERE c.oid = r.oid OR r.with_partitions AND c.oid IN {TableTree.Of("r.oid")})
        FROM tab r
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
        LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
        ORDER BY 4 DESC, r.nspname COLLATE "C", r.relname COLLATE "C", a.attname COLLATE "C"
        """;

    /// <summary>A row of <see cref="Tables"/>.</summary>
    /// <param name="Column">Null of a table without columns.</param>
    /// <param name="IsComputed">An index, statistics or a partition key of the table calls a function or operator of users'.</param>
    public sealed record ColumnOfTable(
        uint Oid, ObjectName Name, long Bytes, bool Readable, bool WithPartitions, bool IsComputed, TableColumn? Column)
    {
        public static ColumnOfTable Of(Row row) => new(
            row.Oid(0), row.Name(1), row.Long(3), row.Flag(4), row.Flag(10), row.Flag(14), row.TextOrNull(5) is not { } column ? null
                : new TableColumn(
                    column,
                    row.Text(6),
                    IsBuiltIn: row.Text(7) == "b" && row.Flag(8),
                    IsDeterministic: row.FlagOrNull(9) != false)
                {
                    IsGenerated = row.Flag(11),
                    IsAlwaysIdentity = row.Flag(12),
                    IsNotNull = row.Flag(13),
                });
    }

    /// <summary>
    /// How the rows of each table are told apart: its primary key, or else the shortest unique index that holds for all rows, at once, and
    /// has no column that may be null. A row a column in the index's order: oid, index, column, type, operator of equality, collation where
    /// the column's is not the default, about how many rows the table has (0 where nobody knows), and whether the key is one WITHOUT
    /// OVERLAPS, which is taken where there is no other.
    /// </summary>
    public static string Keys(CatalogFilter filter) => $"""
        {With(filter)},
        idx AS (
            SELECT DISTINCT ON (x.indrelid) x.indrelid, x.indexrelid, x.indkey, x.indclass, x.indnkeyatts, temporal.operators
            FROM pg_catalog.pg_index x JOIN rel ON rel.oid = x.indrelid
            -- A key WITHOUT OVERLAPS, whose index is no btree: periods that are not empty, and do not overlap, are not equal either.
            LEFT JOIN LATERAL (SELECT k.conexclop FROM pg_catalog.pg_constraint k WHERE x.indisexclusion AND k.conindid = x.indexrelid
                AND k.conexclop IS NOT NULL) temporal(operators) ON true
            WHERE x.indisunique AND x.indimmediate AND x.indisvalid AND x.indisready AND x.indpred IS NULL AND x.indexprs IS NULL
              AND NOT EXISTS (SELECT FROM pg_catalog.generate_series(0, x.indnkeyatts - 1) n
                              JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[n]
                              WHERE a.attgenerated = 'v' OR NOT {IsNeverNull("a")})
            ORDER BY x.indrelid, x.indisexclusion, x.indisprimary DESC, x.indnkeyatts, (SELECT relname FROM pg_catalog.pg_class i
                WHERE i.oid = x.indexrelid) COLLATE "C"),
        equal AS MATERIALIZED (
            SELECT oc.oid AS opclass, pg_catalog.format('OPERATOR(%I.%s)', opn.nspname, op.oprname) AS spelled FROM pg_catalog.pg_opclass oc
            JOIN pg_catalog.pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amopstrategy = 3 AND ao.amoplefttype = oc.opcintype
            AND ao.amoprighttype = oc.opcintype
            JOIN pg_catalog.pg_operator op ON op.oid = ao.amopopr JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace)
        -- Without -1, char(5) would be "character", which is one character.
        -- A domain's own type: rows that were there before a rule of it need not meet that.
        SELECT idx.indrelid, i.relname, a.attname, pg_catalog.format_type((
                   WITH RECURSIVE base AS (
                       SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid
                       UNION ALL SELECT t.oid, t.typbasetype FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype)
                   SELECT base.oid FROM base WHERE base.typbasetype = 0), -1),
               coalesce(equal.spelled, CASE WHEN n = idx.indnkeyatts - 1 THEN 'OPERATOR(pg_catalog.=)' ELSE (
                   SELECT pg_catalog.format('OPERATOR(%I.%s)', opn.nspname, op.oprname)
                   FROM pg_catalog.pg_operator op JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace
                       WHERE op.oid = idx.operators[n + 1]) END),
               CASE WHEN co.collname <> 'default' THEN pg_catalog.format('COLLATE %I.%I', con.nspname, co.collname) END,
               (SELECT greatest(0, sum(p.reltuples))::bigint FROM pg_catalog.pg_class p -- by its index, which an OR would not use
                WHERE p.oid = ANY (ARRAY{TableTree.Of("idx.indrelid")})),
               idx.operators IS NOT NULL
        FROM idx JOIN pg_catalog.pg_class i ON i.oid = idx.indexrelid
        CROSS JOIN LATERAL pg_catalog.generate_series(0, idx.indnkeyatts - 1) n
        JOIN pg_catalog.pg_attribute a ON a.attrelid = idx.indrelid AND a.attnum = idx.indkey[n]
        LEFT JOIN equal ON equal.opclass = idx.indclass[n] AND idx.operators IS NULL
        LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation LEFT JOIN pg_catalog.pg_namespace con ON con.oid = co.collnamespace
        ORDER BY idx.indrelid, n
        """;

    /// <summary>A row of <see cref="Keys"/>.</summary>
    /// <param name="Estimate">0 where nobody knows.</param>
    public sealed record ColumnOfKey(
        uint Table, string Index, string Column, string Type, string Equal, string Collate, long Estimate, bool IsTemporal)
    {
        public static ColumnOfKey Of(Row row) => new(
            row.Oid(0), row.Text(1), row.Text(2), row.Text(3), row.TextOrNull(4) ?? "", row.TextOrNull(5) ?? "", row.Long(6), row.Flag(7));
    }

    /// <summary>
    /// What <see cref="CatalogState"/> holds: kind and oid, schema, name, file, partitions, columns. Plain columns of the catalog alone,
    /// so that a snapshot shows them as they were in it. Tables whose rows are left out may change their file.
    /// </summary>
    public static string State(CatalogFilter filter) => $"""
        {With(filter)},
        cols AS (
            SELECT a.attrelid, pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum, a.atttypid, a.atttypmod,
                a.attname), ',' ORDER BY a.attnum)) AS digest
            FROM pg_catalog.pg_attribute a JOIN rel ON rel.oid = a.attrelid WHERE a.attnum > 0 AND NOT a.attisdropped
                AND rel.relkind IN ('r', 'p') GROUP BY 1)
        SELECT 'table', rel.oid, rel.nspname, rel.relname,
               CASE WHEN rel.oid = ANY (ARRAY[{string.Join(",", filter.Empty)}]::oid[]) THEN 0 ELSE c.relfilenode END::text,
               -- Rows are read through a parent where the hash of a value decides which partition they are in.
               (SELECT pg_catalog.string_agg(i.inhrelid::text, ',' ORDER BY i.inhrelid) FROM pg_catalog.pg_inherits i
                   JOIN pg_catalog.pg_partitioned_table t ON t.partrelid = i.inhparent
                WHERE i.inhparent = rel.oid AND (t.partstrat = 'h' OR rel.relispartition)),
               cols.digest
        FROM rel JOIN pg_catalog.pg_class c ON c.oid = rel.oid LEFT JOIN cols ON cols.attrelid = rel.oid
        WHERE rel.relkind IN ('r', 'p')
        UNION ALL
        -- pg_dump asks for the texts of these, which are those of now, and leaves out what has none any more.
        SELECT 'index', x.indexrelid, rel.nspname, i.relname, '', NULL, NULL
        FROM pg_catalog.pg_index x JOIN rel ON rel.oid = x.indrelid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
        UNION ALL
        SELECT 'trigger', t.oid, rel.nspname, t.tgname, '', NULL, NULL
        FROM pg_catalog.pg_trigger t JOIN rel ON rel.oid = t.tgrelid WHERE NOT t.tgisinternal
        UNION ALL
        SELECT 'statistics', s.oid, rel.nspname, s.stxname, '', NULL, NULL
        FROM pg_catalog.pg_statistic_ext s JOIN rel ON rel.oid = s.stxrelid
        UNION ALL
        SELECT 'enum', e.oid, ns.nspname, t.typname, e.enumlabel, NULL, NULL
        FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid JOIN ns ON ns.oid = t.typnamespace
        """;

    /// <summary>A row of <see cref="State"/>.</summary>
    /// <param name="File">Of an enum's value, its text; empty where there is none.</param>
    public sealed record StateOfObject(string Kind, uint Oid, ObjectName Name, string File, string? Partitions, string? Columns)
    {
        public bool IsOfEnum => Kind == "enum";

        public static StateOfObject Of(Row row) =>
            new(row.Text(0), row.Oid(1), row.Name(2), row.Text(4), row.TextOrNull(5), row.TextOrNull(6));
    }

    /// <summary>Schema, name, may be read, and where it begins if it is copied without its value (else null).</summary>
    public static string Sequences(CatalogFilter filter) => $"""
        {With(filter)}
        SELECT nspname, relname, coalesce(pg_catalog.has_schema_privilege(relnamespace, 'USAGE')
            AND pg_catalog.has_sequence_privilege(oid, 'SELECT'), true),
               (SELECT s.seqstart FROM pg_catalog.pg_sequence s WHERE s.seqrelid = rel.oid
                   AND s.seqrelid = ANY (ARRAY[{string.Join(",", filter.Empty)}]::oid[]))
        FROM rel WHERE relkind = 'S' ORDER BY 1, 2
        """;

    /// <summary>A row of <see cref="Sequences"/>.</summary>
    public sealed record Sequence(ObjectName Name, bool Readable, string? Start)
    {
        public static Sequence Of(Row row) => new(row.Name(0), row.Flag(2), row.TextOrNull(3));
    }

    /// <summary>
    /// Everything by kind, schema (null where it has none), name, a suffix that makes the name unique, and the part of the
    /// definition that survives a dump and restore, on a server of any version. Texts of expressions do not: <c>x IN ('a', 'b')</c> on a
    /// varchar column comes back spelled differently. So constraints and indexes go by name and structure, and views by their columns
    /// (<see cref="SchemaTexts"/> has the texts, <see cref="SchemaDetails"/> what else there is to be told of structure).
    /// </summary>
    /// <remarks>
    /// What PostgreSQL itself changes is not listed: a child's column cannot be null where its parent's cannot, although it may have
    /// been allowed to before; an inherited constraint is as valid as the parent's; where a child has no default, and its parent has,
    /// it may get NULL for one; an operator that was only announced by another one is in no dump; and a partitioned table holds nothing
    /// that could be logged.
    /// </remarks>
    public static string Objects(CatalogFilter filter, CatalogKinds kinds, bool hasMultirange) => $"""
        {With(filter)},
        inh AS MATERIALIZED (
            WITH RECURSIVE up AS (
                SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i JOIN rel ON rel.oid = i.inhrelid
                UNION SELECT up.inhrelid, p.inhparent FROM up JOIN pg_catalog.pg_inherits p ON p.inhrelid = up.inhparent)
            SELECT inhrelid, inhparent FROM up),
        above AS (
            SELECT DISTINCT inh.inhrelid, a.attname FROM inh JOIN pg_catalog.pg_attribute a ON a.attrelid = inh.inhparent
            WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull),
        cols AS (
            SELECT a.attrelid, pg_catalog.string_agg(
                     a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
                     || CASE WHEN a.attnotnull OR above.attname IS NOT NULL THEN ' not null' ELSE '' END
                     || CASE WHEN a.attidentity <> '' AND NOT rel.relispartition THEN ' identity ' || a.attidentity::text ELSE '' END
                     || CASE WHEN a.attgenerated <> '' THEN ' generated ' || a.attgenerated::text ELSE '' END
                     || CASE WHEN a.atthasdef AND a.attgenerated = '' AND NOT (a.attinhcount > 0 AND EXISTS (
                               SELECT FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
                                   AND pg_catalog.pg_get_expr(d.adbin, d.adrelid) ~ '^NULL(::|$)'))
                             THEN ' default' ELSE '' END,
                     ', ' ORDER BY a.attname COLLATE "C") AS list
            FROM pg_catalog.pg_attribute a JOIN rel ON rel.oid = a.attrelid LEFT JOIN above ON above.inhrelid = a.attrelid
                AND above.attname = a.attname
            WHERE a.attnum > 0 AND NOT a.attisdropped
            GROUP BY a.attrelid)
        SELECT 'schema', NULL, nspname, '', ''
        FROM ns WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_namespace'::regclass AND objid = ns.oid)
        UNION ALL
        SELECT CASE rel.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                    WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' END,
               nspname, relname, '',
               pg_catalog.concat_ws(', ', cols.list,
                 CASE WHEN relrowsecurity THEN 'row security' END, CASE WHEN relforcerowsecurity THEN 'forced row security' END,
                 CASE WHEN relpersistence = 'u' AND relkind <> 'p' THEN 'unlogged' END)
        FROM rel LEFT JOIN cols ON cols.attrelid = rel.oid WHERE rel.relkind IN ('r', 'p', 'v', 'm', 'f')
        UNION ALL
        SELECT 'sequence', nspname, relname, '', '' FROM rel WHERE rel.relkind = 'S'
        UNION ALL
        SELECT 'index', rel.nspname, i.relname, ' on ' || rel.relname,
               pg_catalog.concat_ws(' ', am.amname, CASE WHEN x.indisunique THEN 'unique' END, CASE
                   WHEN x.indpred IS NOT NULL THEN 'partial' END, x.indnatts)
        FROM pg_catalog.pg_index x JOIN rel ON rel.oid = x.indrelid
        JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_am am ON am.oid = i.relam
        WHERE (x.indisvalid OR rel.relkind = 'p') AND x.indisready
        UNION ALL
        SELECT 'constraint', rel.nspname, c.conname, ' on ' || rel.relname,
               pg_catalog.concat_ws(' ', c.contype, CASE WHEN c.condeferrable THEN 'deferrable' END, CASE
                   WHEN c.condeferred THEN 'deferred' END,
                 CASE WHEN CASE WHEN c.coninhcount = 0 THEN NOT c.convalidated
                                ELSE EXISTS (SELECT FROM inh JOIN pg_catalog.pg_constraint pc ON pc.conrelid = inh.inhparent
                                             WHERE inh.inhrelid = c.conrelid AND pc.conname = c.conname AND NOT pc.convalidated) END
                      THEN 'not valid' END, c.confupdtype, c.confdeltype)
        FROM pg_catalog.pg_constraint c JOIN rel ON rel.oid = c.conrelid WHERE c.contype IN ('c', 'f', 'p', 'u', 'x')
            AND c.conparentid = 0 -- a partition's inherited ones get new names
        {kinds.Of("pg_trigger", $"""
            UNION ALL
            SELECT 'trigger', rel.nspname, t.tgname, ' on ' || rel.relname, t.tgenabled::text || t.tgtype
            FROM pg_catalog.pg_trigger t JOIN rel ON rel.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgparentid = 0
            """)}
        {kinds.Of("pg_policy", $"""
            UNION ALL
            SELECT 'policy', rel.nspname, p.polname, ' on ' || rel.relname, p.polcmd::text || p.polpermissive::text
            FROM pg_catalog.pg_policy p JOIN rel ON rel.oid = p.polrelid
            """)}
        {kinds.Of("pg_rewrite", $"""
            UNION ALL
            SELECT 'rule', rel.nspname, w.rulename, ' on ' || rel.relname, w.ev_type::text
            FROM pg_catalog.pg_rewrite w JOIN rel ON rel.oid = w.ev_class WHERE w.rulename <> '_RETURN'
            """)}
        {kinds.Of("pg_statistic_ext", $"""
            UNION ALL
            SELECT 'statistics', ns.nspname, s.stxname, '',
            '' FROM pg_catalog.pg_statistic_ext s JOIN ns ON ns.oid = s.stxnamespace JOIN rel ON rel.oid = s.stxrelid
            """)}
        {kinds.Of("pg_proc", $"""
            UNION ALL
            SELECT CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'p' THEN 'procedure' ELSE 'function' END,
                   ns.nspname, p.proname, '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
                   pg_catalog.concat_ws(' ', l.lanname, p.provolatile, CASE WHEN p.prosecdef THEN 'security definer' END,
                       pg_catalog.md5(p.prosrc))
            FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)
              -- The constructor functions of a range type come with the type.
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
            """)}
        {kinds.Of("pg_type", $"""
            UNION ALL
            SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range type' WHEN 'c' THEN 'composite type'
                       ELSE 'type' END,
                   ns.nspname, t.typname, '',
                   CASE t.typtype
                     WHEN 'e' THEN (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel),
                         ',' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
                     WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) || CASE WHEN t.typnotnull THEN ' not null' ELSE '' END
                     WHEN 'c' THEN (SELECT pg_catalog.string_agg(a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod), ',
                         ' ORDER BY a.attnum)
                                    FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
                     ELSE '' END
            FROM pg_catalog.pg_type t JOIN ns ON ns.oid = t.typnamespace
            WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'b' AND t.typelem = 0
                   OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
              AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_type'::regclass AND objid = t.oid)
            """)}
        {kinds.Of("pg_operator", $"""
            UNION ALL
            SELECT 'operator', ns.nspname, o.oprname, pg_catalog.concat('(', o.oprleft::regtype, ',', o.oprright::regtype, ')'), ''
            FROM pg_catalog.pg_operator o JOIN ns ON ns.oid = o.oprnamespace
            WHERE o.oprcode <> 0 AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_operator'::regclass AND objid = o.oid)
            """)}
        {kinds.Of("pg_opclass", $"""
            UNION ALL
            SELECT 'operator class', ns.nspname, o.opcname, ' using ' || am.amname, '' FROM pg_catalog.pg_opclass o
            JOIN ns ON ns.oid = o.opcnamespace JOIN pg_catalog.pg_am am ON am.oid = o.opcmethod
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_opclass'::regclass AND objid = o.oid)
            """)}
        {kinds.Of("pg_collation", $"""
            UNION ALL
            SELECT 'collation', ns.nspname, c.collname, '',
            c.collprovider::text FROM pg_catalog.pg_collation c JOIN ns ON ns.oid = c.collnamespace
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_collation'::regclass AND objid = c.oid)
            """)}
        {kinds.Of("pg_ts_config", $"""
            UNION ALL
            SELECT 'text search configuration', ns.nspname, c.cfgname, '',
            '' FROM pg_catalog.pg_ts_config c JOIN ns ON ns.oid = c.cfgnamespace
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_ts_config'::regclass AND objid = c.oid)
            """)}
        {kinds.Of("pg_ts_dict", $"""
            UNION ALL
            SELECT 'text search dictionary', ns.nspname, d.dictname, '', '' FROM pg_catalog.pg_ts_dict d JOIN ns ON ns.oid = d.dictnamespace
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_ts_dict'::regclass AND objid = d.oid)
            """)}
        {kinds.Of("pg_cast", $"""
            UNION ALL
            SELECT 'cast', NULL, pg_catalog.concat(c.castsource::regtype, ' as ', c.casttarget::regtype), '', '' FROM pg_catalog.pg_cast c
            WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_cast'::regclass AND objid = c.oid)
              {(hasMultirange ? "AND NOT EXISTS (SELECT FROM pg_catalog.pg_range g WHERE g.rngtypid = c.castsource AND g.rngmultitypid "
                  + "= c.casttarget)" : "")}
            """)}
        UNION ALL
        SELECT 'extension', NULL, extname, '', '' FROM pg_catalog.pg_extension
        {kinds.Of("pg_event_trigger", $"""
            UNION ALL
            SELECT 'event trigger', NULL, evtname, '', evtenabled::text FROM pg_catalog.pg_event_trigger e
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_event_trigger'::regclass AND objid = e.oid)
            """)}
        {kinds.Of("pg_foreign_server", $"""
            UNION ALL
            SELECT 'foreign server', NULL, srvname, '', '' FROM pg_catalog.pg_foreign_server s
            WHERE NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_foreign_server'::regclass AND objid = s.oid)
            """)}
        """;

    /// <summary>What <see cref="DatabaseFingerprint"/> calls an object, by the first four columns of <see cref="Objects"/>.</summary>
    public static string ObjectKey(Row row) =>
        $"{row.Text(0)} {(row.TextOrNull(1) is null ? Sql.Display(row.Text(2)) : row.Name(1).Display)}{row.TextOrNull(3)}";

    /// <summary>
    /// What has planner statistics of its own: schema and name, the largest first. ANALYZE of a partitioned table does its partitions,
    /// too. Of one that has a foreign table below it, it would read that table's server, which is none of the target's business and
    /// need not be there: so only what is below it is analyzed.
    /// </summary>
    public static readonly string Analyzable = $"""
        WITH RECURSIVE ext AS MATERIALIZED ({ExtensionMembers}),
             remote AS (
                 SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class f ON f.oid = i.inhrelid WHERE f.relkind = 'f'
                 UNION
                 SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN remote ON remote.inhparent = i.inhrelid)
        SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND (NOT c.relispartition OR EXISTS (SELECT FROM pg_catalog.pg_inherits i JOIN remote ON remote.inhparent = i.inhparent
              WHERE i.inhrelid = c.oid))
          AND c.oid NOT IN (SELECT inhparent FROM remote)
          AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid)
        ORDER BY (SELECT pg_catalog.sum(pg_catalog.pg_table_size(t.relid)) FROM {TableTree.Of("c.oid")} t) DESC, 1, 2
        """;

    /// <summary>
    /// Each partition with each table that it is a partition of, near or far: the partition's oid, schema and name, the other's schema
    /// and name.
    /// </summary>
    public const string PartitionAncestors = """
        SELECT c.oid, cn.nspname, c.relname, n.nspname, p.relname
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace CROSS
            JOIN LATERAL pg_catalog.pg_partition_ancestors(c.oid) a
        JOIN pg_catalog.pg_class p ON p.oid = a.relid JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
        WHERE c.relispartition AND c.relkind IN ('r', 'p') AND a.relid <> c.oid
        """;

    /// <summary>Roles that policies and user mappings name, but PUBLIC.</summary>
    public static string NamedRoles(CatalogFilter filter) => $"""
        {With(filter)}
        SELECT pg_catalog.pg_get_userbyid(role) FROM pg_catalog.pg_policy p JOIN rel ON rel.oid = p.polrelid,
               LATERAL pg_catalog.unnest(p.polroles) role WHERE role <> 0
        UNION
        SELECT usename FROM pg_catalog.pg_user_mappings WHERE umuser <> 0 ORDER BY 1
        """;

    /// <summary>Columns whose values name roles, which a server that lacks them does not take: schema, table, column, type.</summary>
    public static string RoleColumns(CatalogFilter filter) => $"""
        {With(filter)}
        SELECT rel.nspname, rel.relname, a.attname, t.typname
        FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_catalog.pg_type d ON d.oid = a.atttypid JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype
        ELSE d.oid END
        WHERE rel.relkind = 'r' AND t.oid IN ('pg_catalog.regrole'::regtype, 'pg_catalog.regrole[]'::regtype,
            'pg_catalog.aclitem'::regtype, 'pg_catalog.aclitem[]'::regtype)
          AND rel.oid <> ALL (ARRAY[{string.Join(",", filter.Empty)}]::oid[])
        """;

    /// <summary>
    /// What is said by WITH of tables, indexes and views, and by SET of functions: kind, the index's method, option, the first that has
    /// it.
    /// </summary>
    public static string NamedOptions(CatalogFilter filter) => $"""
        {With(filter)}
        SELECT kind, method, option, pg_catalog.min(name) FROM (
            SELECT CASE WHEN c.relkind = 'v' THEN 'VIEW' WHEN c.relkind IN ('i', 'I') THEN 'INDEX' ELSE 'TABLE' END AS kind,
                a.amname AS method,
                   CASE WHEN c.oid <> m.oid THEN 'toast.' ELSE '' END || o AS option,
                       pg_catalog.format('%I.%I', n.nspname, m.relname) AS name
            FROM pg_catalog.pg_class c
            -- The main part's own, or those of what keeps its long values.
            JOIN pg_catalog.pg_class m ON m.oid = c.oid OR m.reltoastrelid = c.oid
            JOIN pg_catalog.pg_namespace n ON n.oid = m.relnamespace LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid
            LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam AND c.relkind IN ('i', 'I'), LATERAL pg_catalog.unnest(c.reloptions) o
            WHERE coalesce(x.indrelid, m.oid) IN (SELECT oid FROM rel) AND m.relkind <> 't'
            UNION ALL
            SELECT 'FUNCTION', NULL, o, pg_catalog.format('%I.%I', n.nspname, p.proname)
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace, LATERAL pg_catalog.unnest(p.proconfig) o
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema') s
        GROUP BY kind, method, option ORDER BY 1, 2, 3
        """;

    /// <summary>
    /// How many objects the database has that take a lock each when they are dropped; and how many relations and constraints, which take
    /// one each when they are created.
    /// </summary>
    public const string LockedObjects = """
        SELECT (SELECT count(*) FROM (SELECT DISTINCT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.objid >= 16384
                    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid
                        AND e.deptype = 'e')) o),
               (SELECT count(*) FROM pg_catalog.pg_class WHERE oid >= 16384) + (SELECT count(*) FROM pg_catalog.pg_constraint
                   WHERE oid >= 16384)
        """;

    /// <summary>
    /// Tables of extensions that hold something no dump carries: the extension has not said so (pg_extension_config_dump), and creating
    /// it on another server makes them as they were at first. Schema and name.
    /// </summary>
    public const string NeverDumped = """
        SELECT n.nspname, c.relname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        JOIN pg_catalog.pg_class c ON c.oid = d.objid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE d.deptype = 'e' AND d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_extension'::regclass
          AND c.relkind = 'r' AND c.relpersistence <> 't' AND pg_catalog.pg_relation_size(c.oid) > 0
          AND (c.oid = ANY (e.extconfig)) IS NOT TRUE
        ORDER BY 1, 2
        """;

    /// <summary>How many tables there are, partitioned ones included.</summary>
    public static string TableCount(CatalogFilter filter) => $"{With(filter)} SELECT count(*) FROM rel WHERE relkind IN ('r', 'p')";

    /// <summary>Tables whose policies hold for their owner too: only who bypasses row security can verify a copy of them.</summary>
    public static string ForcedRowSecurity(CatalogFilter filter) => $"""
        {With(filter)}
        SELECT nspname, relname FROM rel WHERE relrowsecurity AND relforcerowsecurity ORDER BY 1, 2 LIMIT 5
        """;

    /// <summary>
    /// Oids of tables and sequences that are unlogged, and of tables partitioned by hash with all their partitions if one of these is: they
    /// are read as one.
    /// </summary>
    public static readonly string UnreadableInRecovery = $"""
        WITH unlogged AS (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 'u' AND relkind IN ('r', 'S')),
             hashed AS (SELECT DISTINCT a.relid FROM unlogged u, LATERAL pg_catalog.pg_partition_ancestors(u.oid) a
                        JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = a.relid AND p.partstrat = 'h')
        SELECT oid FROM unlogged UNION SELECT t.relid FROM hashed h, LATERAL {TableTree.Of("h.relid")} t
        """;

    /// <summary>
    /// All schemas and relations that exclusions may name: oid, schema, name, the oids of the sequences a table owns, and those of the
    /// tables that it is a partition of, near or far.
    /// </summary>
    /// <summary>
    /// What cannot be created without some relations: foreign keys, views and rules, defaults, functions with a row's type, children,
    /// columns of a row's type. Not what belongs to one of them, or to a schema that is left out as a whole.
    /// </summary>
    /// <returns>The object in words; schema and name of the relation that it needs.</returns>
    public static string NeedingWhatIsLeftOut(CatalogFilter filter) => $"""
        WITH gone AS (SELECT c.oid, c.reltype, n.nspname, c.relname FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid = ANY (ARRAY[{string.Join(",", filter.Relations)}]::oid[]) OR n.nspname = ANY ({LeftOut(filter)})),
        needed AS (
            SELECT d.classid, d.objid, d.objsubid, g.nspname, g.relname FROM pg_catalog.pg_depend d
                JOIN gone g ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = g.oid
                WHERE d.deptype = 'n'
            UNION
            SELECT d.classid, d.objid, d.objsubid, g.nspname, g.relname FROM pg_catalog.pg_depend d
                JOIN pg_catalog.pg_type t ON t.oid = d.refobjid
                JOIN gone g ON g.reltype <> 0 AND (t.oid = g.reltype OR t.typelem = g.reltype AND t.typcategory = 'A')
                WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.deptype = 'n'),
        owned AS (
            SELECT n.*, coalesce(c.conrelid, r.ev_class, a.adrelid, g.tgrelid, p.polrelid,
                CASE WHEN n.classid = 'pg_catalog.pg_class'::pg_catalog.regclass THEN n.objid END) AS relation
            FROM needed n
                LEFT JOIN pg_catalog.pg_constraint c ON n.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND c.oid = n.objid
                LEFT JOIN pg_catalog.pg_rewrite r ON n.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = n.objid
                LEFT JOIN pg_catalog.pg_attrdef a ON n.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = n.objid
                LEFT JOIN pg_catalog.pg_trigger g ON n.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND g.oid = n.objid
                LEFT JOIN pg_catalog.pg_policy p ON n.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = n.objid)
        SELECT DISTINCT pg_catalog.pg_describe_object(o.classid, o.objid, o.objsubid), o.nspname, o.relname FROM owned o
            LEFT JOIN pg_catalog.pg_class own ON own.oid = o.relation
            LEFT JOIN pg_catalog.pg_namespace s ON s.oid = own.relnamespace
            CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, 0) i
            WHERE NOT EXISTS (SELECT FROM gone g WHERE g.oid = o.relation)
                AND coalesce(s.nspname, i.schema, '') <> ALL ({LeftOut(filter)})
                AND coalesce(s.nspname, i.schema, '') !~ '^pg_'
        ORDER BY 1, 2, 3
        """;

    static string LeftOut(CatalogFilter filter) => $"ARRAY[{string.Join(",", filter.Schemas.Select(Sql.Literal))}]::text[]";

    public const string Excludable = """
        SELECT c.oid, n.nspname, c.relname,
               coalesce((SELECT pg_catalog.string_agg(d.objid::text, ',') FROM pg_catalog.pg_depend d
                   JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
                         WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
                           AND d.refobjid = c.oid AND d.deptype IN ('a', 'i')), ''),
               CASE WHEN c.relispartition THEN (SELECT pg_catalog.string_agg(a.relid::oid::text, ',')
                   FROM pg_catalog.pg_partition_ancestors(c.oid) a WHERE a.relid <> c.oid) END
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        """;
}

/// <summary>What is left out of a fingerprint, resolved to the catalog's own terms.</summary>
/// <param name="Schemas">Names of schemas.</param>
/// <param name="Relations">Oids of tables, views and sequences.</param>
/// <param name="Empty">Oids of tables whose rows are not copied, and of sequences whose values are not.</param>
sealed record CatalogFilter(IReadOnlyList<string> Schemas, IReadOnlyList<uint> Relations, IReadOnlyList<uint> Empty)
{
    public static CatalogFilter None { get; } = new([], [], []);

    /// <summary>Leaves out sequences and large objects, whoever may read them.</summary>
    public bool TablesOnly { get; init; }
}
