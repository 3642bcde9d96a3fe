using BackupSync.Application.Views;
using BackupSync.Runs;
using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>One of several runs in a terminal: a row, whose bar is that of the step the run is at.</summary>
sealed class LiveRun : IRunObserver
{
    /// <summary>What the other columns and the gaps between them take.</summary>
    const int OtherColumns = 46;

    readonly IAnsiConsole _console;
    readonly ProgressTask _bar;
    readonly string _name;
    readonly int _nameWidth;

    /// <param name="nameWidth">Of the longest name among the runs.</param>
    public LiveRun(IAnsiConsole console, ProgressContext context, string name, int nameWidth)
    {
        (_console, _name, _nameWidth) = (console, name, nameWidth);
        _bar = context.AddTask(name, autoStart: false, maxValue: 1);
        Describe("waiting");
    }

    public void OnEvent(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case RunStarted:
                _bar.StartTask();
                break;
            case StepStarted { Step: var step }:
                _bar.Value = 0;
                _bar.IsIndeterminate = true;
                Describe($"{step}");
                break;
            case StepProgress progress:
                Describe($"{progress.Step}  {StepStatus.Of(progress, Room - $"{progress.Step}  ".Length)}");
                if (progress.Fraction is { } fraction)
                {
                    _bar.IsIndeterminate = false;
                    _bar.Value = Math.Min(fraction, 0.99);
                }
                break;
            case RunLog { Level: RunLogLevel.Warning } log:
                var warning = $"{_name}: {Spelling.InCommands(log.Message)}";
                foreach (var line in Line.Of(warning, Line.StyleOf(CellTone.Doubtful), _console.Profile.Width))
                    _console.Write(line);
                break;
            case RunEnded { Result: var result }:
                End(result);
                break;
        }
    }

    void End(RunResult result)
    {
        var note = result switch
        {
            { Success: false } => $"{result.Outcome}",
            { Kind: RunKind.Backup, SourceBackup: { } backup } => $"{ByteSizes.Show(backup.Size)}, {Quantity.Of(backup.Rows, "row")}",
            _ => result.Steps.LastOrDefault(s => s.Note is not null)?.Note ?? "",
        };
        Describe(note, isWhole: true);
        _bar.IsIndeterminate = false;
        StateColumn.Set(_bar, result.Outcome switch
        {
            RunOutcome.Succeeded => StepState.Succeeded,
            RunOutcome.Skipped or RunOutcome.Cancelled => StepState.Cancelled,
            _ => StepState.Failed,
        });
        if (result.Success)
            _bar.Value = 1;
        _bar.StopTask();
    }

    void Describe(string text, bool isWhole = false) => NoteColumn.Set(_bar, _name.PadRight(_nameWidth), text, Room, isWhole);

    int Room => Math.Clamp(_console.Profile.Width - OtherColumns - _nameWidth - 1, 10, 70);
}
