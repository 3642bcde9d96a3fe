using System.Diagnostics;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>
/// Compares two databases, each read from one snapshot and by several sessions at once: schema, rows and content of every table,
/// sequences, large objects. Rows are hashed in the servers; nothing is written, and what is not asked for in detail does not travel.
/// </summary>
public static class DataComparison
{
    /// <param name="onProgress">Told after each table, and before each whose rows are looked for; from any thread, one at a time.</param>
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
        var (there, here) = await ComparedSide.OpenAsync(source, target, sessions, options.ConnectLimit, cancellationToken);
        await using var heldThere = there;
        await using var heldHere = here;
        IReadOnlyList<ComparedItem> items;
        ComparedViews views;
        var method = FingerprintReader.MethodFor(content: true, there.Facts.Major, here.Facts.Major);
        try
        {
            items = await ItemsAsync(there, here, options, method, onProgress, onRow, cancellationToken);
            views = options.Tables.Count > 0 ? ComparedViews.Equal : await CompareViewsAsync(there, here, options.ConnectLimit, cancellationToken);
        }
        catch
        {
            await Task.WhenAll(there.StopAsync(), here.StopAsync());
            throw;
        }
        return new ComparisonResult
        {
            Source = source.Name,
            Target = target.Name,
            SourceTime = there.Snapshot.Taken,
            TargetTime = here.Snapshot.Taken,
            SourceVersion = there.Facts.Version,
            TargetVersion = here.Facts.Version,
            Items = [.. items, .. ComparedItems.Of(views)],
            Notes = [.. FingerprintComparison.Notes(there.Content, here.Content), .. views.Unknown],
            DurationSeconds = Math.Round(clock.Elapsed.TotalSeconds, 3),
        };
    }

    static async Task<IReadOnlyList<ComparedItem>> ItemsAsync(
        ComparedSide source, ComparedSide target, ComparisonOptions options, FingerprintMethod method,
        Action<ComparisonProgress>? onProgress, Action<RowDifference>? onRow, CancellationToken cancellationToken)
    {
        await Together.RunAsync(cancellationToken, stop => source.ListTablesAsync(options.Tables, stop), stop => target.ListTablesAsync(options.Tables, stop));
        TableNames.EnsureKnown(options.Tables, [.. source.AllTables.Union(target.AllTables)], $"{source.Label} or {target.Label}");
        var progress = new BothProgress(onProgress, options.Detail);
        await Together.RunAsync(cancellationToken, stop => source.ReadAsync(method, progress.OnSource, stop), stop => target.ReadAsync(method, progress.OnTarget, stop));
        var items = ComparedItems.Of(source.Content, target.Content, options.Tables.Count > 0 ? [.. source.Chosen.Union(target.Chosen)] : null);
        if (options.Detail)
            await TellRowsAsync(items, source, target, method, progress, onRow ?? (_ => { }), cancellationToken);
        return items;
    }

    static async Task<ComparedViews> CompareViewsAsync(ComparedSide source, ComparedSide target, TimeSpan connectLimit, CancellationToken cancellationToken)
    {
        var (there, here) = await BothSides.RunAsync(
            stop => ViewDefinitions.ReadAsync(source.Snapshot.Session, CatalogFilter.None, stop), stop => ViewDefinitions.ReadAsync(target.Snapshot.Session, CatalogFilter.None, stop),
            cancellationToken);
        return await ViewDefinitions.CompareAsync(there, here, target.Snapshot.Session.Login, connectLimit, cancellationToken);
    }

    static async Task TellRowsAsync(
        IReadOnlyList<ComparedItem> items, ComparedSide source, ComparedSide target, FingerprintMethod method, BothProgress progress, Action<RowDifference> onRow,
        CancellationToken cancellationToken)
    {
        var leavesOutDerived = source.Content.Locale!.DifferenceTo(target.Content.Locale!) is not null;
        var different = items.Where(i => i is { Kind: ComparedKind.Table, State: ComparedState.Different }).ToList();
        var (there, here) = await BothSides.RunAsync(stop => TablesAsync(source, stop), stop => TablesAsync(target, stop), cancellationToken);
        for (var i = 0; i < different.Count; i++)
        {
            var (name, rows) = (different[i].Name, Math.Max(different[i].SourceRows!.Value, different[i].TargetRows!.Value));
            progress.OnDetail(name, i, different.Count);
            // The same on both sides, so that both print the same.
            var path = there[name].Table.SearchPath ?? here[name].Table.SearchPath;
            if (path is not null)
                await Together.RunAsync(cancellationToken, stop => source.Snapshot.SetAsync(ReadingPath.Set(path), stop), stop => target.Snapshot.SetAsync(ReadingPath.Set(path), stop));
            await foreach (var row in RowDetails.ReadAsync(SharedTable.Of(there[name], here[name], rows), method, source.Snapshot.Sessions, target.Snapshot.Sessions, cancellationToken))
                onRow(row);
            if (path is not null)
                await Together.RunAsync(cancellationToken, stop => source.Snapshot.SetAsync(ReadingPath.Set(null), stop), stop => target.Snapshot.SetAsync(ReadingPath.Set(null), stop));
        }

        async Task<Dictionary<string, KeyedTable>> TablesAsync(ComparedSide side, CancellationToken stop) =>
            (await KeyedTable.ReadAsync(side.Snapshot.Session, CatalogFilter.None, stop)).ToDictionary(t => t.Name, t => leavesOutDerived ? t with { Table = t.Table.WithoutDerived() } : t);
    }

    /// <summary>How far both sides are together.</summary>
    /// <param name="isDetailed">Whether finding the tables that differ is only the first half.</param>
    sealed class BothProgress(Action<ComparisonProgress>? onProgress, bool isDetailed)
    {
        readonly Lock _gate = new();
        readonly double _share = isDetailed ? 0.5 : 1;
        (double Fraction, long Rows, long Bytes) _source, _target;

        public void OnSource(string table, int done, int all, long rows, long bytes) => Tell(ref _source, table, done, all, rows, bytes);

        public void OnTarget(string table, int done, int all, long rows, long bytes) => Tell(ref _target, table, done, all, rows, bytes);

        /// <summary>The rows of a table are looked for.</summary>
        public void OnDetail(string table, int done, int all) =>
            onProgress?.Invoke(new ComparisonProgress(table, _share + (1 - _share) * done / all, _source.Rows + _target.Rows, _source.Bytes + _target.Bytes));

        void Tell(ref (double Fraction, long Rows, long Bytes) side, string table, int done, int all, long rows, long bytes)
        {
            lock (_gate)
            {
                side = ((double)done / all, rows, bytes);
                onProgress?.Invoke(new ComparisonProgress(table, _share * (_source.Fraction + _target.Fraction) / 2, _source.Rows + _target.Rows, _source.Bytes + _target.Bytes));
            }
        }
    }
}
