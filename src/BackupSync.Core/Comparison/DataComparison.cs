using System.Diagnostics;
using BackupSync.Configuration;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>
/// Compares two databases, each read from one snapshot and by several sessions at once: schema, rows and content of every table,
/// sequences, large objects. Rows are hashed in the servers; nothing is written, and what is not asked for in detail does not travel.
/// </summary>
public static class DataComparison
{
    /// <param name="onProgress">Told after each table, from any thread.</param>
    /// <param name="onRow">Told of each row that differs, one at a time, where details are asked for. It may take its time: reading waits.</param>
    /// <exception cref="BackupSyncException">A database cannot be read, or a named table is in neither.</exception>
    public static async Task<ComparisonResult> RunAsync(
        DatabaseConfig source, DatabaseConfig target, ComparisonOptions options, Action<ComparisonProgress>? onProgress, Action<RowDifference>? onRow,
        CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(options.Limit);
        try
        {
            return await CompareAsync(source, target, options, onProgress, onRow, limited.Token);
        }
        catch (Exception failure) when (limited.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new BackupSyncException(ErrorIds.TimeLimit, $"Comparing {source.DisplayName} with {target.DisplayName} took longer than its limit of {Durations.Show(options.Limit)}.",
                "Raise the limit, or compare some of the tables.", failure);
        }
    }

    static async Task<ComparisonResult> CompareAsync(
        DatabaseConfig source, DatabaseConfig target, ComparisonOptions options, Action<ComparisonProgress>? onProgress, Action<RowDifference>? onRow,
        CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var sessions = Math.Max(options.Detail ? 2 : 1, options.Parallel);
        await using var there = await ComparedSide.OpenAsync(source, sessions, options.ConnectLimit, cancellationToken);
        await using var here = await ComparedSide.OpenAsync(target, sessions, options.ConnectLimit, cancellationToken);

        await Both(s => s.ListTablesAsync(options.Tables, cancellationToken));
        TableNames.EnsureKnown(options.Tables, [.. there.AllTables.Union(here.AllTables)], $"Neither {source.DisplayName} nor {target.DisplayName}");
        var method = FingerprintReader.MethodFor(content: true, there.Facts.Major, here.Facts.Major);
        var progress = new BothProgress(onProgress);
        await Task.WhenAll(there.ReadAsync(method, progress.OnSource, cancellationToken), here.ReadAsync(method, progress.OnTarget, cancellationToken));
        var items = ComparedItems.Of(there.Content, here.Content, partly: options.Tables.Count > 0);
        if (options.Detail)
            await TellRowsAsync(items, there, here, method, onRow!, cancellationToken);
        return new ComparisonResult
        {
            Source = source.Name,
            Target = target.Name,
            SourceTime = there.Snapshot.Taken,
            TargetTime = here.Snapshot.Taken,
            SourceVersion = there.Facts.Version,
            TargetVersion = here.Facts.Version,
            Items = items,
            DurationSeconds = Math.Round(clock.Elapsed.TotalSeconds, 3),
        };

        Task Both(Func<ComparedSide, Task> work) => Task.WhenAll(work(there), work(here));
    }

    static async Task TellRowsAsync(
        IReadOnlyList<ComparedItem> items, ComparedSide source, ComparedSide target, FingerprintMethod method, Action<RowDifference> onRow, CancellationToken cancellationToken)
    {
        var tables = (await KeyedTable.ReadAsync(source.Snapshot.Session, CatalogFilter.None, cancellationToken)).ToDictionary(t => t.Name);
        foreach (var item in items.Where(i => i is { Kind: ComparedKind.Table, State: ComparedState.Different, SourceRows: not null, TargetRows: not null }))
        {
            var table = tables[item.Name];
            // A column that the target lacks cannot be compared there; the table itself is told to differ.
            var common = table.Table.Columns.Where(c => target.Content.HasColumn(table.Name, c.Name)).ToList();
            var sameKey = table.Key.All(k => common.Any(c => c.Name == k.Name));
            table = table with { Table = table.Table with { Columns = common }, Key = sameKey ? table.Key : [] };
            await foreach (var row in RowDetails.ReadAsync(table, method, source.Snapshot.Sessions, target.Snapshot.Sessions, cancellationToken))
                onRow(row);
        }
    }

    /// <summary>How far both sides are together.</summary>
    sealed class BothProgress(Action<ComparisonProgress>? onProgress)
    {
        readonly Lock _gate = new();
        (double Fraction, long Rows, long Bytes) _source, _target;

        public void OnSource(string table, int done, int all, long rows, long bytes) => Tell(ref _source, table, done, all, rows, bytes);

        public void OnTarget(string table, int done, int all, long rows, long bytes) => Tell(ref _target, table, done, all, rows, bytes);

        void Tell(ref (double Fraction, long Rows, long Bytes) side, string table, int done, int all, long rows, long bytes)
        {
            lock (_gate)
            {
                side = ((double)done / all, rows, bytes);
                onProgress?.Invoke(new ComparisonProgress(table, (_source.Fraction + _target.Fraction) / 2, _source.Rows + _target.Rows, _source.Bytes + _target.Bytes));
            }
        }
    }
}
