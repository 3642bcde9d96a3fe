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
        _bar = context.AddTask(Describe("waiting"), autoStart: false, maxValue: 1);
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
                _bar.Description = Describe($"{step}");
                break;
            case StepProgress progress:
                _bar.Description = Describe($"{progress.Step}  {StepStatus.Of(progress, Room - $"{progress.Step}  ".Length)}");
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
        _bar.Description = Describe(result switch
        {
            { Success: false } => $"{result.Outcome}",
            { Kind: RunKind.Backup, SourceBackup: { } backup } => $"{ByteSizes.Show(backup.Size)}, {Quantity.Of(backup.Rows, "row")}",
            _ => result.Steps.LastOrDefault(s => s.Note is not null)?.Note ?? "",
        });
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

    /// <summary>A row must stay in one line, or those below it jump.</summary>
    string Describe(string text) => $"{Markup.Escape(_name.PadRight(_nameWidth))} [grey]{Markup.Escape(Words.Fill(text, Room))}[/]";

    int Room => Math.Clamp(_console.Profile.Width - OtherColumns - _nameWidth - 1, 10, 70);
}
