using System.Text;
using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>Which rows are to be deleted: their keys, in a temporary table of the target's transaction.</summary>
sealed class StagedDeletions(KeyedTable table, PgSession target, int number)
{
    /// <summary>The table that they are in.</summary>
    public TemporaryTable Table { get; } = new(target, $"backupsync_keys_{number}");

    public string Name => Table.Name;

    /// <summary>Whether that table is there; it may be empty by now.</summary>
    public bool AreThere => Table.IsThere;

    public long Count { get; private set; }

    public Task EnsureTableAsync(CancellationToken cancellationToken) =>
        Table.EnsureEmptyAsync($"SELECT {table.KeyList()} FROM {table.Table.Rows}", cancellationToken);

    /// <param name="keys">As <see cref="KeyDifference.Key"/> has them.</param>
    public async Task AddAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        await EnsureTableAsync(cancellationToken);
        await target.CopyInAsync($"COPY {Name} FROM STDIN", async (into, ct) =>
        {
            await using var writer = new StreamWriter(into, new UTF8Encoding(false), leaveOpen: true);
            foreach (var key in keys)
                await writer.WriteAsync((key + "\n").AsMemory(), ct);
        }, cancellationToken);
        Count += keys.Count;
    }

    /// <summary>Adds those of all rows that the source does not have, where all that it has is staged.</summary>
    public async Task AddAbsentAsync(StagedRows rows, CancellationToken cancellationToken)
    {
        await Table.MakeAsync($"SELECT {table.KeyList("t.")} FROM {table.Table.Rows} AS t"
            + (rows.AreThere ? $" WHERE NOT EXISTS (SELECT FROM {rows.Name} AS s WHERE {table.SameKey("t", "s")})" : ""),
            cancellationToken);
        Count = await target.ScalarAsync<long>($"SELECT count(*) FROM {Name}", cancellationToken);
    }

    /// <summary>
    /// Takes out those of staged rows: a key that is only spelled differently, as 1.0 and 1.00 are or texts that a collation takes for
    /// equal, is one and the same row.
    /// </summary>
    public async Task TakeOutAsync(StagedRows rows, CancellationToken cancellationToken)
    {
        if (AreThere && rows.AreThere)
            TakenOut(await target.AffectedAsync(
                $"DELETE FROM {Name} AS k WHERE EXISTS (SELECT FROM {rows.Name} AS s WHERE {table.SameKey("s", "k")})",
                cancellationToken));
    }

    /// <summary>Notes that a statement has taken some out.</summary>
    /// <returns>How many.</returns>
    public long TakenOut(long keys)
    {
        Count -= keys;
        return keys;
    }

    /// <summary>Notes that a statement has added some.</summary>
    /// <returns>How many.</returns>
    public long Added(long keys)
    {
        Count += keys;
        return keys;
    }

    public void Clear() => Count = 0;

    /// <summary>How many of them the target still holds a row of.</summary>
    public async Task<long> CountLeftAsync(CancellationToken cancellationToken) => !AreThere ? 0
        : await target.ScalarAsync<long>(
            $"SELECT count(*) FROM {Name} AS k WHERE EXISTS (SELECT FROM {table.Table.Rows} AS t WHERE {table.SameKey("t", "k")})",
            cancellationToken);
}
