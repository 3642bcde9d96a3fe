using System.Text.Json;
using BackupSync.Files;
using BackupSync.Runs;

namespace BackupSync.Scheduling;

/// <summary>A run that was begun; it stands until the run is known to have ended.</summary>
/// <param name="Due">When it was due.</param>
/// <param name="At">When it was begun, by this machine's clock: its records are no older.</param>
sealed record ScheduleClaim(DateTimeOffset Due, DateTimeOffset At);

/// <summary>How far a schedule has been followed.</summary>
/// <param name="Considered">All that was due up to then was run, or left out and told.</param>
sealed record ScheduleProgress(DateTimeOffset Considered, ScheduleClaim? Claim)
{
    /// <summary>The schedule that was followed, as it is shown; null where that was not noted yet.</summary>
    public string? Schedule { get; init; }

    /// <summary>What was due while the run before went on, and waits for its end; null where nothing does.</summary>
    public DateTimeOffset? Waiting { get; init; }

    /// <summary>When this was noted, by the clock of who has noted it.</summary>
    public DateTimeOffset? Noted { get; init; }

    /// <summary>Whether it was noted after another of the same schedule; null where neither tells.</summary>
    public bool? IsLaterThan(ScheduleProgress other) => Considered != other.Considered ? Considered > other.Considered
        : Noted != other.Noted && Noted is { } noted && other.Noted is { } before ? noted > before
        : null;
}

/// <summary>
/// How far the schedules were followed, on the disk before a run begins: who is killed and begins again knows what was due meanwhile, and
/// which run has ended without a record.
/// </summary>
sealed class ScheduleMemory(string stateFolder)
{
    readonly StateFile<Dictionary<string, ScheduleProgress>> _file = new(Path.Combine(stateFolder, "schedules.json"));

    public IReadOnlyDictionary<string, ScheduleProgress> Read() => _file.Read();

    /// <summary>
    /// A file that is torn is written anew: what it said is lost either way. What another service has noted after what is known here
    /// stays: a process that was stopped for a while goes on in the middle, and must not bring back what was before.
    /// </summary>
    /// <param name="known">What this service has noted last; null for nothing.</param>
    /// <returns>What is noted now.</returns>
    public ScheduleProgress Set(string key, ScheduleProgress progress, ScheduleProgress? known) => _file.Change(all =>
    {
        if (known is null || !(all.TryGetValue(key, out var noted) && noted?.IsLaterThan(known) == true))
            all[key] = progress;
        return all;
    }, isTornReplaced: true)[key];

    public void Forget(IEnumerable<string> keys) => _file.Change(all =>
    {
        foreach (var key in keys)
            all.Remove(key);
        return all;
    }, isTornReplaced: true);

    /// <summary>The same as a text, for who has another state folder.</summary>
    public static string Format(IReadOnlyDictionary<string, ScheduleProgress> progress) =>
        JsonSerializer.Serialize(progress.OrderBy(p => p.Key, StringComparer.Ordinal).ToDictionary(), JsonFormat.Indented);

    /// <summary>What is no such text tells nothing.</summary>
    public static IReadOnlyDictionary<string, ScheduleProgress> Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, ScheduleProgress>>(text, JsonFormat.Indented) ?? [];
        }
        catch (JsonException)
        {
            return new Dictionary<string, ScheduleProgress>();
        }
    }

    /// <summary>
    /// The records of an item for which a run that was begun has left no end. One that was stopped, by who stops the service, has not
    /// done what was due; and one whose record cannot be read may not have.
    /// </summary>
    public static IReadOnlyList<ScheduledRecord> Unfinished(ScheduleItem item, ScheduleClaim claim) =>
        [.. item.Records.Where(r => !HasEnded(r, claim))];

    static bool HasEnded(ScheduledRecord record, ScheduleClaim claim)
    {
        try
        {
            return record.Latest() is { } latest && latest.Last.StartTime >= claim.At
                && latest.Last.Outcome is not (RunOutcome.Cancelled or RunOutcome.DidNotEnd);
        }
        catch (BackupSyncException)
        {
            return false;
        }
    }
}
