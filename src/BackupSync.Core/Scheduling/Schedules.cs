using System.Globalization;
using System.Text.Json.Serialization;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Scheduling;

/// <summary>The schedules of a configuration: when they come due, and what pauses them. Nothing is connected to.</summary>
public static class Schedules
{
    const int NextTimes = 3;

    /// <param name="names">Of jobs and plans; all that have a schedule where none is named.</param>
    /// <exception cref="BackupSyncException">A name is unknown or has no schedule, or a record cannot be read.</exception>
    public static IReadOnlyList<ScheduleEntry> Read(
        BackupSyncConfig config, IReadOnlyList<string> names, TimeProvider clock, Action<string> warn)
    {
        var now = clock.GetUtcNow();
        var pauses = new Pauses(config.Service.State).At(now);
        return [.. Select(config, names).Select(i => EntryOf(i, pauses.GetValueOrDefault(i.Key), now, warn))];
    }

    /// <param name="until">When they go on by themselves; null for when <see cref="Resume"/> is called.</param>
    /// <param name="because">Why; shown wherever the schedule is.</param>
    /// <returns>How they stand now.</returns>
    public static IReadOnlyList<ScheduleEntry> Pause(
        BackupSyncConfig config, IReadOnlyList<string> names, DateTimeOffset? until, string? because, TimeProvider clock,
        Action<string> warn)
    {
        var now = clock.GetUtcNow();
        if (until <= now)
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid, $"The pause would have ended at {until.Value.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC.",
                "Name a moment to come.");
        // A URL that is named as the reason must not end up in a file and on a page.
        var pause = new SchedulePause(now, until?.ToUniversalTime(), because is null ? null : AddressText.Scrub(because));
        new Pauses(config.Service.State).Set(Select(config, names), pause, now);
        return Read(config, names, clock, warn);
    }

    /// <returns>How they stand now.</returns>
    public static IReadOnlyList<ScheduleEntry> Resume(
        BackupSyncConfig config, IReadOnlyList<string> names, TimeProvider clock, Action<string> warn)
    {
        new Pauses(config.Service.State).Remove(Select(config, names), clock.GetUtcNow());
        return Read(config, names, clock, warn);
    }

    /// <summary>The next times one by one, with what a change of the zone's clock does to them.</summary>
    public static IReadOnlyList<ScheduleTime> Explain(
        BackupSyncConfig config, IReadOnlyList<string> names, int count, TimeProvider clock)
    {
        var times = new List<ScheduleTime>();
        foreach (var item in Select(config, names))
        {
            var zone = item.Schedule.TimeZone;
            var before = TimeZoneInfo.ConvertTime(clock.GetUtcNow(), zone);
            foreach (var time in Next(item.Schedule, clock.GetUtcNow(), count))
            {
                var local = TimeZoneInfo.ConvertTime(time, zone);
                times.Add(new ScheduleTime(item.Name, time, local, local.Offset == before.Offset ? null
                    : $"the clock of {zone.Id} was set {(local.Offset > before.Offset ? "forward" : "back")} by "
                        + $"{Durations.Show((local.Offset - before.Offset).Duration())} since"));
                before = local;
            }
        }
        return times;
    }

    /// <summary>The names that can be said.</summary>
    public static IEnumerable<string> KnownNames(BackupSyncConfig config) => ScheduleItem.Of(config).Select(i => i.Name).Distinct();

    /// <summary>The jobs and plans of names.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>; the nearest is given.</exception>
    public static (IReadOnlyList<JobConfig> Jobs, IReadOnlyList<BackupPlanConfig> Plans) Chosen(
        BackupSyncConfig config, IReadOnlyList<string> names)
    {
        var items = Select(config, names);
        return ([.. items.Select(i => i.Job).OfType<JobConfig>()], [.. items.Select(i => i.Plan).OfType<BackupPlanConfig>()]);
    }

    /// <summary>The name itself, where something that has a schedule is called so.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>; the nearest is given.</exception>
    public static string Known(BackupSyncConfig config, string name)
    {
        if (KnownNames(config).Contains(name))
            return name;
        List<string> all = [.. config.Jobs.Select(j => j.Name), .. config.BackupPlans.Select(p => p.Name)];
        throw all.Contains(name)
            ? new BackupSyncException(
                ErrorIds.UnknownName, $"{name} has no schedule in {config.Path}.",
                "Add one, such as schedule: { cron: \"0 6,18 * * *\" }.")
            : config.Unknown("job or backup plan", name, all);
    }

    /// <summary>Those of names, or all.</summary>
    internal static IReadOnlyList<ScheduleItem> Select(BackupSyncConfig config, IReadOnlyList<string> names)
    {
        foreach (var name in names)
            _ = Known(config, name);
        var items = ScheduleItem.Of(config);
        return names.Count == 0 ? items : [.. items.Where(i => names.Contains(i.Name))];
    }

    internal static IEnumerable<DateTimeOffset> Next(ScheduleConfig schedule, DateTimeOffset after, int count)
    {
        for (var next = schedule.Next(after); next is { } time && count > 0; count--, next = schedule.Next(time))
            yield return time;
    }

    static ScheduleEntry EntryOf(ScheduleItem item, SchedulePause? pause, DateTimeOffset now, Action<string> warn)
    {
        // Scripts say $schedule.Next[0], which a list that the compiler makes does not understand.
        var next = Next(item.Schedule, now, NextTimes).ToArray();
        var last = item.Records.Select(r => LatestOf(r, warn)).OfType<LatestRun>().MaxBy(r => r.Last.StartTime);
        return new ScheduleEntry
        {
            Name = item.Name,
            Kind = item.Kind,
            Schedule = item.Schedule.ToString(),
            TimeZone = item.Schedule.TimeZone.Id,
            LastRun = last?.Last.StartTime,
            LastOutcome = last?.Last.Outcome,
            Next = next,
            NextLocal = next.Select(t => TimeZoneInfo.ConvertTime(t, item.Schedule.TimeZone)).ToArray(),
            Pause = pause,
        };
    }

    static LatestRun? LatestOf(ScheduledRecord record, Action<string> warn)
    {
        try
        {
            return record.Latest();
        }
        catch (BackupSyncException failure)
        {
            warn(failure.Message);
            return null;
        }
    }
}

/// <summary>One time of a schedule.</summary>
/// <param name="Time">In UTC.</param>
/// <param name="Local">The same as clocks in its zone show it.</param>
/// <param name="Note">What became of the zone's clock since the time before; null where nothing did.</param>
public sealed record ScheduleTime(string Name, DateTimeOffset Time, DateTimeOffset Local, string? Note)
{
    /// <summary><see cref="Local"/>, to be shown: <c>2026-10-25 02:30 +01:00</c>.</summary>
    [JsonIgnore]
    public string LocalTime => Local.ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture);
}
