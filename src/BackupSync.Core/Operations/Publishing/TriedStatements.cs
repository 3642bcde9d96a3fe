using BackupSync.Postgres;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// Statements that are each run by itself: one that is refused takes no other along, nor the transaction that all are in.
/// </summary>
static class TriedStatements
{
    /// <param name="statements">Each with the role that has to do it; null for the session's own.</param>
    /// <returns>The numbers of those that were refused, why, and by which SQLSTATE.</returns>
    public static async Task<IReadOnlyList<(int Number, string Why, string Code)>> RunAsync(
        IReadOnlyList<(string Text, string? As)> statements, IQueryRunner runner, CancellationToken cancellationToken)
    {
        if (statements.Count == 0)
            return [];
        await runner.ExecuteAsync(
            "CREATE TEMPORARY TABLE backupsync_tries (id int, statement text, role text, refused text, code text)",
            cancellationToken);
        foreach (var some in statements.Index().Chunk(500))
        {
            var values = some.Select(
                s => $"({s.Index}, {Sql.Literal(s.Item.Text)}, {(s.Item.As is { } role ? Sql.Literal(role) : "NULL")})");
            await runner.ExecuteAsync(
                $"INSERT INTO pg_temp.backupsync_tries (id, statement, role) VALUES {string.Join(", ", values)}",
                cancellationToken);
        }
        await runner.ExecuteAsync(TryAll, cancellationToken);
        var refused = await runner.RowsAsync(
            "SELECT id, refused, code FROM pg_temp.backupsync_tries WHERE refused IS NOT NULL ORDER BY id",
            cancellationToken);
        await runner.ExecuteAsync("DROP TABLE pg_temp.backupsync_tries", cancellationToken);
        return [.. refused.Select(r => (r.Int(0), r.Text(1), r.Text(2)))];
    }

    static readonly string TryAll = EmbeddedText.Read("try_statements.sql").TrimEnd().TrimEnd(';');
}
