using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Sync.Publishing;

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

    TargetObjects(IReadOnlyList<(string, bool)> drops, IReadOnlyList<string> eventTriggers) => (_drops, _eventTriggers) = (drops, eventTriggers);

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
            .Where(e => e.DropStatement.Length > 0 && e.Kind != EventTrigger && !NotContent.Contains(e.Kind) && !(e.Kind == "SCHEMA" && keep.Contains(e.Name)))
            .Select(e => (e.DropStatement, GoWithTheirTable.Contains(e.Kind)))],
            [.. head.Entries.Where(e => e.DropStatement.Length > 0 && e.Kind == EventTrigger).Select(e => e.DropStatement)]);
    }

    /// <summary>Drops all of it, in the runner's transaction.</summary>
    public async Task DropAsync(IQueryRunner runner, CancellationToken cancellationToken)
    {
        // They would fire for all that follows; none fires for this.
        foreach (var drop in _eventTriggers)
            await runner.ExecuteAsync(drop, cancellationToken);
        if (_drops.Count == 0)
            return;
        await runner.ExecuteAsync("CREATE TEMPORARY TABLE backupsync_drops (id int, statement text, goes_with_its_table bool)", cancellationToken);
        foreach (var some in _drops.Index().Chunk(500))
        {
            await runner.ExecuteAsync(
                $"INSERT INTO pg_temp.backupsync_drops VALUES {string.Join(", ", some.Select(s => $"({s.Index}, {Sql.Literal(s.Item.Statement)}, {s.Item.GoesWithItsTable})"))}", cancellationToken);
        }
        await runner.ExecuteAsync(DropObjects, cancellationToken);
        await runner.ExecuteAsync("DROP TABLE pg_temp.backupsync_drops", cancellationToken);
    }

    static readonly string DropObjects = EmbeddedText.Read("BackupSync.Sync.Publishing.drop_objects.sql").TrimEnd().TrimEnd(';');
}
