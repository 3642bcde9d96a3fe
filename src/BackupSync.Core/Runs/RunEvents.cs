using System.Text.Json.Serialization;

namespace BackupSync.Runs;

/// <summary>The steps of a run, in the order in which they begin; a restore has some of them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunStep>))]
public enum RunStep
{
    Lock,
    Check,
    Guards,
    Statistics,

    /// <summary>An incremental run finds what has changed.</summary>
    Compare,
    Dump,
    SafetyBackup,
    Restore,

    /// <summary>An incremental run writes what has changed.</summary>
    Merge,
    Verify,
    Publish,
    CheckPublished,
    Rollback,
    CleanUp,

    /// <summary>A backup is read to its end or restored on trial.</summary>
    Prove,

    /// <summary>A backup is brought to another place, or its manifest there anew.</summary>
    Store,
}

public enum RunLogLevel
{
    Information,
    Warning,
    Error,
}

/// <summary>
/// What a run tells while it goes on. Progress bars, the log file, the history and cmdlet streams all hang on this one
/// stream; a run never knows who listens.
/// </summary>
public abstract record RunEvent
{
    /// <summary>When it happened, in UTC. Set by the run that tells it.</summary>
    public DateTimeOffset Time { get; init; }
}

public sealed record RunStarted(string RunId, string Job) : RunEvent;

/// <param name="Limit">How long the step may take; null where only the run's own limit holds.</param>
public sealed record StepStarted(RunStep Step, string Description, TimeSpan? Limit) : RunEvent;

/// <summary>How far a step is. At most a few a second.</summary>
/// <param name="Fraction">0 to 1; null where it cannot be told.</param>
/// <param name="Item">The table or file being worked on.</param>
/// <param name="Rows">Rows done so far of the item; in the step where none is named.</param>
/// <param name="OfRows">How many rows the item has; null where that is not known.</param>
/// <param name="Bytes">Bytes done so far in this step.</param>
public sealed record StepProgress(RunStep Step, double? Fraction, string? Item, long? Rows, long? OfRows, long? Bytes) : RunEvent;

public sealed record StepEnded(StepResult Result) : RunEvent;

/// <summary>A line for the operator: the Information and Warning streams, and the log file.</summary>
public sealed record RunLog(RunLogLevel Level, string Message) : RunEvent
{
    /// <summary>Whether the note of its step says the same: who shows that, leaves this out.</summary>
    public bool IsNoted { get; init; }
}

/// <summary>An earlier run of the same folder was found to have left no end: nobody was told of that one.</summary>
public sealed record EarlierRunUnended(RunResult Result) : RunEvent;

/// <summary>The last event of a run, however it ended.</summary>
public sealed record RunEnded(RunResult Result) : RunEvent;

public interface IRunObserver
{
    /// <summary>
    /// Called from any thread, one call at a time, in the order of events. The run goes on meanwhile, and ends when everything was
    /// read. An exception is told as a warning, once, and the next event comes nevertheless.
    /// </summary>
    void OnEvent(RunEvent runEvent);
}
