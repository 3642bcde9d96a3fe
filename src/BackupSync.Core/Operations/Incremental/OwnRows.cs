using System.Globalization;
using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// What lastWriteWins knows of rows that only the target has: those that earlier runs have left there, by key, in a table beside the
/// notes, and by which transactions the others were written. One that a run of ours has written, or that was there before the last run
/// ended, is of the source, and was deleted there; any other is the target's own. No clock is asked.
/// </summary>
/// <param name="OldestOpen">
/// The oldest transaction of the target's database that had not ended when the last run did: what older ones had written, that run has
/// seen.
/// </param>
/// <param name="Ours">Transactions of our runs that are not older.</param>
sealed record OwnRows(ulong OldestOpen, IReadOnlyList<ulong> Ours)
{
    const string Table = $"{CatalogQueries.StateSchema}.{CatalogQueries.OwnRowsTable}";
    static readonly NotesTable Notes = new(Table, "job text NOT NULL, name text NOT NULL, key text[] NOT NULL");

    /// <summary>
    /// Which table holds the keys, and how many of the job's: without them every row that stayed would be taken for one that the source
    /// has deleted. Null where there were none, and in notes of earlier days.
    /// </summary>
    public string? Keys { get; init; }

    /// <summary>
    /// A snapshot's own oldest is that of all databases of the server: one that is open for hours elsewhere would make a target's own
    /// row of each that the source deletes. Everybody may see who holds the lock of a transaction, and in which database; the snapshot
    /// is older than that look, so that such a one can be younger than it: of its number, half as long as the server's, the whole one
    /// nearest to the snapshot's is meant.
    /// </summary>
    const string OldestAndOwn = $"""
        SELECT least(({Newest}), (
               SELECT min({Newest} + (xid::text::bigint - {Newest} % 4294967296 + 6442450944) % 4294967296 - 2147483648) FROM (
                   SELECT l.transactionid FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
                   WHERE l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock'
                       AND a.datname = pg_catalog.current_database()
                   UNION ALL SELECT p.transaction FROM pg_catalog.pg_prepared_xacts p
                   WHERE p.database = pg_catalog.current_database()) open (xid))),
               pg_catalog.pg_current_xact_id()
        """;

    const string Newest = "pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint";

    /// <summary>What is to be known of this run in the next one, in its transaction and when it has written all.</summary>
    public static async Task<OwnRows> AfterAsync(PgSession target, OwnRows? before, string job, CancellationToken cancellationToken)
    {
        var row = (await target.RowsAsync(OldestAndOwn, cancellationToken))[0];
        var oldest = row.Unsigned(0);
        return new OwnRows(oldest, [.. (before?.Ours ?? []).Where(id => id >= oldest), row.Unsigned(1)])
        {
            Keys = await KeysAsync(target, job, cancellationToken),
        };
    }

    /// <summary>Whether the keys that these notes go with are there still.</summary>
    public async Task<bool> AreThereAsync(IQueryRunner target, string job, CancellationToken cancellationToken) =>
        Keys is null || Keys == await KeysAsync(target, job, cancellationToken);

    static async Task<string?> KeysAsync(IQueryRunner target, string job, CancellationToken cancellationToken)
    {
        if (!await Notes.IsThereAsync(target, cancellationToken))
            return null;
        var row = (await target.RowsAsync(
            $"SELECT '{Table}'::pg_catalog.regclass::oid, count(*) FROM {Table} WHERE job = {Sql.Literal(job)}",
            cancellationToken))[0];
        return row.Long(1) > 0 ? $"{row.Text(0)} {row.Text(1)}" : null;
    }

    /// <summary>Whether a row is the target's own, as a condition on the table's row <c>t</c>.</summary>
    public string Condition(KeyedTable table, string job)
    {
        // A row has the lower half of the number of the transaction that wrote it; 0 to 2 stand for none.
        var written = $"({Newest} - {Newest} % 4294967296 + t.xmin::text::bigint - CASE WHEN t.xmin::text::bigint > {Newest} % "
            + "4294967296 THEN 4294967296 ELSE 0 END)";
        var isNew = $"t.xmin::text::bigint > 2 AND {written} >= {Text(OldestOpen)} AND {written} <> ALL "
            + $"(ARRAY[{string.Join(",", Ours.Select(Text))}]::bigint[])";
        return $"({isNew} OR {Key(table, "t.")} IN (SELECT key FROM {Table} WHERE job = {Sql.Literal(job)} AND name = "
            + $"{Sql.Literal(table.Name)}))";
    }

    public static Task EnsureTableAsync(PgSession target, CancellationToken cancellationToken) =>
        Notes.EnsureAsync(target, cancellationToken);

    /// <param name="keys">A table of their keys; null where there are none.</param>
    public static async Task RememberAsync(
        PgSession target,
        KeyedTable table,
        string job,
        string? keys,
        CancellationToken cancellationToken)
    {
        await target.ExecuteAsync(
            $"DELETE FROM {Table} WHERE job = {Sql.Literal(job)} AND name = {Sql.Literal(table.Name)}",
            cancellationToken);
        if (keys is not null)
            await target.ExecuteAsync(
                $"INSERT INTO {Table} SELECT {Sql.Literal(job)}, {Sql.Literal(table.Name)}, {Key(table, "k.")} FROM {keys} AS k",
                cancellationToken);
    }

    /// <summary>By what keys are told: others are of another shape.</summary>
    public static string ShapeOf(KeyedTable table) => string.Join(", ", table.Key.Select(k => $"{k.Name} {k.Type}"));

    static string Key(KeyedTable table, string prefix) =>
        $"ARRAY[{string.Join(", ", table.Key.Select(k => $"{prefix}{Sql.Identifier(k.Name)}::text"))}]";

    static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
