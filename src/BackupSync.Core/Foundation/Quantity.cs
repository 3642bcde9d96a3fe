using System.Globalization;

namespace BackupSync;

/// <summary>How many of what, as a person says it: <c>1 row</c>, <c>4,464 rows</c>.</summary>
static class Quantity
{
    /// <param name="one">The word for one.</param>
    /// <param name="many">The word for more; one with an s behind it where nothing is said.</param>
    public static string Of(long number, string one, string? many = null) =>
        $"{Number(number)} {(number == 1 ? one : many ?? one + "s")}";

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
