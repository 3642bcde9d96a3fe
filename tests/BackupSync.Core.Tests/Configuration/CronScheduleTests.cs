using System.Globalization;
using BackupSync.Configuration;

namespace BackupSync.Tests.Configuration;

[Trait("Needs", "nothing")]
public sealed class CronScheduleTests
{
    /// <summary>A Wednesday.</summary>
    const string Start = "2026-07-01T00:00:00Z";

    static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("0 6,18 * * *", "2026-07-01T06:00:00Z", "2026-07-01T18:00:00Z")]
    [InlineData("15 6,18 * * *", "2026-07-01T06:15:00Z", "2026-07-01T18:15:00Z")]
    [InlineData("*/20 * * * *", "2026-07-01T00:20:00Z", "2026-07-01T00:40:00Z")]
    [InlineData("5/20 * * * *", "2026-07-01T00:05:00Z", "2026-07-01T00:25:00Z")]
    [InlineData("0 2-4 * * *", "2026-07-01T02:00:00Z", "2026-07-01T03:00:00Z")]
    [InlineData("0 0 * * 0", "2026-07-05T00:00:00Z", "2026-07-12T00:00:00Z")]
    [InlineData("0 0 * * 7", "2026-07-05T00:00:00Z", "2026-07-12T00:00:00Z")]
    [InlineData("0 0 * * sun", "2026-07-05T00:00:00Z", "2026-07-12T00:00:00Z")]
    [InlineData("0 0 * * 5-7", "2026-07-03T00:00:00Z", "2026-07-04T00:00:00Z")]
    [InlineData("0 0 * * FRI-SUN", "2026-07-03T00:00:00Z", "2026-07-04T00:00:00Z")]
    [InlineData("0 0 * * 1-5", "2026-07-02T00:00:00Z", "2026-07-03T00:00:00Z")]
    [InlineData("0 0 15 * *", "2026-07-15T00:00:00Z", "2026-08-15T00:00:00Z")]
    [InlineData("0 0 4 * 0", "2026-07-04T00:00:00Z", "2026-07-05T00:00:00Z")] // either will do, as in crontab
    [InlineData("0 0 */2 * 1", "2026-07-13T00:00:00Z", "2026-07-27T00:00:00Z")] // a * in front asks for both: odd days that are Mondays
    [InlineData("0 0 1-7 * */7", "2026-07-05T00:00:00Z", "2026-08-02T00:00:00Z")]
    [InlineData("0 0 *,10 * 1", "2026-07-06T00:00:00Z", "2026-07-13T00:00:00Z")]
    [InlineData("0 0 4,* * 1", "2026-07-02T00:00:00Z", "2026-07-03T00:00:00Z")]
    [InlineData("0 0 */1 * 1", "2026-07-06T00:00:00Z", "2026-07-13T00:00:00Z")]
    [InlineData("59 23 29 2 */7", "2032-02-29T23:59:00Z", "2060-02-29T23:59:00Z")]
    [InlineData("* * */31 2 1", "2027-02-01T00:00:00Z", "2027-02-01T00:01:00Z")]
    [InlineData("0 0 1 JAN,dec *", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("0 0 29 2 *", "2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z")]
    public void Times_are_those_of_crontab(string cron, string first, string second)
    {
        var schedule = CronSchedule.Parse(cron, TimeZoneInfo.Utc);

        Assert.Equal(Time(first), schedule.Next(Time(Start)));
        Assert.Equal(Time(second), schedule.Next(Time(first)));
    }

    /// <summary>In Tonga it is Monday when it is Sunday still in UTC.</summary>
    [Fact]
    public void Both_days_are_those_of_the_time_zone()
    {
        var schedule = CronSchedule.Parse("0 1 */2 * 1", TimeZoneInfo.FindSystemTimeZoneById("Pacific/Tongatapu"));

        Assert.Equal(Time("2026-07-12T12:00:00Z"), schedule.Next(Time(Start)));
    }

    [Fact]
    public void Times_are_in_the_time_zone()
    {
        var config = new ScheduleConfig { Cron = "0 6 * * *", TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin") };

        Assert.Equal(Time("2026-07-01T04:00:00Z"), config.Next(Time(Start)));
        Assert.Equal(Time("2026-12-01T05:00:00Z"), config.Next(Time("2026-12-01T00:00:00Z")));
    }

    /// <summary>1970-01-01 was a Thursday.</summary>
    [Theory]
    [InlineData("00:05:00", "2026-07-01T00:00:00Z", "2026-07-01T00:05:00Z")]
    [InlineData("00:05:00", "2026-07-01T00:04:59.9999999Z", "2026-07-01T00:05:00Z")]
    [InlineData("00:05:00", "2026-07-01T02:03:00+02:00", "2026-07-01T00:05:00Z")]
    [InlineData("00:00:01.5", "2026-07-01T00:00:00Z", "2026-07-01T00:00:01.5Z")]
    [InlineData("7.00:00:00", "2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z")]
    [InlineData("00:07:00", "1970-01-01T00:00:00Z", "1970-01-01T00:07:00Z")]
    [InlineData("00:07:00", "1969-12-31T23:59:00Z", "1970-01-01T00:00:00Z")]
    [InlineData("00:07:00", "1969-12-31T23:53:00Z", "1970-01-01T00:00:00Z")]
    [InlineData("00:07:00", "1969-12-31T23:52:00Z", "1969-12-31T23:53:00Z")]
    [InlineData("7.00:00:00", "9999-12-31T23:59:59Z", null)]
    public void Times_of_an_interval_are_its_multiples_since_1970(string every, string after, string? expected)
    {
        var config = new ScheduleConfig { Every = TimeSpan.Parse(every, CultureInfo.InvariantCulture) };

        Assert.Equal(expected is null ? null : Time(expected), config.Next(Time(after)));
    }

    [Fact]
    public void Schedules_are_shown_as_people_say_them()
    {
        Assert.Equal("0 6 * * * UTC", new ScheduleConfig { Cron = "0 6 * * *" }.ToString());
        Assert.Equal("every 5m 00s", new ScheduleConfig { Every = TimeSpan.FromMinutes(5) }.ToString());
    }

    [Theory]
    [InlineData("", "has 0 fields instead of five fields")]
    [InlineData("@daily", "has 1 field instead of five fields")]
    [InlineData("0 0 6 * * ?", "has 6 fields instead of five fields")]
    [InlineData("60 * * * *", "has '60' as its minute: 0 to 59")]
    [InlineData("-1 * * * *", "has '-1' as its minute: 0 to 59")]
    [InlineData("* 24 * * *", "has '24' as its hour: 0 to 23")]
    [InlineData("* * 0 * *", "has '0' as its day of month: 1 to 31")]
    [InlineData("* * L * *", "has 'L' as its day of month: 1 to 31")]
    [InlineData("* * * 13 *", "has '13' as its month: 1 to 12 or JAN to DEC")]
    [InlineData("* * * * 8", "has '8' as its day of week: 0 to 7 or SUN to SAT")]
    [InlineData("* * * * 1#2", "has '1#2' as its day of week: 0 to 7 or SUN to SAT")]
    [InlineData("*/0 * * * *", "has '*/0' as its minute: 0 to 59")]
    [InlineData("1/2/3 * * * *", "has '1/2/3' as its minute: 0 to 59")]
    [InlineData("1,,2 * * * *", "has '' as its minute: 0 to 59")]
    [InlineData("5-1 * * * *", "has '5-1' as its minute: 0 to 59")]
    [InlineData("1-2-3 * * * *", "has '1-2-3' as its minute: 0 to 59")]
    [InlineData("0 0 30 2 *", "names a day that never comes")]
    [InlineData("* * 30 2 */2", "names a day that never comes")]
    public void Bad_expression_is_refused_with_its_field(string cron, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<FormatException>(() => CronSchedule.Parse(cron, TimeZoneInfo.Utc)).Message);
}
