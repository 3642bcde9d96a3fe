using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSync;

/// <summary>Sizes as people write and read them. <c>10KB</c> is 10,000 bytes, <c>1KiB</c> is 1,024.</summary>
/// <remarks>By hand: what is read is documented to the letter (<see cref="Allowed"/>), and all else is refused.</remarks>
public static partial class ByteSizes
{
    /// <summary>For messages: what a size looks like.</summary>
    public const string Allowed = "a size such as 512B, 10KB, 1.5MB, 1GiB or a number of bytes";

    /// <summary>Reads a number of bytes, or a number with a unit of any case.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var match = Form().Match(text.Trim());
        if (!match.Success || !decimal.TryParse(
            match.Groups["number"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;

        var power = match.Groups["prefix"].Success
            ? "KMGTP".IndexOf(char.ToUpperInvariant(match.Groups["prefix"].Value[0]), StringComparison.Ordinal) + 1
            : 0;
        var factor = 1m;
        for (var i = 0; i < power; i++)
            factor *= match.Groups["binary"].Success ? 1024 : 1000;
        if (number > long.MaxValue / factor || (power == 0 && number != decimal.Truncate(number)))
            return false;
        bytes = (long)(number * factor);
        return true;
    }

    /// <summary><c>512 B</c>, <c>312 kB</c>, <c>1.84 MB</c>, <c>2.00 GB</c>; a kB is 1,000 bytes.</summary>
    public static string Show(long bytes)
    {
        if (bytes < 0)
            return string.Create(CultureInfo.InvariantCulture, $"-{Show(bytes == long.MinValue ? long.MaxValue : -bytes)}");
        if (bytes < 1000)
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        var kilo = Math.Round(bytes / 1000m, MidpointRounding.AwayFromZero);
        if (kilo < 1000)
            return string.Create(CultureInfo.InvariantCulture, $"{kilo:0} kB");

        var value = bytes / 1000m;
        var unit = 0;
        do
        {
            value /= 1000;
            unit++;
        }
        while (Math.Round(value, 2, MidpointRounding.AwayFromZero) >= 1000 && unit < LargeUnits.Length);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Math.Round(value, 2, MidpointRounding.AwayFromZero):0.00} {LargeUnits[unit - 1]}");
    }

    static readonly string[] LargeUnits = ["MB", "GB", "TB", "PB", "EB"];

    [GeneratedRegex(
        @"^(?<number>[0-9]+(\.[0-9]+)?)\s*((?<prefix>[kmgtp])(?<binary>i)?)?b?$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    internal static partial Regex Form();
}
