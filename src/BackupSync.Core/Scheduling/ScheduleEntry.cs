using System.Globalization;
using System.Text.Json.Serialization;
using BackupSync.Runs;

namespace BackupSync.Scheduling;

/// <summary>A schedule: what ran last, when it comes due, and whether it is paused. Times are in UTC but where something else is said.</summary>
public sealed record ScheduleEntry
{
    public required string Name { get; init; }
    public required ScheduleKind Kind { get; init; }

    /// <summary>As the configuration has it: <c>0 6,18 * * * UTC</c>, <c>every 5m 00s</c>.</summary>
    public required string Schedule { get; init; }
    public required string TimeZone { get; init; }

    /// <summary>When its last run began; of a plan's, the latest of all databases.</summary>
    public DateTimeOffset? LastRun { get; init; }
    public RunOutcome? LastOutcome { get; init; }

    /// <summary>The next times, the pause left out of account.</summary>
    public required IReadOnlyList<DateTimeOffset> Next { get; init; }

    /// <summary>The same as clocks in its zone show them.</summary>
    public required IReadOnlyList<DateTimeOffset> NextLocal { get; init; }

    public SchedulePause? Pause { get; init; }

    [JsonIgnore]
    public bool IsPaused => Pause is not null;

    /// <summary>The next times in a few characters, the day where it is another: <c>12-01 18:00, 12-02 06:00, 18:00</c>.</summary>
    [JsonIgnore]
    public string NextTimes => Short(Next);

    /// <summary>Empty where the zone is UTC.</summary>
    [JsonIgnore]
    public string NextLocalTimes => NextLocal.All(t => t.Offset == TimeSpan.Zero) ? "" : Short(NextLocal);

    /// <summary>What holds it back; empty where nothing does.</summary>
    [JsonIgnore]
    public string Paused => Pause?.ToString() ?? "";

    public override string ToString() => $"{Name}: {Schedule}, {(IsPaused ? Paused : $"next {NextTimes}")}";

    static string Short(IReadOnlyList<DateTimeOffset> times) => string.Join(", ", times.Select((time, i) =>
        time.ToString(i > 0 && times[i - 1].Date == time.Date ? "HH:mm" : "MM-dd HH:mm", CultureInfo.InvariantCulture)));
}
