using System.Globalization;
using BackupSync.Application;
using BackupSync.Application.Views;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>A comparison from its beginning to the line at its end, in the form that the output calls for.</summary>
static class ComparisonView
{
    public static async Task<ComparisonResult> ShowAsync(
        DatabaseConfig source, DatabaseConfig target, ComparisonOptions options, bool json, CancellationToken cancellationToken)
    {
        Action<RowDifference> show = json ? Json.WriteLine : row => Screen.WriteWhole(Line(row));
        var isBarGone = new TaskCompletionSource();
        var hasRows = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var result = Screen.IsLive && !json
            ? await RunLiveAsync(progress => ComparisonRunner.RunAsync(source, target, options, progress, row =>
            {
                hasRows.TrySetResult();
                isBarGone.Task.Wait(cancellationToken);
                show(row);
            }, cancellationToken), hasRows.Task, isBarGone)
            : await RunPlainAsync(() => ComparisonRunner.RunAsync(source, target, options, onProgress: null, show, cancellationToken),
                $"comparing {source.Name} and {target.Name}", options.Detail || json);

        if (json && !options.Detail)
            Json.Write(result.Items);
        else if (!options.Detail)
            ViewTable.Show(ResultViews.Compared, result.Items, "There are no tables.");
        else
            foreach (var difference in result.BesideRows)
                Failures.Warn(difference);
        foreach (var note in result.Notes)
            Failures.Warn(note);
        // Rows and items are for whoever reads them; this is for whoever watches.
        (json ? Console.Error : Console.Out).WriteLine(Printable.Line(result.Summary));
        return result;
    }

    static Task<ComparisonResult> RunPlainAsync(Func<Task<ComparisonResult>> run, string what, bool toErrors)
    {
        var writer = toErrors ? Console.Error : Console.Out;
        writer.WriteLine($"{DateTime.UtcNow.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} {what}");
        writer.Flush();
        return run();
    }

    /// <summary>A bar until the first row comes, which it would be in the way of.</summary>
    static async Task<ComparisonResult> RunLiveAsync(
        Func<Action<ComparisonProgress>, Task<ComparisonResult>> run,
        Task hasRows,
        TaskCompletionSource isBarGone)
    {
        Task<ComparisonResult> running = null!;
        await LiveProgress.Create(Screen.Live).AutoClear(true).StartAsync(async context =>
        {
            var bar = context.AddTask("Compare", autoStart: false, maxValue: 1);
            NoteColumn.Set(bar, "Compare", "", Room);
            bar.StartTask();
            running = run(now =>
            {
                NoteColumn.Set(bar, "Compare", Status(now), Room);
                bar.Value = Math.Min(now.Fraction, 0.99);
            });
            await Task.WhenAny(running, hasRows);
        });
        isBarGone.SetResult();
        return await running;
    }

    static int Room => Math.Clamp(Screen.Width - 50, 10, 60);

    static string Status(ComparisonProgress now) => $"{now.Item}  {Quantity.Of(now.Rows, "row")}  {ByteSizes.Show(now.Bytes)}";

    /// <summary>One line whatever the key holds.</summary>
    static string Line(RowDifference row)
    {
        var rows = row.Rows > 1 ? string.Create(CultureInfo.InvariantCulture, $" ({row.Rows:N0} times)") : "";
        return $"{row.State,-10}  {row.Table,-30}  {row.Key}{rows}{(row.Columns.Length == 0 ? "" : $"  {row.Columns}")}";
    }
}
