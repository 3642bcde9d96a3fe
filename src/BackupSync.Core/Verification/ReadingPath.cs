using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// Our sessions find nothing by search path. But whatever query on a table is planned, the server looks into what its indexes and
/// statistics compute, and puts the bodies of SQL functions in place of their calls; where such a body names something without its
/// schema, it depends on the path, although no row needs it. pg_dump is spared, for COPY of a table is not planned.
/// </summary>
static class ReadingPath
{
    const string Setting = "backupsync.path";

    /// <summary>Tells with which path a table can be read: none, or one with all schemas.</summary>
    /// <remarks>
    /// A session keeps an index's expression as it was planned the first time, and can then plan others without the path that the first one
    /// needed: it says nothing of other sessions. So what was found is kept in the session, too.
    /// </remarks>
    public static async Task<TableColumns> FindAsync(IQueryRunner runner, TableColumns table, CancellationToken cancellationToken)
    {
        var trial = $"SELECT count(*) FROM {table.Rows}";
        await runner.EnsureTablesAsync(trial, cancellationToken);
        // In one block, which undoes what failed: a transaction is not to be lost by the trial.
        await runner.ExecuteAsync($"""
            DO $backupsync$
            DECLARE
                path pg_catalog.text;
            BEGIN
                IF pg_catalog.current_setting('{OfTable(table)}', true) LIKE 'path %' THEN
                    PERFORM pg_catalog.set_config('{Setting}', pg_catalog.current_setting('{OfTable(table)}'), false);
                    RETURN;
                END IF;
                PERFORM pg_catalog.set_config('{Setting}', 'unknown', false);
                FOR path IN
                    SELECT '' UNION ALL (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(nspname), ', ' ORDER BY nspname <> 'public',
                        nspname)
                    FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
                LOOP
                    BEGIN
                        PERFORM pg_catalog.set_config('search_path', path, false);
                        EXECUTE {Sql.Literal($"EXPLAIN {trial}")};
                        PERFORM pg_catalog.set_config('{Setting}', 'path ' || path, false);
                        EXIT;
                    EXCEPTION
                        WHEN lock_not_available THEN
                            RAISE;
                        WHEN OTHERS THEN
                            NULL;
                    END;
                END LOOP;
                PERFORM pg_catalog.set_config('search_path', '', false);
                PERFORM pg_catalog.set_config('{OfTable(table)}', pg_catalog.current_setting('{Setting}'), false);
            END $backupsync$
            """, cancellationToken);
        var found = (await runner.RowsAsync($"SELECT pg_catalog.current_setting('{Setting}')", cancellationToken))[0].Text(0);
        return found == "unknown"
            ? table with { CannotBePlanned = true }
            : table with { SearchPath = found["path ".Length..] is { Length: > 0 } path ? path : null };
    }

    /// <summary>Reads a table with the path that it needs.</summary>
    public static async Task<List<Row>> RowsAsync(
        IQueryRunner runner,
        TableColumns table,
        string select,
        CancellationToken cancellationToken)
    {
        if (table.SearchPath is null)
            return await runner.RowsAsync(select, cancellationToken);
        await runner.ExecuteAsync(
            $"{Set(table.SearchPath)}; SET {OfTable(table)} = {Sql.Literal("path " + table.SearchPath)}",
            cancellationToken);
        var rows = await runner.RowsAsync(select, cancellationToken);
        await runner.ExecuteAsync(Set(null), cancellationToken);
        return rows;
    }

    static string OfTable(TableColumns table) => $"{Setting}_{table.Oid}";

    /// <param name="path">As <see cref="TableColumns.SearchPath"/>.</param>
    /// <param name="scope">LOCAL for the transaction alone.</param>
    public static string Set(string? path, string scope = "SESSION") => $"SET {scope} search_path = {path ?? "''"}";
}
