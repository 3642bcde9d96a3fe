using BackupSync.Runs;

namespace BackupSync.Scheduling;

/// <summary>What the scheduler does, for logs and alerts.</summary>
/// <param name="Time">In UTC.</param>
/// <param name="Name">Of the job or plan.</param>
public abstract record ScheduleEvent(DateTimeOffset Time, ScheduleKind Kind, string Name)
{
    /// <summary>As the subject of a sentence, such as <c>the plan nightly</c>.</summary>
    protected string What => $"the {Kind.ToString().ToLowerInvariant()} {Name}";
}

/// <summary>A run begins.</summary>
/// <param name="Due">When it was due; null where somebody has asked for it.</param>
/// <param name="Why">Why it begins now and not when it was due; null where it is on time.</param>
public sealed record ScheduledRunStarted(DateTimeOffset Time, ScheduleKind Kind, string Name, DateTimeOffset? Due, string? Why)
    : ScheduleEvent(Time, Kind, Name)
{
    public override string ToString() => $"{What} begins{(Why is null ? "" : $": {Why}")}";
}

/// <summary>A run has ended.</summary>
/// <param name="Results">One for each database; none where it could not even begin.</param>
/// <param name="Failure">Why it could not begin; null where it did.</param>
public sealed record ScheduledRunEnded(
    DateTimeOffset Time, ScheduleKind Kind, string Name, IReadOnlyList<RunResult> Results, Exception? Failure)
    : ScheduleEvent(Time, Kind, Name)
{
    public override string ToString() => $"{What} has ended: "
        + (Failure?.Message ?? string.Join("; ", Results.Select(r => r.Summary)));
}

/// <summary>A run that was due is left out.</summary>
/// <param name="Due">When it was due.</param>
/// <param name="Why">Such as <c>paused until 2026-12-01 08:30 UTC: migration</c>.</param>
public sealed record ScheduledRunSkipped(DateTimeOffset Time, ScheduleKind Kind, string Name, DateTimeOffset Due, string Why)
    : ScheduleEvent(Time, Kind, Name)
{
    /// <summary>Whether somebody has paused it, and knows that it does not run.</summary>
    internal bool IsPaused { get; init; }

    public override string ToString() => $"{What}, due at {Due.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, is left out: {Why}";
}

/// <summary>Something could not be noted or read.</summary>
/// <param name="IsHeld">Whether nothing is begun because of it; otherwise runs go on.</param>
public sealed record ScheduleWarning(DateTimeOffset Time, ScheduleKind Kind, string Name, string Message, bool IsHeld)
    : ScheduleEvent(Time, Kind, Name)
{
    public override string ToString() => $"{What}: {Message}";
}
