using System.Globalization;

namespace BackupSync;

/// <summary>Shares as people write and read them: <c>50%</c> is 0.5.</summary>
static class Percentages
{
    /// <summary>For messages: what a percentage looks like.</summary>
    public const string Allowed = "a percentage such as 50%";

    /// <summary>Reads a number with a percent sign. Without one it is not read: 0.5 could be a half or half a percent.</summary>
    public static bool TryParse(string text, out double share)
    {
        share = 0;
        var trimmed = text.Trim();
        if (!trimmed.EndsWith('%')
            || !decimal.TryParse(trimmed[..^1].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent))
            return false;
        share = (double)(percent / 100);
        return true;
    }

    /// <summary><c>50%</c>, <c>12.5%</c>.</summary>
    public static string Show(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#}%");
}
