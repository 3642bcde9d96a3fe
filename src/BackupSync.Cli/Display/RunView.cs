using BackupSync.Runs;
using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>A run from its first event to the tables at its end, in the form that the output calls for.</summary>
static class RunView
{
    public static async Task<RunResult> ShowAsync(bool json, Func<IRunObserver, Task<RunResult>> run)
    {
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
        Screen.Write(Tables.Plan(steps));
    }

    static void ShowResult(RunResult result)
    {
        if (result.Tables.Count > 0)
            Screen.Write(result.Tables.All(t => t.Changes is not null) ? Tables.Changes(result.Tables) : Tables.Content(result.Tables));
        if (result.Steps.Count > 0)
            Screen.Write(Tables.Steps(result.Steps));

        var facts = new Grid().AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        void Fact(string name, Text value) => facts.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), value);
        Fact("Outcome", Tables.Outcome(result.Outcome));
        Fact("Run", Tables.Plain($"{result.RunId}, {result.Source} → {result.Target}, {Tables.Duration(result.DurationSeconds)}"
            + (result.Mode is { } mode ? $", {mode.ToString().ToLowerInvariant()}" : "")
            + (result.Publish is null ? "" : $", published by {result.Publish.ToLowerInvariant()}")
            + (result.Forced ? ", forced" : "")));
        if (result.SourceBackup is { } source)
            Fact("Source backup", Tables.Plain($"{source.Path} ({ByteSizes.Show(source.Size)})"));
        if (result.SafetyBackup is { } safety)
            Fact("Safety backup", Tables.Plain($"{safety.Path} ({ByteSizes.Show(safety.Size)})"));
        if (result.RpoSeconds is { } age)
            Fact(
                "Age of copy",
                Tables.Plain($"{Tables.Duration(age)} (RPO): {result.Source} as of {Tables.Time(result.SnapshotTime!.Value)} UTC"));
        if (result.Recovery is { } recovery)
        {
            Fact("Recovered in", RunTables.Against(recovery.Seconds, recovery.Rto, recovery.RtoMet));
            Fact("Age of data", RunTables.Against(recovery.DataAgeSeconds, recovery.Rpo, recovery.RpoMet));
        }
        if (result.LeftOut.Count > 0)
            Fact("Left out", Tables.Plain(
                $"{result.LeftOut.Count}, for the server refused them (the warnings say why): {NameList.Of(result.LeftOut)}",
                Color.Yellow));
        Screen.Write(facts);

        ShowError(result.Job, result);
    }

    /// <param name="name">What the run is called in its message.</param>
    public static void ShowError(string name, RunResult result)
    {
        if (result.Error is not { } error)
            return;
        var where = error.Step is { } step ? $"{step}: " : "";
        Failures.Show($"{name}: {where}{error.Message} ({error.Id})", error.Detail, error.Advice);
        if (!string.IsNullOrWhiteSpace(error.Rollback))
            Failures.Line("Target", Spelling.InCommands(error.Rollback), "yellow");
    }
}
