namespace BackupSync.Configuration;

/// <summary>When jobs and backup plans run.</summary>
static class ScheduleReader
{
    /// <summary>Longer than anyone waits, and short enough for .NET's timers.</summary>
    public static readonly TimeSpan LongestLimit = TimeSpan.FromDays(30);

    static readonly TimeSpan LongestJitter = TimeSpan.FromHours(1);
    static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);

    public static ScheduleConfig Read(YamlSection schedule)
    {
        schedule.Alternatives(["cron", "every"], "a schedule has one of the two");
        var (hasCron, hasEvery) = (schedule.Has("cron"), schedule.Has("every"));
        var timeZone = ReadZone(schedule);
        return new ScheduleConfig
        {
            Cron = hasEvery ? null : ReadCron(schedule, timeZone, $"{CronExpression.Allowed}; or state every, such as 5m"),
            Every = hasEvery && !hasCron ? schedule.Duration("every", ShortestInterval, LongestLimit, minimum: ShortestInterval) : null,
            TimeZone = timeZone,
            MisfireGrace = schedule.Duration("misfireGrace", TimeSpan.FromMinutes(10), LongestLimit, minimum: TimeSpan.Zero),
            CatchUp = schedule.Choice("catchUp", CatchUp.One),
            Jitter = schedule.Duration("jitter", TimeSpan.Zero, LongestJitter, minimum: TimeSpan.Zero),
            Overlap = schedule.Choice("overlap", Overlap.Skip),
        };
    }

    public static TimeZoneInfo ReadZone(YamlSection schedule) => schedule.Value<TimeZoneInfo>(
        "timeZone", TimeZoneInfo.Utc,
        (string text, out TimeZoneInfo zone) => TimeZoneInfo.TryFindSystemTimeZoneById(text, out zone!),
        "UTC or the name of a time zone that this machine knows, such as Europe/Berlin",
        text => NearestName.Of(text, TimeZoneInfo.GetSystemTimeZones().Select(z => z.Id)));

    /// <param name="meaning">What it has to be, where it is missing.</param>
    public static string? ReadCron(YamlSection schedule, TimeZoneInfo timeZone, string meaning)
    {
        var cron = schedule.RequiredText("cron", meaning);
        if (cron is not null)
        {
            try
            {
                CronSchedule.Parse(cron, timeZone);
            }
            catch (FormatException e)
            {
                schedule.Report("cron", e.Message);
            }
        }
        return cron;
    }
}
