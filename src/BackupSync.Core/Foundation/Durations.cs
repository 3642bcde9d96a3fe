using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSync;

/// <summary>Durations as people write and read them: <c>90s</c>, <c>1h30m</c>, <c>42.1s</c>, <c>1m 05s</c>.</summary>
/// <remarks>By hand: what is read is documented to the letter (<see cref="Allowed"/>), and all else is refused.</remarks>
public static partial class Durations
{
    /// <summary>For messages: what a duration looks like.</summary>
    public const string Allowed = "a duration such as 90s, 5m, 1h30m or 7d";

    /// <summary>Reads numbers with the units d, h, m, s and ms, the larger ones first, each at most once.</summary>
    /// <remarks>A number alone is not read: half of the people mean seconds by it, the others milliseconds.</remarks>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var match = Form().Match(text.Trim());
        if (!match.Success || match.Length == 0)
            return false;

        var seconds = 0m;
        foreach (var (group, unit) in SecondsPerUnit)
        {
            if (!match.Groups[group].Success)
                continue;
            if (!decimal.TryParse(
                match.Groups[group].ValueSpan,
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out var number)
                || number > MaxSeconds)
                return false;
            seconds += number * unit;
        }
        if (seconds > MaxSeconds)
            return false;
        duration = TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond));
        return true;
    }

    /// <summary><c>42.1s</c>, <c>1m 05s</c>, <c>2h 03m</c>, <c>1d 04h</c>.</summary>
    public static string Show(TimeSpan duration)
    {
        if (duration < TimeSpan.Zero)
            return "-" + Show(duration.Negate());
        var tenths = Math.Round((decimal)duration.TotalSeconds, 1, MidpointRounding.AwayFromZero);
        if (tenths < 60)
            return string.Create(CultureInfo.InvariantCulture, $"{tenths:0.0}s");
        var seconds = (long)Math.Round((decimal)duration.TotalSeconds, MidpointRounding.AwayFromZero);
        if (seconds < 3600)
            return string.Create(CultureInfo.InvariantCulture, $"{seconds / 60}m {seconds % 60:00}s");
        var minutes = seconds / 60;
        return minutes < 24 * 60
            ? string.Create(CultureInfo.InvariantCulture, $"{minutes / 60}h {minutes % 60:00}m")
            : string.Create(CultureInfo.InvariantCulture, $"{minutes / 60 / 24}d {minutes / 60 % 24:00}h");
    }

    /// <summary>A hundred years: beyond it dates overflow.</summary>
    const decimal MaxSeconds = 36_525m * 86_400;

    static readonly (string Group, decimal Seconds)[] SecondsPerUnit =
        [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1), ("ms", 0.001m)];

    [GeneratedRegex(@"^(?:(?<d>\d+(?:\.\d+)?)d)?\s*(?:(?<h>\d+(?:\.\d+)?)h)?\s*(?:(?<m>\d+(?:\.\d+)?)m(?!s))?\s*"
        + @"(?:(?<s>\d+(?:\.\d+)?)s)?\s*(?:(?<ms>\d+(?:\.\d+)?)ms)?$", RegexOptions.ECMAScript)]
    internal static partial Regex Form();
}
