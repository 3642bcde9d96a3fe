using System.Globalization;
using BackupSync.Application.Views;
using BackupSync.Runs;
using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>A run in a terminal: a bar for each step, with the tables and rows it is at, and the operator's lines above them.</summary>
sealed class LiveProgress(IAnsiConsole console, ProgressContext context) : IRunObserver
{
    readonly Dictionary<RunStep, ProgressTask> _bars = [];

    public static Progress Create(IAnsiConsole console) => console.Progress()
        .AutoClear(false)
        .HideCompleted(false)
        .Columns(
            new StateColumn(),
            new TaskDescriptionColumn { Alignment = Justify.Left },
            new ProgressBarColumn { CompletedStyle = Color.Green, FinishedStyle = Color.Green, Width = 24 },
            new PercentageColumn(),
            new DurationColumn());

    public void OnEvent(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case StepStarted { Step: var step }:
                var bar = context.AddTask(Describe(step, null), autoStart: true, maxValue: 1);
                bar.IsIndeterminate = true;
                _bars[step] = bar;
                break;
            case StepProgress progress when _bars.TryGetValue(progress.Step, out var running):
                running.Description = Describe(progress.Step, Status(progress));
                if (progress.Fraction is { } fraction)
                {
                    running.IsIndeterminate = false;
                    running.Value = Math.Max(running.Value, Math.Min(fraction, 0.99));
                }
                break;
            case StepEnded { Result: var result } when _bars.TryGetValue(result.Step, out var ended):
                ended.Description = Describe(result.Step, result.Note);
                ended.IsIndeterminate = false;
                StateColumn.Set(ended, result.State);
                if (result.State == StepState.Succeeded)
                    ended.Value = 1;
                ended.StopTask();
                break;
            case RunLog log:
                foreach (var line in Line.Of(Spelling.InCommands(log.Message), Style(log.Level), console.Profile.Width))
                    console.Write(line);
                break;
        }
    }

    /// <summary>A bar's text must stay in one line, or the bars below it jump.</summary>
    string Describe(RunStep step, string? note)
    {
        // What the other columns and the gaps between them take.
        var width = Math.Clamp(console.Profile.Width - 60, 10, 60);
        var text = Printable.Line(note?.ReplaceLineEndings(" ") ?? "");
        var cut = text.Length > width ? text[..(width - 1)] + "…" : text.PadRight(width);
        return $"{step,-14} [grey]{Markup.Escape(cut)}[/]";
    }

    public static string Status(StepProgress progress)
    {
        var parts = new List<string>(3);
        if (progress.Item is { Length: > 0 } item)
            parts.Add(item);
        if (progress.Rows is { } rows)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows"));
        if (progress.Bytes is { } bytes)
            parts.Add(ByteSizes.Show(bytes));
        return string.Join("  ", parts);
    }

    static Style Style(RunLogLevel level) => Line.StyleOf(level switch
    {
        RunLogLevel.Warning => CellTone.Doubtful,
        RunLogLevel.Error => CellTone.Bad,
        _ => CellTone.Plain,
    });
}
