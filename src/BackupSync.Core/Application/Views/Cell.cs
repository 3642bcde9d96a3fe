using System.Collections;
using System.Globalization;

namespace BackupSync.Application.Views;

/// <summary>A value as it is shown, in both heads: in one line, with the units that all of BackupSync has, whatever the culture.</summary>
public readonly record struct Cell(string Text, CellTone Tone)
{
    /// <summary>Numbers and what is measured stand at the right.</summary>
    public static bool IsRight(CellForm form) => form is CellForm.Number or CellForm.Size or CellForm.Duration or CellForm.Milliseconds;

    /// <summary>Empty where there is no value.</summary>
    public static Cell Of(CellForm form, object? value)
    {
        var text = value is null ? "" : Printable.Line(TextOf(form, value));
        return new Cell(text, form switch
        {
            CellForm.State or CellForm.YesNo => ToneOf(text),
            CellForm.ErrorId when text.Length > 0 => CellTone.Bad,
            _ => CellTone.Plain,
        });
    }

    static string TextOf(CellForm form, object value) => (form, value) switch
    {
        (CellForm.Number, IConvertible number) =>
            number.ToDecimal(CultureInfo.InvariantCulture).ToString("N0", CultureInfo.InvariantCulture),
        (CellForm.Size, IConvertible bytes) => ByteSizes.Show(bytes.ToInt64(CultureInfo.InvariantCulture)),
        (CellForm.Duration, TimeSpan time) => Durations.Show(time),
        (CellForm.Milliseconds, IConvertible time) =>
            string.Create(CultureInfo.InvariantCulture, $"{time.ToDouble(CultureInfo.InvariantCulture):0.0} ms"),
        (CellForm.Moment, DateTimeOffset time) => MomentOf(time.UtcDateTime),
        (CellForm.Moment, DateTime time) => MomentOf(time.ToUniversalTime()),
        (CellForm.Second, DateTimeOffset time) => SecondOf(time.UtcDateTime),
        (CellForm.Second, DateTime time) => SecondOf(time.ToUniversalTime()),
        (CellForm.Names, IEnumerable several) => string.Join(", ", several.Cast<object>().Select(NameOf)),
        (_, bool isSo) => isSo ? "yes" : "no",
        (CellForm.ErrorId, string id) => id.StartsWith(ErrorIds.Prefix, StringComparison.Ordinal) ? id[ErrorIds.Prefix.Length..] : id,
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    static string? NameOf(object named) => named as string ?? ViewColumn.Property(named.GetType(), "Name").GetValue(named)?.ToString();

    static string SecondOf(DateTime utc) => utc.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    static string MomentOf(DateTime utc) => utc.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);

    /// <summary>What a word says of how something stands; what is none of these is bad, so that no failure looks harmless.</summary>
    static CellTone ToneOf(string text) => text switch
    {
        "" or "Unplanned" => CellTone.Plain,
        [>= '0' and <= '9', ..] when !text.Contains('(', StringComparison.Ordinal) => CellTone.Plain, // measured against no objective
        _ when text.Contains("MISSED", StringComparison.Ordinal) => CellTone.Bad,
        "Succeeded" or "Good" or "Healthy" or "Connected" or "Equal" or "Keep" or "yes" or "verified" or "signed"
            or "accepted" or "Closed" => CellTone.Good,
        "Skipped" or "Cancelled" or "Incomplete" or "Remove" or "Different" or "Late" or "Unknown" or "Degraded"
            or "Warning" or "Acknowledged" or "Watched" or "dropped" => CellTone.Doubtful,
        _ when text.StartsWith("read", StringComparison.Ordinal) || text.StartsWith("restored", StringComparison.Ordinal)
            || text.Contains(", met (", StringComparison.Ordinal) => CellTone.Good,
        _ when text.StartsWith("not proven", StringComparison.Ordinal) => CellTone.Doubtful,
        _ => CellTone.Bad,
    };
}
