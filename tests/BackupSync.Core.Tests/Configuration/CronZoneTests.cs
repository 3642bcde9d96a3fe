using BackupSync.Configuration;

namespace BackupSync.Tests.Configuration;

/// <summary>
/// What a schedule does where a clock is changed: for every zone that this machine knows, at each change from 2020 to 2035.
/// </summary>
[Trait("Needs", "nothing")]
public sealed class CronZoneTests
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    static readonly List<(TimeZoneInfo Zone, DateTimeOffset Change)> Changes = [.. AllChanges()];

    static List<TimeZoneInfo> DifferentZones()
    {
        var zones = new List<TimeZoneInfo>();
        foreach (var zone in TimeZoneInfo.GetSystemTimeZones())
        {
            if (!zones.Exists(z => z.HasSameRules(zone)))
                zones.Add(zone);
        }
        return zones;
    }

    [Theory]
    [InlineData("*/5 * * * *", 5)]
    [InlineData("*/20 * * * *", 20)]
    [InlineData("30 * * * *", 60)]
    [InlineData("0 */3 * * *", 180)]
    [InlineData("15 */6 * * *", 360)]
    [InlineData("40 */12 * * *", 720)]
    public void Intervals_are_never_further_apart_than_their_step(string cron, int minutes)
    {
        var step = TimeSpan.FromMinutes(minutes);
        foreach (var (zone, change) in Changes)
        {
            var runs = Runs(cron, zone, change - step - (2 * Minute), change + step + TimeSpan.FromHours(3));
            foreach (var (run, next) in runs.Zip(runs.Skip(1)))
                Assert.True(next - run <= step, $"{cron} in {zone.Id}: {run:u}, and then {next:u}");
            Assert.True(runs.Count > 1, zone.Id);
        }
    }

    /// <summary>The readings of the day's clock are what counts: a time that it has twice, or not at all, is once all the same.</summary>
    [Theory]
    [InlineData("30 0 * * *")]
    [InlineData("0 1 * * *")]
    [InlineData("30 1 * * *")]
    [InlineData("0 2 * * *")]
    [InlineData("15 2 * * *")]
    [InlineData("59 23 * * *")]
    [InlineData("0 3 * * *")]
    public void Times_come_once_in_each_day_of_their_zone(string cron)
    {
        foreach (var (zone, change) in Changes)
        {
            // What was jumped over was of the day that the clock had before: in Nuuk, in 2024, it went from 23:00 to the next day.
            DateTime LocalDay(DateTimeOffset moment) =>
                (TimeZoneInfo.ConvertTime(moment == change ? moment - Minute : moment, zone) + (moment == change ? Minute : default)).Date;
            var first = LocalDay(change - Day);
            var days = Runs(cron, zone, change - (3 * Day), change + (3 * Day)).Select(LocalDay)
                .Where(d => d >= first && d <= first + (2 * Day)).ToList();
            Assert.True(
                days.SequenceEqual([first, first + Day, first + (2 * Day)]),
                $"{cron} in {zone.Id} around {change:u}: {string.Join(", ", days)}");
        }
    }

    /// <summary>What is asked for with the minutes around a change gives the same times as a walk from long before it.</summary>
    [Theory]
    [InlineData("*/5 * * * *")]
    [InlineData("0 */3 * * *")]
    [InlineData("30 1,2 * * *")]
    public void The_next_time_does_not_depend_on_where_one_begins(string cron)
    {
        foreach (var (zone, change) in Changes.Where((_, i) => i % 7 == 0))
        {
            var schedule = CronSchedule.Parse(cron, zone);
            var runs = Runs(cron, zone, change - Day, change + (2 * Day));
            for (var moment = change - TimeSpan.FromHours(2); moment < change + TimeSpan.FromHours(3); moment += 7 * Minute)
            {
                var next = schedule.Next(moment)!.Value;
                Assert.True(next > moment, zone.Id);
                Assert.Equal(runs.First(r => r > moment), next);
            }
        }
    }

    static List<DateTimeOffset> Runs(string cron, TimeZoneInfo zone, DateTimeOffset from, DateTimeOffset until)
    {
        var schedule = CronSchedule.Parse(cron, zone);
        var runs = new List<DateTimeOffset>();
        for (var next = schedule.Next(from); next < until; next = schedule.Next(next.Value))
        {
            Assert.True(runs.Count == 0 || next > runs[^1], $"{cron} in {zone.Id} stands still at {next:u}");
            runs.Add(next.Value);
        }
        return runs;
    }

    /// <summary>The first minute of each new offset.</summary>
    static IEnumerable<(TimeZoneInfo Zone, DateTimeOffset Change)> AllChanges()
    {
        var first = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
        foreach (var zone in DifferentZones())
        {
            for (var hour = first; hour.Year < 2036; hour += TimeSpan.FromHours(6))
            {
                var until = hour + TimeSpan.FromHours(6);
                if (zone.GetUtcOffset(hour) == zone.GetUtcOffset(until))
                    continue;
                var change = hour;
                while (zone.GetUtcOffset(change) == zone.GetUtcOffset(hour))
                    change += Minute;
                yield return (zone, change);
            }
        }
    }
}
