using System.Globalization;
using BackupSync.Runs;

namespace BackupSync.Cli.Display;

/// <summary>A run as lines, for logs: <c>06:00:12 Dump started</c>, times in UTC. Each is written as soon as it is true.</summary>
/// <param name="name">What each line begins with, where the lines of several runs mix.</param>
sealed class PlainProgress(TextWriter writer, string? name = null) : IRunObserver
{
    /// <summary>As wide as the time.</summary>
    const string Indentation = "         ";

    public void OnEvent(RunEvent runEvent)
    {
        if (Line(runEvent) is not { } line)
            return;
        writer.WriteLine($"{runEvent.Time.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} "
            + $"{(name is null ? "" : $"{name}: ")}{Printable.Indented(line, Indentation)}");
        writer.Flush();
    }

    string? Line(RunEvent runEvent) => runEvent is RunStarted started && name is null
        ? $"{started.Job}: run {started.RunId} started"
        : LineOf(runEvent);

    /// <summary>What is said of it behind the run's name; null for nothing.</summary>
    public static string? LineOf(RunEvent runEvent) => runEvent switch
    {
        RunStarted started => $"run {started.RunId} started",
        StepStarted started => $"{started.Step} started",
        StepEnded { Result: var step } => $"{step.Step} {Words(step.State)} "
            + $"{Durations.Show(step.Duration)}{(step.Note is null ? "" : $"  {step.Note}")}",
        RunLog { IsNoted: true } => null,
        RunLog { Level: RunLogLevel.Information } log => Spelling.InCommands(log.Message),
        RunLog log => $"{log.Level.ToString().ToUpperInvariant()}: {Spelling.InCommands(log.Message)}",
        _ => null,
    };

    static string Words(StepState state) => state switch
    {
        StepState.Succeeded => "done in",
        StepState.Cancelled => "stopped after",
        _ => "failed after",
    };
}
