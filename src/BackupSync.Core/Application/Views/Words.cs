using System.Globalization;
using System.Text;

namespace BackupSync.Application.Views;

/// <summary>Texts in the room that there is, in a terminal's columns.</summary>
public static class Words
{
    /// <summary>Lines that are no longer than that, but for words that are: paths, ids and names are whole wherever they stand.</summary>
    public static IReadOnlyList<string> Wrap(string text, int width)
    {
        var lines = new List<string>();
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && WidthOf(line) + 1 + WidthOf(word) > width)
            {
                lines.Add(line);
                line = "";
            }
            line = line.Length == 0 ? word : $"{line} {word}";
        }
        lines.Add(line);
        return lines;
    }

    /// <summary>The same in a column that nothing may stand out of: a longer word goes on below itself, for what is cut is not known.</summary>
    public static IReadOnlyList<string> WrapAll(string text, int width)
    {
        var lines = new List<string>();
        foreach (var line in Wrap(text, width))
        {
            var part = new StringBuilder();
            foreach (var rune in line.EnumerateRunes())
            {
                if (part.Length > 0 && WidthOf(part.ToString()) + WidthOf(rune) > width)
                {
                    lines.Add(part.ToString());
                    part.Clear();
                }
                part.Append(rune);
            }
            lines.Add(part.ToString());
        }
        return lines;
    }

    /// <summary>A text, or the beginning of one that is wider than that.</summary>
    public static string Cut(string text, int width)
    {
        if (WidthOf(text) <= width)
            return text;
        var cut = new StringBuilder();
        var used = 1;
        foreach (var rune in text.EnumerateRunes())
        {
            used += WidthOf(rune);
            if (used > width)
                break;
            cut.Append(rune);
        }
        return $"{cut}…";
    }

    /// <summary>The same, as wide as that: in one line, whatever it holds.</summary>
    public static string Fill(string text, int width)
    {
        var cut = Cut(Printable.Line(text.ReplaceLineEndings(" ")), width);
        return cut + new string(' ', width - WidthOf(cut));
    }

    public static int WidthOf(string text) => text.EnumerateRunes().Sum(WidthOf);

    /// <summary>Two for those of East Asian scripts and for pictures, none for marks that stand over others.</summary>
    /// <remarks>By hand: what the core uses has no such table, and the terminal decides in the end.</remarks>
    static int WidthOf(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
        _ => rune.Value is >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF
            or >= 0xFE30 and <= 0xFE6F or >= 0xFF00 and <= 0xFF60 or >= 0xFFE0 and <= 0xFFE6 or >= 0x1F300 and <= 0x1FAFF
            or >= 0x20000 and <= 0x3FFFD ? 2 : 1,
    };
}
