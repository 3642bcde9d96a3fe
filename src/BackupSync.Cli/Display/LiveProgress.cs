using BackupSync.Application.Views;
using BackupSync.Runs;
using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>A run in a terminal: a bar for each step, with the tables and rows it is at, and the operator's lines above them.</summary>
sealed class LiveProgress(IAnsiConsole console, ProgressContext context) : IRunObserver
{
    /// <summary>What the other columns and the gaps between them take.</summary>
    const int OtherColumns = 32;

    readonly Dictionary<RunStep, ProgressTask> _bars = [];

    public static Progress Create(IAnsiConsole console) => console.Progress()
        .AutoClear(false)
        .HideCompleted(false)
        .Columns(
            new StateColumn(),
            new NoteColumn(),
            new ProgressBarColumn { CompletedStyle = Color.Green, FinishedStyle = Color.Green, Width = BarWidth(console) },
            new ShareColumn(),
            new DurationColumn());

    public void OnEvent(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case StepStarted { Step: var step }:
                var bar = context.AddTask($"{step}", autoStart: false, maxValue: 1);
                NoteColumn.Set(bar, Head(step), "", Room);
                bar.StartTask();
                bar.IsIndeterminate = true;
                _bars[step] = bar;
                break;
            case StepProgress progress when _bars.TryGetValue(progress.Step, out var running):
                NoteColumn.Set(running, Head(progress.Step), StepStatus.Of(progress, Room), Room);
                if (progress.Fraction is { } fraction)
                {
                    running.IsIndeterminate = false;
                    running.Value = Math.Max(running.Value, Math.Min(fraction, 0.99));
                }
                break;
            case StepEnded { Result: var result } when _bars.TryGetValue(result.Step, out var ended):
                NoteColumn.Set(ended, Head(result.Step), result.Note ?? "", Room, isWhole: true);
                ended.IsIndeterminate = false;
                StateColumn.Set(ended, result.State);
                if (result.State == StepState.Succeeded)
                    ended.Value = 1;
                ended.StopTask();
                break;
            case RunLog { IsNoted: false } log:
                foreach (var line in Line.Of(Spelling.InCommands(log.Message), Style(log.Level), console.Profile.Width))
                    console.Write(line);
                break;
        }
    }

    static string Head(RunStep step) => $"{step,-14}";

    int Room => Math.Clamp(console.Profile.Width - OtherColumns - BarWidth(console), 10, 60);

    /// <summary>Where there is little room, what is done is worth more than a long bar.</summary>
    static int BarWidth(IAnsiConsole console) => console.Profile.Width < 100 ? 8 : 24;

    static Style Style(RunLogLevel level) => Line.StyleOf(level switch
    {
        RunLogLevel.Warning => CellTone.Doubtful,
        RunLogLevel.Error => CellTone.Bad,
        _ => CellTone.Plain,
    });
}
