using BackupSync.Application.Views;
using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>
/// Objects in the table that their view says, as wide as the screen and no wider. Where it would be, columns leave from the end, for the first
/// matter most; the prose at the end stays, and wraps between words. Where even that is too wide, each object is a list of facts.
/// </summary>
static class ViewTable
{
    /// <summary>Between two columns.</summary>
    const int Gap = 2;

    /// <summary>Prose in a narrower column than this is hard to read.</summary>
    const int LeastProse = 20;

    /// <param name="whenEmpty">What is written instead where there are none.</param>
    /// <returns>The columns that were shown.</returns>
    public static IReadOnlyList<ViewColumn> Show(ResultView view, IEnumerable<object> objects, string whenEmpty)
    {
        var rows = objects.ToList();
        if (rows.Count > 0)
            return Show(view, rows);
        Screen.WriteLine(whenEmpty);
        return [];
    }

    /// <inheritdoc cref="Show(ResultView, IEnumerable{object}, string)"/>
    public static IReadOnlyList<ViewColumn> Show(ResultView view, IReadOnlyList<object> objects)
    {
        var columns = view.Columns.Select(c => new Filled(c, [.. objects.Select(c.CellOf)])).Where(c => c.IsFilled).ToList();
        if (Fit(columns, Screen.Width) is { } widthOfLast)
        {
            Draw(columns, widthOfLast);
        }
        else
        {
            columns = [.. view.Columns.Select(c => new Filled(c, [.. objects.Select(c.CellOf)])).Where(c => c.IsFilled)];
            for (var row = 0; row < objects.Count; row++)
            {
                Screen.WriteLine();
                Facts.Show(columns.Where(c => c.Cells[row].Text.Length > 0).Select(c => (c.Column.Heading, c.Cells[row])));
            }
        }
        return [.. columns.Select(c => c.Column)];
    }

    /// <summary>Takes columns away until the others fit.</summary>
    /// <returns>How wide the last one may be; null where no table fits.</returns>
    static int? Fit(List<Filled> columns, int width)
    {
        while (true)
        {
            var last = columns[^1];
            var others = columns.Take(columns.Count - 1).Sum(c => c.Width + Gap);
            if (others + last.Width <= width)
                return last.Width;
            if (last.Column.Wraps && width - others >= Math.Max(LeastProse, last.LongestWord))
                return width - others;
            if (columns.Count <= 2)
                return null;
            columns.RemoveAt(last.Column.Wraps ? columns.Count - 2 : columns.Count - 1);
        }
    }

    static void Draw(IReadOnlyList<Filled> columns, int widthOfLast)
    {
        var widths = columns.Select(c => c == columns[^1] ? widthOfLast : c.Width).ToList();
        Line(columns.Select(c => new Cell(c.Column.Heading, CellTone.Plain)), isHeading: true);
        Screen.WriteLine(new string('─', widths.Sum() + Gap * (widths.Count - 1)));
        for (var row = 0; row < columns[0].Cells.Count; row++)
            Line(columns.Select(c => c.Cells[row]), isHeading: false);

        void Line(IEnumerable<Cell> cells, bool isHeading)
        {
            var all = cells.ToList();
            var prose = columns[^1].Column.Wraps ? Words.Wrap(all[^1].Text, widthOfLast) : [all[^1].Text];
            for (var i = 0; i < prose.Count; i++)
            {
                var line = new List<(string, Style)>();
                for (var c = 0; c < all.Count; c++)
                {
                    var text = c == all.Count - 1 ? prose[i] : i == 0 ? all[c].Text : "";
                    var padding = new string(' ', widths[c] - Math.Min(widths[c], Words.WidthOf(text)));
                    var padded = Cell.IsRight(columns[c].Column.Form) ? padding + text : text + padding;
                    var style = isHeading ? new Style(decoration: Decoration.Bold) : new Style(Facts.ColorOf(all[c].Tone));
                    line.Add((c == all.Count - 1 ? padded.TrimEnd() : padded + new string(' ', Gap), style));
                }
                Screen.WriteLine(line);
            }
        }
    }

    sealed record Filled(ViewColumn Column, IReadOnlyList<Cell> Cells)
    {
        public bool IsFilled { get; } = Cells.Any(c => c.Text.Length > 0);

        public int Width { get; } = Math.Max(Words.WidthOf(Column.Heading), Cells.Max(c => Words.WidthOf(c.Text)));

        public int LongestWord { get; } = Column.Wraps
            ? Math.Max(Words.WidthOf(Column.Heading), Cells.SelectMany(c => c.Text.Split(' ')).Max(Words.WidthOf)) : 0;
    }
}
