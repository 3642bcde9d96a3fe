using System.Globalization;

namespace BackupSync.Application;

/// <summary>
/// Moments as they are typed: ISO 8601 alone, for of 01/02/2024 nobody knows which day is meant; UTC where no offset is stated.
/// </summary>
public static class Moments
{
    static readonly string[] Forms =
        ["yyyy-MM-ddK", "yyyy-MM-ddTHH:mmK", "yyyy-MM-dd HH:mmK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK"];

    /// <summary>In UTC; null where the text is none.</summary>
    public static DateTimeOffset? Read(string text) => DateTimeOffset.TryParseExact(
        text.Trim(), Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowInnerWhite, out var moment)
        ? moment.ToUniversalTime()
        : null;

    /// <summary>
    /// Whether something was at a moment or before: files, listings and messages show no less than seconds, so that one without a fraction
    /// means all of its second.
    /// </summary>
    internal static bool IsAtOrBefore(DateTimeOffset when, DateTimeOffset moment)
    {
        var fraction = when.Ticks % TimeSpan.TicksPerSecond;
        return (moment.Ticks % TimeSpan.TicksPerSecond == 0 ? when.AddTicks(-fraction) : when) <= moment;
    }

    /// <summary>What to say of a text that is none.</summary>
    public static string Refusal(string text) =>
        $"'{AddressText.Scrub(text)}' is no moment; write it as 2024-01-23T14:30:00Z, or with another offset than Z.";

    /// <summary>The same of a length of time.</summary>
    public static string RefusalOfDuration(string text) => $"'{AddressText.Scrub(text)}' is not {Durations.Allowed}.";
}
