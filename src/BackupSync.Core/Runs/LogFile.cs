using System.Globalization;
using System.Text;
using BackupSync.Files;

namespace BackupSync.Runs;

/// <summary>
/// Writes what a run tells to <c>backupsync.log</c> beside the job's backups, one line a fact, times in UTC:
/// <c>2025-10-18T06:00:12Z INFO  [railway-to-neon a1b2c3d4] …</c>; further lines of one message are indented.
/// </summary>
/// <param name="directory">The job's backup directory; made if it is missing.</param>
/// <param name="warn">Told once where the log cannot be written: the run itself goes on.</param>
sealed class LogFile(string directory, Action<string> warn) : IRunObserver
{
    public const string FileName = RecordNames.Log;

    /// <summary>The one before, kept when a log has grown over its limit.</summary>
    public const string PreviousFileName = RecordNames.PreviousLog;

    /// <summary>In bytes.</summary>
    internal long Limit { get; init; } = 10_000_000;

    /// <summary>Whoever else holds the log (an editor, a copy in progress) must not hold up the run.</summary>
    static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);

    readonly StringBuilder _pending = new();
    string _run = "-";
    bool _failing;
    bool _warned;

    public static string PathOf(string directory) => Path.Combine(directory, FileName);

    public void OnEvent(RunEvent runEvent)
    {
        if (runEvent is RunStarted started)
            _run = $"{started.Job} {started.RunId}";
        if (runEvent is RunEnded ended)
            _run = $"{ended.Result.Job} {ended.Result.RunId}";

        foreach (var (level, message) in Lines(runEvent))
            _pending.Append(Line(runEvent.Time, level, message));
        if (_pending.Length == 0)
            return;

        try
        {
            // What could not be written is tried again with the next lines.
            Append(Encoding.UTF8.GetBytes(_pending.ToString()));
            _pending.Clear();
            _failing = false;
        }
        catch (Exception e) when (FileFailure.Is(e) || e is BackupSyncException)
        {
            if (!_warned)
                warn("Lines are missing from the log: "
                    + $"{(e as BackupSyncException ?? FileFailure.From(e, PathOf(directory), "write")).Message}");
            _failing = _warned = true;
        }
    }

    static IEnumerable<(RunLogLevel Level, string Message)> Lines(RunEvent runEvent) => runEvent switch
    {
        RunStarted => [(RunLogLevel.Information, "Run started")],
        StepStarted s => [(RunLogLevel.Information, $"{s.Step} started: "
            + $"{s.Description}{(s.Limit is { } l ? $" (limit {Seconds(l.TotalSeconds)})" : "")}")],
        StepEnded { Result: var r } => [(Level(r.State),
            $"{r.Step} {Lower(r.State)} in {Seconds(r.DurationSeconds)}{(string.IsNullOrEmpty(r.Note) ? "" : $": {r.Note}")}")],
        RunLog log => [(log.Level, log.Message)],
        RunEnded { Result: var r } => [(Level(r.Outcome), $"Run ended: {r.Outcome} in {Seconds(r.DurationSeconds)}"), .. ErrorLines(r)],
        _ => [],
    };

    static IEnumerable<(RunLogLevel Level, string Message)> ErrorLines(RunResult result)
    {
        if (result.Error is not { } error)
            yield break;

        var level = Level(result.Outcome);
        yield return (level, $"{error.Id}{(error.Step is { } step ? $" in {step}" : "")}: {error.Message}");
        if (!string.IsNullOrWhiteSpace(error.Detail))
            yield return (level, $"Detail: {error.Detail}");
        if (!string.IsNullOrWhiteSpace(error.Rollback))
            yield return (level, $"Rollback: {error.Rollback}");
        if (!string.IsNullOrWhiteSpace(error.Advice))
            yield return (level, $"Advice: {error.Advice}");
    }

    static RunLogLevel Level(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Succeeded => RunLogLevel.Information,
        RunOutcome.Skipped or RunOutcome.Cancelled => RunLogLevel.Warning,
        _ => RunLogLevel.Error,
    };

    static RunLogLevel Level(StepState state) => state switch
    {
        StepState.Succeeded => RunLogLevel.Information,
        StepState.Cancelled => RunLogLevel.Warning,
        _ => RunLogLevel.Error,
    };

    static string Lower(StepState state) => state.ToString().ToLowerInvariant();

    static string Seconds(double seconds) => $"{seconds.ToString("0.0", CultureInfo.InvariantCulture)}s";

    string Line(DateTimeOffset time, RunLogLevel level, string message)
    {
        var word = level switch { RunLogLevel.Warning => "WARN ", RunLogLevel.Error => "ERROR", _ => "INFO " };
        var stamp = time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return $"{stamp} {word} [{Printable.Line(_run)}] {Printable.Indented(message.TrimEnd(), "    ")}\n";
    }

    void Append(byte[] lines)
    {
        PrivateFile.CreateFolder(directory);
        using var stream = PrivateFile.OpenExclusive(PathOf(directory), _failing ? TimeSpan.Zero : Wait);
        if (stream.Length + lines.Length > Limit && stream.Length > 0)
            MoveToPrevious(stream);
        PrivateFile.AppendWhole(stream, lines);
    }

    /// <summary>Copies instead of renaming: the file stays the one that other processes wait for, so none of them rotates again.</summary>
    void MoveToPrevious(FileStream stream)
    {
        using (var previous = PrivateFile.OpenExclusive(Path.Combine(directory, PreviousFileName)))
        {
            previous.SetLength(0);
            stream.Seek(0, SeekOrigin.Begin);
            stream.CopyTo(previous);
        }
        stream.SetLength(0);
    }
}
