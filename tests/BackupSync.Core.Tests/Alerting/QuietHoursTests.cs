using BackupSync.Configuration;

namespace BackupSync.Tests.Alerting;

/// <summary>Hours in which people are left alone, also on days on which the clock is changed.</summary>
[Trait("Needs", "nothing")]
public sealed class QuietHoursTests
{
    [Theory]
    [InlineData("22:00-06:00", "2026-06-01T21:59Z", null)]
    [InlineData("22:00-06:00", "2026-06-01T22:00Z", "2026-06-02T06:00Z")]
    [InlineData("22:00-06:00", "2026-06-02T05:59:59Z", "2026-06-02T06:00Z")]
    [InlineData("12:00-14:00", "2026-06-01T13:00Z", "2026-06-01T14:00Z")]
    [InlineData("22:00-06:00 Europe/Paris", "2026-06-01T20:00Z", "2026-06-02T04:00Z")]
    [InlineData("22:00-06:00 Europe/Paris", "2026-12-01T20:30Z", null)]
    // The clock goes forward at 01:00 UTC, and back at 01:00 UTC: the night has 7 hours, and 9.
    [InlineData("22:00-06:00 Europe/Paris", "2026-03-28T21:00Z", "2026-03-29T04:00Z")]
    [InlineData("22:00-06:00 Europe/Paris", "2026-10-24T20:00Z", "2026-10-25T05:00Z")]
    // The end is an hour that is passed over, or there twice.
    [InlineData("22:00-02:30 Europe/Paris", "2026-03-28T22:00Z", "2026-03-29T01:00Z")]
    [InlineData("22:00-02:30 Europe/Paris", "2026-10-24T23:00Z", "2026-10-25T00:30Z")]
    public void They_end_by_the_clock_of_their_zone(string text, string moment, string? until)
    {
        Assert.True(QuietHours.TryParse(text, out var hours));
        var at = DateTimeOffset.Parse(moment);

        Assert.Equal(until is not null, hours.Has(at));
        Assert.Equal(until is null ? at : DateTimeOffset.Parse(until), hours.NextLoud(at));
    }

    [Fact]
    public void In_every_zone_they_end_within_a_day_and_after_all_that_they_hold()
    {
        Assert.All(TimeZoneInfo.GetSystemTimeZones(), zone =>
        {
            var hours = new QuietHours(new TimeOnly(22, 0), new TimeOnly(6, 0), zone);
            for (var hour = 0; hour < 366 * 24; hour += 13)
            {
                var moment = new DateTimeOffset(2026, 1, 1, 0, 17, 0, TimeSpan.Zero).AddHours(hour);
                var next = hours.NextLoud(moment);
                Assert.False(hours.Has(next));
                Assert.InRange(next - moment, TimeSpan.Zero, TimeSpan.FromHours(12));
            }
        });
    }

    [Theory]
    [InlineData("22:00")]
    [InlineData("22-06")]
    [InlineData("22:00-22:00")]
    [InlineData("25:00-06:00")]
    [InlineData("22:00-06:00 Europe/Nowhere")]
    [InlineData("")]
    public void What_is_none_is_refused(string text) => Assert.False(QuietHours.TryParse(text, out _));
}
