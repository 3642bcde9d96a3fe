namespace BackupSync.Configuration;

/// <summary>When jobs and backup plans run.</summary>
static class ScheduleReader
{
    /// <summary>Longer than anyone waits, and short enough for .NET's timers.</summary>
    public static readonly TimeSpan LongestLimit = TimeSpan.FromDays(30);

    public static ScheduleConfig Read(YamlSection schedule)
    {
        var timeZone = schedule.Value<TimeZoneInfo>(
            "timeZone", TimeZoneInfo.Utc,
            (string text, out TimeZoneInfo zone) => TimeZoneInfo.TryFindSystemTimeZoneById(text, out zone!),
            "UTC or the name of a time zone that this machine knows, such as Europe/Berlin",
            text => NearestName.Of(text, TimeZoneInfo.GetSystemTimeZones().Select(z => z.Id)));
        var cron = schedule.RequiredText("cron", CronSchedule.Allowed);
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
        return new ScheduleConfig
        {
            Cron = cron ?? "",
            TimeZone = timeZone,
            MisfireGrace = schedule.Duration("misfireGrace", TimeSpan.FromMinutes(10), LongestLimit, zeroAllowed: true),
        };
    }
}
