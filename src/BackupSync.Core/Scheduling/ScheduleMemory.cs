using BackupSync.Files;
using BackupSync.Runs;

namespace BackupSync.Scheduling;

/// <summary>A run that was begun; it stands until the run is known to have ended.</summary>
/// <param name="Due">When it was due.</param>
/// <param name="At">When it was begun, by this machine's clock: its records are no older.</param>
sealed record ScheduleClaim(DateTimeOffset Due, DateTimeOffset At);

/// <summary>How far a schedule has been followed.</summary>
/// <param name="Considered">All that was due up to then was run, or left out and told.</param>
sealed record ScheduleProgress(DateTimeOffset Considered, ScheduleClaim? Claim);

/// <summary>
/// How far the schedules were followed, on the disk before a run begins: who is killed and begins again knows what was due meanwhile, and
/// which run has ended without a record.
/// </summary>
sealed class ScheduleMemory(string stateFolder)
{
    readonly StateFile<Dictionary<string, ScheduleProgress>> _file = new(Path.Combine(stateFolder, "schedules.json"));

    public IReadOnlyDictionary<string, ScheduleProgress> Read() => _file.Read();

    public void Set(string key, ScheduleProgress progress) => _file.Change(all =>
    {
        all[key] = progress;
        return all;
    });

    /// <summary>
    /// The records of an item for which a run that was begun has left no end. One that was stopped, by who stops the service, has not
    /// done what was due.
    /// </summary>
    public static IReadOnlyList<ScheduledRecord> Unfinished(ScheduleItem item, ScheduleClaim claim) =>
        [.. item.Records.Where(r => r.Latest() is not { } latest || latest.Last.StartTime < claim.At
            || latest.Last.Outcome is RunOutcome.Cancelled or RunOutcome.DidNotEnd)];
}
