using System.Diagnostics;
using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Compare;

/// <summary>
/// Compares two databases, each read from one snapshot and by several sessions at once: schema, rows and content of every table,
/// sequences, large objects. Rows are hashed in the servers; nothing is written, and what is not asked for in detail does not travel.
/// </summary>
static class DataComparison
{
    const int MostTries = 4;

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <param name="onProgress">Told after each table, and before each whose rows are looked for; from any thread, one at a time.</param>
    /// <param name="onRow">
    /// Told of each row that differs, one at a time, where details are asked for. It may take its time: reading waits.
    /// </param>
    /// <exception cref="BackupSyncException">A database cannot be read, or a named table is in neither.</exception>
    public static async Task<ComparisonResult> RunAsync(
        Endpoint source, Endpoint target, ComparisonOptions options, Action<ComparisonProgress>? onProgress,
        Action<RowDifference>? onRow,
        CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(options.Limit);
        try
        {
            for (var tries = 1; ; tries++)
            {
                if (await TryAsync(source, target, options, onProgress, onRow, mayTryAgain: tries < MostTries, limited.Token) is { } result)
                    return result;
                await Task.Delay(Pause * tries, limited.Token); // whoever had to wait goes first
            }
        }
        catch (Exception failure) when (limited.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new BackupSyncException(
                ErrorIds.TimeLimit,
                $"Comparing {source.Name} with {target.Name} took longer than its limit of {Durations.Show(options.Limit)}.",
                "Raise the limit, or compare some of the tables.",
                failure);
        }
    }

    /// <returns>
    /// Null where others had to wait for it, or a database was changed while it was read: it may go better with new snapshots.
    /// </returns>
    static async Task<ComparisonResult?> TryAsync(
        Endpoint source, Endpoint target, ComparisonOptions options, Action<ComparisonProgress>? onProgress,
        Action<RowDifference>? onRow,
        bool mayTryAgain, CancellationToken outer)
    {
        var clock = Stopwatch.StartNew();
        var sessions = Math.Max(options.Detail ? 2 : 1, options.Parallel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(outer);
        var cancellationToken = stop.Token;
        var hasTold = false;
        var (there, here) = await ComparedSide.OpenAsync(source, target, sessions, options, stop.Cancel, cancellationToken);
        await using var heldThere = there;
        await using var heldHere = here;
        IReadOnlyList<ComparedItem> items;
        ComparedTexts texts;
        IReadOnlyList<ComparedItem> rights;
        var areOne = await SameDatabaseProof.SharesLocksAsync(there.Snapshot.Session, here.Snapshot.Session, cancellationToken);
        var method = FingerprintReader.MethodFor(content: true, there.Facts.Major, here.Facts.Major);
        try
        {
            items = await ItemsAsync(there, here, options, method, onProgress, row =>
            {
                hasTold = true;
                onRow?.Invoke(row);
            }, cancellationToken);
            texts = await CompareTextsAsync(there, here, options, cancellationToken);
            rights = options.Rights ? await CompareRightsAsync(there, here, options, cancellationToken) : [];
        }
        catch (Exception failure)
        {
            await Task.WhenAll(there.StopAsync(), here.StopAsync());
            if (outer.IsCancellationRequested || await ReasonAsync(failure, [there, here], options, outer) is not { } reason)
                throw;
            // What was told of rows cannot be taken back.
            return mayTryAgain && !hasTold ? null : throw reason;
        }
        return new ComparisonResult
        {
            Source = source.Name,
            Target = target.Name,
            SourceTime = there.Snapshot.Taken,
            TargetTime = here.Snapshot.Taken,
            SourceVersion = there.Facts.Version,
            TargetVersion = here.Facts.Version,
            Items = [.. items, .. ComparedItems.Of(texts.Different), .. rights],
            Notes = [.. areOne ? (string[])[$"{source.Name} and {target.Name} are one and the same database."] : [],
                .. FingerprintComparison.Notes(there.Content, here.Content, isCopy: false), .. ComparedItems.NotesOf(
                there.Content,
                here.Content), .. texts.Unknown],
            DurationSeconds = Math.Round(clock.Elapsed.TotalSeconds, 3),
        };
    }

    /// <summary>Why it may go better with new snapshots; null where it would not.</summary>
    static async Task<BackupSyncException?> ReasonAsync(
        Exception failure,
        IReadOnlyList<ComparedSide> sides,
        ComparisonOptions options,
        CancellationToken cancellationToken)
    {
        if (sides.FirstOrDefault(s => s.GaveWayTo is not null) is { } side)
        {
            return new BackupSyncException(
                ErrorIds.GaveWay,
                $"{side.Label}: the comparison has given way, for others had to wait for it: {side.GaveWayTo}.",
                "Compare when no migration runs.",
                failure);
        }
        if (SnapshotFailure.ReasonOf(failure) is { } reason)
            return reason;
        try
        {
            // A table that is gone, or another by now, fails in many ways.
            foreach (var one in sides)
                await one.EnsureUnchangedAsync(options.ConnectLimit, cancellationToken);
            return null;
        }
        catch (SnapshotOutdatedException outdated)
        {
            return outdated;
        }
        catch (BackupSyncException)
        {
            return null; // the server cannot be asked, which is why the comparison has failed, most likely
        }
    }

    static async Task<IReadOnlyList<ComparedItem>> ItemsAsync(
        ComparedSide source, ComparedSide target, ComparisonOptions options, FingerprintMethod method,
        Action<ComparisonProgress>? onProgress, Action<RowDifference> onRow, CancellationToken cancellationToken)
    {
        await TaskGroup.RunAsync(
            cancellationToken, stop => source.ListTablesAsync(options.Tables, stop), stop => target.ListTablesAsync(options.Tables, stop));
        TableNames.EnsureKnown(options.Tables, [.. source.AllTables.Union(target.AllTables)], $"{source.Label} or {target.Label}");
        var progress = new BothProgress(onProgress, options.Detail);
        await TaskGroup.RunAsync(
            cancellationToken,
            stop => source.ReadAsync(method, progress.OnSource, stop),
            stop => target.ReadAsync(method, progress.OnTarget, stop));
        var items = ComparedItems.Of(
            source.Content, target.Content, options.Tables.Count > 0 ? [.. source.Chosen.Union(target.Chosen)] : null);
        if (options.Detail)
            await TellRowsAsync(items, source, target, method, progress, onRow, cancellationToken);
        return items;
    }

    static async Task<ComparedTexts> CompareTextsAsync(
        ComparedSide source,
        ComparedSide target,
        ComparisonOptions options,
        CancellationToken cancellationToken)
    {
        var (there, here) = await BothSides.RunAsync(
            stop => source.AskAsync(reader => SchemaTexts.ReadAsync(reader, source.Facts.Major, CatalogFilter.None, stop), stop),
            stop => target.AskAsync(
                reader => SchemaTexts.ReadAsync(reader, target.Facts.Major, CatalogFilter.None, stop),
                stop), cancellationToken);
        var chosen = source.Chosen.Union(target.Chosen).ToList();
        return await SchemaTexts.CompareAsync(there, here,
            o => source.Content.Objects.ContainsKey(o) && target.Content.Objects.ContainsKey(o)
                && (options.Tables.Count == 0 || chosen.Any(t => SchemaObjects.IsOf(o, t))),
            target.Snapshot.Session.Login, options.ConnectLimit, cancellationToken);
    }

    static async Task<IReadOnlyList<ComparedItem>> CompareRightsAsync(
        ComparedSide source,
        ComparedSide target,
        ComparisonOptions options,
        CancellationToken cancellationToken)
    {
        var (there, here) = await BothSides.RunAsync(
            stop => source.AskAsync(reader => ObjectRights.ReadAsync(reader, stop), stop),
            stop => target.AskAsync(reader => ObjectRights.ReadAsync(reader, stop), stop), cancellationToken);
        var chosen = source.Chosen.Union(target.Chosen).Select(t => $"TABLE {Unquoted(t.Display)}").ToList();
        return [.. here.DifferencesTo(there, RightsWords.OfSides)
            .Where(d => options.Tables.Count == 0
                || chosen.Any(t => Unquoted(d.Key) == t || Unquoted(d.Key).StartsWith($"{t} (", StringComparison.Ordinal)))
            .Select(d => new ComparedItem(ComparedKind.Object, $"rights of {d.Key}", ComparedState.Different, null, null, d.Text))];

        static string Unquoted(string name) => name.Replace("\"", "", StringComparison.Ordinal);
    }

    static async Task TellRowsAsync(
        IReadOnlyList<ComparedItem> items, ComparedSide source, ComparedSide target, FingerprintMethod method, BothProgress progress,
        Action<RowDifference> onRow,
        CancellationToken cancellationToken)
    {
        var leavesOutDerived = source.Content.Locale!.DifferenceTo(target.Content.Locale!) is not null;
        var different = items.Where(i => i is { Kind: ComparedKind.Table, State: ComparedState.Different }).ToList();
        var (there, here) = await BothSides.RunAsync(
            stop => TablesAsync(source, stop), stop => TablesAsync(target, stop), cancellationToken);
        for (var i = 0; i < different.Count; i++)
        {
            var (name, rows) = (different[i].Name, Math.Max(different[i].SourceRows!.Value, different[i].TargetRows!.Value));
            progress.OnDetail(name, i, different.Count);
            // The same on both sides, so that both print the same.
            var path = there[name].Table.SearchPath ?? here[name].Table.SearchPath;
            var (sourceReaders, targetReaders) = await BothSides.RunAsync(
                stop => source.BeginReadingAsync(path, stop), stop => target.BeginReadingAsync(path, stop), cancellationToken);
            await foreach (var row in RowDetails.ReadAsync(
                SharedTable.Of(there[name], here[name], rows), method, sourceReaders, targetReaders, cancellationToken))
                onRow(row);
            await TaskGroup.RunAsync(cancellationToken, source.EndReadingAsync, target.EndReadingAsync);
        }

        async Task<Dictionary<string, KeyedTable>> TablesAsync(ComparedSide side, CancellationToken stop)
        {
            var tables = await side.AskAsync(reader => KeyedTable.ReadAsync(reader, CatalogFilter.None, stop), stop);
            return tables.ToDictionary(t => t.Name, t => leavesOutDerived ? t with { Table = t.Table.WithoutDerived() } : t);
        }
    }

    /// <summary>How far both sides are together.</summary>
    /// <param name="isDetailed">Whether finding the tables that differ is only the first half.</param>
    sealed class BothProgress(Action<ComparisonProgress>? onProgress, bool isDetailed)
    {
        readonly Lock _gate = new();
        readonly double _share = isDetailed ? 0.5 : 1;
        (double Fraction, long Rows, long Bytes) _source, _target;

        public void OnSource(string table, int done, int all, TableFingerprint? read) => Tell(ref _source, table, done, all, read);

        public void OnTarget(string table, int done, int all, TableFingerprint? read) => Tell(ref _target, table, done, all, read);

        /// <summary>The rows of a table are looked for.</summary>
        public void OnDetail(string table, int done, int all) =>
            onProgress?.Invoke(new ComparisonProgress(
                table, _share + (1 - _share) * done / all, _source.Rows + _target.Rows, _source.Bytes + _target.Bytes));

        void Tell(ref (double Fraction, long Rows, long Bytes) side, string table, int done, int all, TableFingerprint? read)
        {
            lock (_gate)
            {
                side = ((double)done / all, side.Rows + (read?.Rows ?? 0), side.Bytes + (read?.Bytes ?? 0));
                onProgress?.Invoke(new ComparisonProgress(
                    table, _share * (_source.Fraction + _target.Fraction) / 2, _source.Rows + _target.Rows, _source.Bytes + _target.Bytes));
            }
        }
    }
}
