using System.Globalization;

namespace BackupSync.Tests.References;

/// <summary>Values as they are written in the file.</summary>
static class ConfigurationTexts
{
    public static string Of(object value) => value switch
    {
        bool truth => truth ? "true" : "false",
        Enum word => char.ToLowerInvariant(word.ToString()[0]) + word.ToString()[1..],
        TimeSpan time => Of(time),
        TimeZoneInfo zone => zone.Id,
        IReadOnlyList<string> list => $"[{string.Join(", ", list)}]",
        double share => Percentages.Show(share),
        // The only one that is a size.
        long size => ByteSizes.Show(size).Replace(" kB", "KB", StringComparison.Ordinal),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    static string Of(TimeSpan time) =>
        time == TimeSpan.Zero ? "0"
        : time.TotalDays >= 1 ? $"{time.TotalDays:0.##}d"
        : time.TotalHours >= 1 ? $"{time.TotalHours:0.##}h"
        : time.TotalMinutes >= 1 ? $"{time.TotalMinutes:0.##}m"
        : $"{time.TotalSeconds:0.##}s";
}
