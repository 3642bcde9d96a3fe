using System.Globalization;
using BackupSync.Application.Views;
using BackupSync.Runs;

namespace BackupSync.Cli.Display;

/// <summary>A run from its first event to the tables at its end, in the form that the output calls for.</summary>
static class RunView
{
    public static async Task<RunResult> ShowAsync(bool json, Func<IRunObserver, Task<RunResult>> run)
    {
        Screen.TellsOfRuns = true;
        if (json)
        {
            var result = await run(new PlainProgress(Console.Error));
            Json.WriteLine(result);
            return result;
        }

        var shown = Screen.IsLive
            ? await LiveProgress.Create(Screen.Live).StartAsync(context => run(new LiveProgress(Screen.Live, context)))
            : await run(new PlainProgress(Console.Out));
        ShowResult(shown);
        return shown;
    }

    public static void ShowPlan(string title, IReadOnlyList<PlannedStep> steps, bool json)
    {
        if (json)
        {
            Json.Write(steps);
            return;
        }
        Screen.Heading($"What if: {title}");
        ViewTable.Show(ResultViews.Plan, steps);
    }

    static void ShowResult(RunResult result)
    {
        Screen.WriteLine();
        TablesOfRun.Show(result.Tables);
        Facts.Show(FactsOf(result));
        ShowError(result.Job, result);
    }

    static IEnumerable<(string Label, Cell Value)> FactsOf(RunResult result)
    {
        yield return ("Outcome", Cell.Of(CellForm.State, result.Outcome));
        yield return Fact("Run", $"{result.RunId}, {result.Source} → {result.Target}"
            + (result.Mode is { } mode ? $", {mode.ToString().ToLowerInvariant()}" : "")
            + (result.Publish is null ? "" : $", published by {result.Publish.ToLowerInvariant()}")
            + (result.Forced ? ", forced" : ""));
        if (result.Success)
            yield return Fact("Summary", result.Summary);
        if (result.SourceBackup is { } source)
            yield return Fact("Source backup", $"{source.Path} ({ByteSizes.Show(source.Size)})");
        if (result.SafetyBackup is { } safety)
            yield return Fact("Safety backup", $"{safety.Path} ({ByteSizes.Show(safety.Size)})");
        if (result.Age is { } age)
            yield return Fact("Age of copy", $"{Durations.Show(age)} (RPO): {result.Source} as of "
                + string.Create(CultureInfo.InvariantCulture, $"{result.SnapshotTime!.Value.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z"));
        if (result.Recovery is { } recovery)
        {
            yield return ("Recovered in", Cell.Of(CellForm.State, recovery.RecoveredIn));
            yield return ("Age of data", Cell.Of(CellForm.State, recovery.DataAge));
        }
        if (result.LeftOut.Count > 0)
            yield return ("Left out", new Cell(
                $"{result.LeftOut.Count}, for the server refused them (the warnings say why): "
                    + Printable.Line(NameList.Of(result.LeftOut)),
                CellTone.Doubtful));

        static (string, Cell) Fact(string label, string value) => (label, Cell.Of(CellForm.Text, value));
    }

    /// <param name="name">What the run is called in its message.</param>
    public static void ShowError(string name, RunResult result)
    {
        if (result.Error is not { } error)
            return;
        var where = error.Step is { } step ? $"{step}: " : "";
        Failures.Show($"{name}: {where}{error.Message} ({error.Id})", error.Detail, error.Advice);
        if (!string.IsNullOrWhiteSpace(error.Rollback))
            Failures.Line("Target", Spelling.InCommands(error.Rollback), "olive");
    }
}
