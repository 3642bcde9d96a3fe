using System.Globalization;
using System.Text;

namespace BackupSync;

/// <summary>
/// Texts as they may be shown: names of tables, roles and files, and what servers say, are others' words. What in them would steer
/// a terminal, turn the direction of the text, or not be seen, is shown as <c>\u001b</c>, as in JSON. All that is shown goes through here.
/// </summary>
public static class Printable
{
    /// <summary>In one line, whatever it holds: for cells and names. A line break is shown as <c>\n</c>.</summary>
    public static string Line(string text) => Escaped(text, keepBreaks: false);

    /// <summary>Line breaks, all of them as <c>\n</c>, and tabs stay what they are.</summary>
    public static string Text(string text) => Escaped(text.ReplaceLineEndings("\n"), keepBreaks: true);

    /// <summary>The same with further lines indented, so that none of them can be taken for one of its own.</summary>
    public static string Indented(string text, string indentation) =>
        Text(text).Replace("\n", "\n" + indentation, StringComparison.Ordinal);

    /// <summary>Line breaks as they are, <c>\r\n</c> too.</summary>
    internal static string Escaped(string text, bool keepBreaks)
    {
        var first = 0;
        while (first < text.Length && !IsHidden(text, first, keepBreaks))
            first++;
        if (first == text.Length)
            return text;

        var result = new StringBuilder(text, 0, first, text.Length + 16);
        for (var i = first; i < text.Length; i++)
        {
            if (!IsHidden(text, i, keepBreaks))
                result.Append(text[i]);
            else if (text[i] is '\n' or '\r' or '\t')
                result.Append(text[i] switch { '\n' => @"\n", '\r' => @"\r", _ => @"\t" });
            else
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}");
        }
        return result.ToString();
    }

    static bool IsHidden(string text, int index, bool keepBreaks) => text[index] switch
    {
        '\n' or '\t' => !keepBreaks,
        '\r' => !(keepBreaks && index + 1 < text.Length && text[index + 1] == '\n'),
        // Joiners belong to words of some scripts, and to emoji.
        '\u200C' or '\u200D' => false,
        >= ' ' and <= '~' => false,
        // Tags are invisible copies of ASCII.
        var c when char.IsHighSurrogate(c) => index + 1 == text.Length || !char.IsLowSurrogate(text[index + 1]) || IsTag(text, index),
        var c when char.IsLowSurrogate(c) => index == 0 || !char.IsHighSurrogate(text[index - 1]) || IsTag(text, index - 1),
        // Of the format characters, the signs that Arabic, Syriac and Kaithi put over numbers are seen.
        var c => CharUnicodeInfo.GetUnicodeCategory(c)
                is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            || (CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format
                && c is not (>= '\u0600' and <= '\u0605' or '\u06DD' or '\u070F' or '\u0890' or '\u0891' or '\u08E2')),
    };

    static bool IsTag(string text, int index) => char.ConvertToUtf32(text[index], text[index + 1]) is >= 0xE0000 and <= 0xE0FFF;
}
