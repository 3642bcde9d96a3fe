using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// The target's own publications (https://www.postgresql.org/docs/current/logical-replication-publication.html): a new database has
/// none, and a table that is dropped leaves them. They are made again as pg_dump says.
/// </summary>
sealed class TargetPublications
{
    const string Made = "PUBLICATION";

    readonly IReadOnlyList<(string Kind, string Name, string Definition, string Drop)> _entries;
    readonly IReadOnlyList<string> _unread;

    TargetPublications(IReadOnlyList<(string, string, string, string)> entries, IReadOnlyList<string> unread) =>
        (_entries, _unread) = (entries, unread);

    /// <param name="tools">Their pg_dump; one older than the server cannot tell them.</param>
    /// <param name="lockTimeout">How long it may wait for others, in milliseconds.</param>
    public static async Task<TargetPublications> ReadAsync(
        IQueryRunner runner, PgToolset tools, DatabaseSide target, long lockTimeout, CancellationToken cancellationToken)
    {
        var names = (await runner.RowsAsync("SELECT pubname FROM pg_catalog.pg_publication ORDER BY pubname", cancellationToken))
            .Select(r => r.Text(0)).ToList();
        if (names.Count == 0 || tools.Version.Major < target.Facts.Major)
            return new TargetPublications([], names);
        var head = await SchemaDump.ReadAsync(tools, target, lockTimeout, [], cancellationToken);
        return new TargetPublications(
            [.. head.Entries.Where(e => e.IsOfPublication).Select(e => (e.Kind, e.Name, e.Definition, e.DropStatement))], []);
    }

    /// <summary>After the restore, and before their owners are set.</summary>
    /// <param name="isNew">Whether the database has none yet.</param>
    public async Task ApplyAsync(IQueryRunner restored, bool isNew, Action<string> warn, CancellationToken cancellationToken)
    {
        foreach (var name in _unread)
            warn($"The publication {Sql.Identifier(name)} of the target is not carried over: its pg_dump is older than the server.");
        var statements = new List<(string Text, string? As)>();
        foreach (var entry in _entries)
        {
            var isMade = entry.Kind == Made;
            // It is there, and what it publishes as a whole is as it was, unless it leaves out what was dropped.
            if (isMade && !isNew && !entry.Definition.Contains(" EXCEPT ", StringComparison.Ordinal))
                continue;
            if (isMade && !isNew)
                statements.Add((entry.Drop, null));
            statements.Add((entry.Definition, null));
        }
        foreach (var (number, why, code) in await TriedStatements.RunAsync(statements, restored, cancellationToken))
        {
            // What is no part of the content, such as an extension's table, was never taken out.
            if (code != PostgresErrorCodes.DuplicateObject)
                warn($"Not carried over: {statements[number].Text.Trim().TrimEnd(';')} ({why}).");
        }
    }
}
