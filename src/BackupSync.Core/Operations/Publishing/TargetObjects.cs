using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// What a target holds now, and how each of it is dropped: pg_dump knows that for every kind of object there is, and which has to go
/// before which. What belongs to extensions is none of it.
/// </summary>
sealed class TargetObjects
{
    /// <summary>They go with their table, of which there may be thousands, and a partition's cannot go otherwise.</summary>
    static readonly HashSet<string> GoWithTheirTable = ["INDEX", "CONSTRAINT", "INDEX ATTACH", "TABLE ATTACH"];

    /// <summary>An archive's list begins with the database itself.</summary>
    static readonly HashSet<string> NotContent = ["DATABASE", "DATABASE PROPERTIES", "EXTENSION", "PUBLICATION", "SUBSCRIPTION"];

    const string EventTrigger = "EVENT TRIGGER";

    readonly IReadOnlyList<(string Statement, bool GoesWithItsTable)> _drops;
    readonly IReadOnlyList<string> _eventTriggers;

    TargetObjects(IReadOnlyList<(string, bool)> drops, IReadOnlyList<string> eventTriggers) =>
        (_drops, _eventTriggers) = (drops, eventTriggers);

    /// <param name="tools">Their pg_dump; one older than the server leaves a target as it is, which then has to be empty.</param>
    /// <param name="keep">Schemas that stay.</param>
    /// <param name="lockTimeout">How long it may wait for others, in milliseconds.</param>
    public static async Task<TargetObjects> ReadAsync(
        PgToolset tools, TargetSide target, IReadOnlySet<string> keep, long lockTimeout, CancellationToken cancellationToken)
    {
        if (tools.Version.Major < target.Facts.Major)
            return new TargetObjects([], []);
        var head = await SchemaDump.ReadAsync(tools, target, lockTimeout, ["--no-comments", "--no-publications"], cancellationToken);
        return new TargetObjects([.. head.Entries.Reverse()
            .Where(e => e.DropStatement.Length > 0 && e.Kind != EventTrigger && !NotContent.Contains(e.Kind)
                && !(e.Kind == "SCHEMA" && keep.Contains(e.Name)))
            .Select(e => (e.DropStatement, GoWithTheirTable.Contains(e.Kind)))],
            [.. head.Entries.Where(e => e.DropStatement.Length > 0 && e.Kind == EventTrigger).Select(e => e.DropStatement)]);
    }

    /// <summary>Drops all of it, in the runner's transaction, when all of it is locked.</summary>
    /// <param name="longestWait">How long it is tried to lock it.</param>
    public async Task DropAsync(IQueryRunner runner, TimeSpan longestWait, CancellationToken cancellationToken)
    {
        // They would fire for all that follows; none fires for this.
        foreach (var drop in _eventTriggers)
            await runner.ExecuteAsync(drop, cancellationToken);
        if (_drops.Count == 0)
            return;
        var locks = (await runner.RowsAsync(Lockable, cancellationToken)).Select(r => LockOf(r.Name(0), r.TextOrNull(2), r.Text(3)));
        await runner.ExecuteAsync(AllLocks.Statement(locks, longestWait), cancellationToken);
        await runner.ExecuteAsync(
            "CREATE TEMPORARY TABLE backupsync_drops (id int, statement text, goes_with_its_table bool)",
            cancellationToken);
        foreach (var some in _drops.Index().Chunk(500))
        {
            var values = some.Select(s => $"({s.Index}, {Sql.Literal(s.Item.Statement)}, {s.Item.GoesWithItsTable})");
            await runner.ExecuteAsync($"INSERT INTO pg_temp.backupsync_drops VALUES {string.Join(", ", values)}", cancellationToken);
        }
        await runner.ExecuteAsync(DropObjects, cancellationToken);
        await runner.ExecuteAsync("DROP TABLE pg_temp.backupsync_drops", cancellationToken);
    }

    /// <param name="mode">Null where LOCK TABLE does not take it, or not from the role.</param>
    static string LockOf(ObjectName name, string? mode, string owner) =>
        mode is null ? $"ALTER TABLE {name.Qualified} OWNER TO {Sql.Identifier(owner)}"
            : $"LOCK TABLE ONLY {name.Qualified} IN {mode} MODE";

    /// <summary>
    /// Every relation that is dropped: schema, name, the mode in which it can be locked, owner. To give one to its owner changes nothing,
    /// and locks it. As readers lock them: views before what they read, tables before their partitions. With tables that stay, and are
    /// written.
    /// </summary>
    const string Lockable = """
        SELECT n.nspname, c.relname,
               CASE WHEN NOT (c.relkind IN ('r', 'p') AND pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')) THEN NULL
                    WHEN stays.oid IS NULL THEN 'ACCESS EXCLUSIVE' ELSE 'SHARE ROW EXCLUSIVE' END,
               pg_catalog.pg_get_userbyid(c.relowner)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN (SELECT pg_catalog.unnest(extconfig) FROM pg_catalog.pg_extension
                   UNION SELECT 'pg_catalog.pg_largeobject'::regclass
                   WHERE EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)) stays(oid) ON stays.oid = c.oid
        WHERE CASE WHEN stays.oid IS NOT NULL THEN c.relkind = 'r' AND pg_catalog.has_table_privilege(c.oid, 'DELETE')
                   ELSE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relpersistence <> 't' AND c.oid >= 16384
                       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
                       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                                       WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') END
        ORDER BY c.relkind NOT IN ('v', 'm'), CASE WHEN c.relkind IN ('v', 'm') THEN -c.oid::bigint END, c.relkind NOT IN ('S', 'f'),
                 (SELECT count(*) FROM pg_catalog.pg_partition_ancestors(c.oid)), c.oid
        """;

    static readonly string DropObjects = EmbeddedText.Read("drop_objects.sql").TrimEnd().TrimEnd(';');
}
