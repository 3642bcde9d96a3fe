using System.Globalization;

namespace BackupSync.Configuration;

/// <summary>Hours of each day in which people are left alone, by the clock of a zone.</summary>
/// <param name="From">When they begin.</param>
/// <param name="Until">When they end; on the next day where that is earlier.</param>
public sealed record QuietHours(TimeOnly From, TimeOnly Until, TimeZoneInfo TimeZone)
{
    /// <summary>For messages: what they look like.</summary>
    public const string Allowed = "hours such as 22:00-06:00, and a time zone behind them, such as Europe/Paris, unless they are UTC's";

    /// <summary>No zone has an hour that is away for longer.</summary>
    static readonly TimeSpan LongestDay = TimeSpan.FromHours(27);

    static readonly TimeSpan OneMinute = TimeSpan.FromMinutes(1);

    public static bool TryParse(string text, out QuietHours hours)
    {
        hours = null!;
        var parts = text.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0 || parts[0].Split('-') is not [var from, var until]
            || !TimeOnly.TryParseExact(from, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var begin)
            || !TimeOnly.TryParseExact(until, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var end)
            || begin == end)
            return false;
        var zone = TimeZoneInfo.Utc;
        if (parts.Length == 2 && !TimeZoneInfo.TryFindSystemTimeZoneById(parts[1], out zone!))
            return false;
        hours = new QuietHours(begin, end, zone);
        return true;
    }

    public bool Has(DateTimeOffset moment)
    {
        var time = TimeOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, TimeZone).DateTime);
        return From < Until ? time >= From && time < Until : time >= From || time < Until;
    }

    /// <summary>
    /// When it may be told: at once outside of them, else when they end. Each minute of UTC is read on the zone's clock, so that an hour
    /// that the clock passes over or repeats needs no rule of its own.
    /// </summary>
    public DateTimeOffset NextLoud(DateTimeOffset moment)
    {
        if (!Has(moment))
            return moment;
        var whole = moment.UtcTicks - (moment.UtcTicks % OneMinute.Ticks);
        for (var next = new DateTimeOffset(whole, TimeSpan.Zero) + OneMinute; next <= moment + LongestDay; next += OneMinute)
        {
            if (!Has(next))
                return next;
        }
        return moment;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{From:HH:mm}-{Until:HH:mm} {TimeZone.Id}");
}
