using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Asks about many small tables in one statement on each side. Of most of them nothing has changed, and to ask for each takes longer
/// than all the reading. A table that differs is looked at by itself afterwards, as if nobody had asked; and so are all where the
/// statement was refused: one of them is locked, gone, or not to be read, and it is told of as any table is.
/// </summary>
sealed class QuietTables(IncrementalConfig config, FingerprintMethod method)
{
    /// <summary>In one statement, which holds the locks on all of them and on their indexes.</summary>
    const int AtOnce = 100;

    /// <summary>In bytes on disk. What has to be read again must be next to nothing.</summary>
    const long Largest = 512 * 1024;

    /// <summary>Nobody is to wait behind locks on others while one is waited for here.</summary>
    static readonly TimeSpan LockTimeout = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Those that are asked about together; the others have to be looked at by themselves. Partitions are locked with their table,
    /// however many there are.
    /// </summary>
    public static IEnumerable<TableSync[]> Choose(IEnumerable<TableSync> tables) =>
        tables.Where(t => t.Table.Table is { Bytes: <= Largest, WithPartitions: false, CannotBePlanned: false, SearchPath: null })
            .Chunk(AtOnce).Where(some => some.Length > 1);

    /// <returns>Those that have to be looked at by themselves.</returns>
    public async Task<IReadOnlyList<TableSync>> AskAsync(ComparingLane lane, TableSync[] tables, CancellationToken cancellationToken)
    {
        var compared = tables.Index().Where(t => IsCompared(t.Item)).Select(t => OnBoth(t.Index, t.Item)).ToList();
        var (there, here) = await BothSides.RunAsync(
            async stop => await ReadAsync(
                await lane.SourceAsync(stop),
                tables.Index().Select(t => IsCompared(t.Item) ? OnBoth(t.Index, t.Item) : OnSource(t.Index, t.Item)),
                stop),
            async stop => compared.Count == 0 ? [] : await RowsAsync(await lane.TargetAsync(stop), compared, stop),
            cancellationToken);
        if (there is null || here is null)
            return tables;
        var left = new List<TableSync>();
        foreach (var (number, table) in tables.Index())
        {
            var (found, other) = (there[number], here.GetValueOrDefault(number));
            if (found.Stamped == 0 && (other is null || (found.Rows, found.Hash) == (other.Rows, other.Hash)))
                table.FoundNothing(other?.Rows, found.Characters);
            else
                left.Add(table);
        }
        return left;

        bool IsCompared(TableSync table) => table.IsWhole || config.Deletes;
    }

    async Task<Dictionary<int, Found>?> ReadAsync(SourceLane source, IEnumerable<string> queries, CancellationToken cancellationToken)
    {
        await source.Session.ExecuteAsync($"SET LOCAL lock_timeout = {(long)LockTimeout.TotalMilliseconds}", cancellationToken);
        var found = await RowsAsync(source.Session, queries, cancellationToken);
        await source.ReleaseAsync(cancellationToken);
        return found;
    }

    /// <returns>By the tables' numbers; null where the server refuses to tell.</returns>
    static async Task<Dictionary<int, Found>?> RowsAsync(
        PgSession session,
        IEnumerable<string> queries,
        CancellationToken cancellationToken)
    {
        try
        {
            var rows = await session.RowsAsync(string.Join(" UNION ALL ", queries), cancellationToken);
            return rows.ToDictionary(r => r.Int(0), r => new Found(r.Long(1), r.Text(2), r.Long(3), r.Characters));
        }
        catch (PgQueryException refused) when (refused.SqlState is not null && refused.ErrorId != ErrorIds.ConnectionFailed)
        {
            return null;
        }
    }

    /// <summary>
    /// A row: the table's number, its rows, the sum of the hashes of these or of their keys, and how many are stamped since the last
    /// run.
    /// </summary>
    string OnBoth(int number, TableSync table) =>
        $"SELECT {number}, count(*), coalesce(sum({HashOf(table)}), 0), {(table.IsWhole ? "0" : Stamped(table))} "
        + $"FROM {table.Table.Table.Rows} AS t";

    string OnSource(int number, TableSync table) => $"SELECT {number}, 0, 0, {Stamped(table)} FROM {table.Table.Table.Rows} AS t";

    string HashOf(TableSync table) =>
        !table.IsWhole ? RowHash.Of(table.Table.KeyTableColumns, method, seed: 0)
        : table.Table.Table.Hashed.Count == 0 ? "0" : table.Table.Table.RowHash(method);

    string Stamped(TableSync table) => $"count(*) FILTER (WHERE {table.Tracking.IsStampedSince(config)})";

    sealed record Found(long Rows, string Hash, long Stamped, long Characters);
}
