using BackupSync.Files;

namespace BackupSync.Scheduling;

/// <summary>That a schedule is paused.</summary>
/// <param name="Since">In UTC, as is <paramref name="Until"/>.</param>
/// <param name="Until">When it goes on by itself; null for when somebody says so.</param>
/// <param name="Because">Why, in the words of who has paused it.</param>
public sealed record SchedulePause(DateTimeOffset Since, DateTimeOffset? Until, string? Because)
{
    public bool IsOver(DateTimeOffset now) => Until <= now;

    /// <summary>Such as <c>paused until 2026-12-01 08:30 UTC: migration</c>.</summary>
    public override string ToString() =>
        $"paused {(Until is { } end ? $"until {end.UtcDateTime:yyyy-MM-dd HH:mm} UTC" : "until it is resumed")}"
            + (Because is null ? "" : $": {Because}");
}

/// <summary>Which schedules are paused: a file in the state folder, which heads change and the service reads.</summary>
sealed class Pauses(string stateFolder)
{
    readonly StateFile<Dictionary<string, SchedulePause>> _file = new(Path.Combine(stateFolder, "pauses.json"));

    /// <summary>Those that are not over, by the key of their item.</summary>
    public IReadOnlyDictionary<string, SchedulePause> At(DateTimeOffset now) => Current(_file.Read(), now);

    public void Set(IEnumerable<ScheduleItem> items, SchedulePause pause, DateTimeOffset now) => _file.Change(pauses =>
    {
        pauses = Current(pauses, now);
        foreach (var item in items)
            pauses[item.Key] = pause;
        return pauses;
    });

    public void Remove(IEnumerable<ScheduleItem> items, DateTimeOffset now) => _file.Change(pauses =>
    {
        pauses = Current(pauses, now);
        foreach (var item in items)
            pauses.Remove(item.Key);
        return pauses;
    });

    /// <summary>Those of them that are not over.</summary>
    public static Dictionary<string, SchedulePause> Current(IReadOnlyDictionary<string, SchedulePause> pauses, DateTimeOffset now) =>
        pauses.Where(p => p.Value?.IsOver(now) == false).ToDictionary();
}
