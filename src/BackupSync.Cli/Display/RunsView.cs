using BackupSync.Runs;

namespace BackupSync.Cli.Display;

/// <summary>Several runs from their first event to the table at their end, in the form that the output calls for.</summary>
static class RunsView
{
    /// <param name="names">Of the runs, in their order.</param>
    /// <param name="run">Given an observer for each, and whom to tell of each result.</param>
    /// <param name="showTable">Shows what came of them.</param>
    public static async Task<IReadOnlyList<RunResult>> ShowAsync(
        bool json, IReadOnlyList<string> names, Func<IReadOnlyList<IRunObserver>, Action<RunResult>, Task<IReadOnlyList<RunResult>>> run,
        Action<IReadOnlyList<RunResult>> showTable)
    {
        Screen.TellsOfRuns = true;
        if (json)
            return await run([.. names.Select(n => new PlainProgress(Console.Error, n))], Json.WriteLine);

        var width = names.Max(n => n.Length);
        var results = Screen.IsLive
            ? await LiveProgress.Create(Screen.Live)
                .StartAsync(context => run([.. names.Select(n => new LiveRun(Screen.Live, context, n, width))], _ => { }))
            : await run([.. names.Select(n => new PlainProgress(Console.Out, n))], _ => { });
        showTable(results);
        foreach (var (name, result) in names.Zip(results))
            RunView.ShowError(name, result);
        return results;
    }

    /// <summary>The same for runs one after the other. Those that have not begun when the program is stopped have no result.</summary>
    public static async Task<IReadOnlyList<RunResult>> ShowEachAsync<T>(
        bool json, IReadOnlyList<string> names, IReadOnlyList<T> items, Func<T, IRunObserver, Task<RunResult>> run,
        Action<IReadOnlyList<RunResult>> showTable,
        CancellationToken cancellationToken)
    {
        if (items.Count == 0)
            return [];
        var results = await ShowAsync(json, names, async (observers, onResult) =>
        {
            var results = new List<RunResult>();
            foreach (var (item, observer) in items.Zip(observers))
            {
                if (cancellationToken.IsCancellationRequested)
                    break;
                results.Add(await run(item, observer));
                onResult(results[^1]);
            }
            return results;
        }, showTable);
        // Stopped between two runs, none of them tells so.
        if (results.Count < items.Count)
            cancellationToken.ThrowIfCancellationRequested();
        return results;
    }
}
