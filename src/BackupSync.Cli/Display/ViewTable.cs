using BackupSync.Application.Views;
using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>
/// Objects in the table that their view says, as wide as the screen and no wider. Where it would be, columns leave from the end, for the
/// first matter most; the prose at the end stays, and wraps between words. Where even that is too wide, each object is a list of facts.
/// </summary>
static class ViewTable
{
    /// <summary>Between two columns.</summary>
    const int Gap = 2;

    /// <summary>Prose in a narrower column than this is hard to read.</summary>
    const int LeastProse = 20;

    /// <summary>How far prose that stands below its row is moved in.</summary>
    const int Indentation = 4;

    /// <summary>What was drawn.</summary>
    /// <param name="Columns">Those that had room, and something in them.</param>
    public sealed record Drawn(IReadOnlyList<ViewColumn> Columns, IReadOnlyList<Line> Lines);

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
        var drawn = Draw(view, objects, Screen.Width);
        foreach (var line in drawn.Lines)
            Screen.WriteLine(line);
        return drawn.Columns;
    }

    /// <param name="width">Of the screen, in characters.</param>
    public static Drawn Draw(ResultView view, IReadOnlyList<object> objects, int width)
    {
        List<Filled> all = [.. view.Columns.Select(c => new Filled(c, [.. objects.Select(c.CellOf)])).Where(c => c.IsFilled)];
        if (all is [.. var before, { Column.Below: true } prose] && before.Count > 0 && WidthOf(before) is var others && others <= width
            && others + Gap + prose.LeastProse > width)
            return new Drawn([.. all.Select(c => c.Column)], [.. Table(before, before[^1].Width, prose, width)]);
        List<Filled> columns = [.. all];
        return Fit(columns, width) is { } widthOfLast
            ? new Drawn([.. columns.Select(c => c.Column)], [.. Table(columns, widthOfLast, below: null, width)])
            : new Drawn([.. all.Select(c => c.Column)], [.. Enumerable.Range(0, objects.Count).SelectMany(row => Facts.Lines(
                all.Where(c => c.Cells[row].Text.Length > 0).Select(c => (c.Column.Heading, c.Cells[row])), width).Prepend(Line.Empty))]);
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
            if (last.Column.Stays && width - others >= last.LeastProse)
                return width - others;
            // Cut, it says what matters first; a name that is cut says nothing.
            if (last.Column.Form == CellForm.State && width - others >= last.Column.Width)
                return width - others;
            if (columns.Count <= 2)
                return null;
            var stays = last.Column.Stays && columns[^2].Column.Name != last.Column.GivesWayTo;
            columns.RemoveAt(stays ? columns.Count - 2 : columns.Count - 1);
        }
    }

    static int WidthOf(IReadOnlyList<Filled> columns) => columns.Sum(c => c.Width) + Gap * (columns.Count - 1);

    /// <param name="below">Prose that has no room beside them; null for none.</param>
    static IEnumerable<Line> Table(IReadOnlyList<Filled> columns, int widthOfLast, Filled? below, int width)
    {
        var widths = columns.Select(c => c == columns[^1] ? widthOfLast : c.Width).ToList();
        foreach (var line in Row([.. columns.Select(c => new Cell(c.Column.Heading, CellTone.Plain))], isHeading: true))
            yield return line;
        yield return Line.Of(new string('─', widths.Sum() + Gap * (widths.Count - 1)));
        for (var row = 0; row < columns[0].Cells.Count; row++)
        {
            foreach (var line in Row([.. columns.Select(c => c.Cells[row])], isHeading: false))
                yield return line;
            foreach (var text in below is { } prose && prose.Cells[row].Text is { Length: > 0 } told
                ? Words.Wrap(told, width - Indentation) : [])
                yield return Line.Of(new string(' ', Indentation) + text);
        }

        IEnumerable<Line> Row(IReadOnlyList<Cell> cells, bool isHeading)
        {
            var prose = columns[^1].Column.Wraps ? Words.Wrap(cells[^1].Text, widthOfLast) : [Words.Cut(cells[^1].Text, widthOfLast)];
            for (var i = 0; i < prose.Count; i++)
            {
                var parts = new List<(string, Style)>();
                for (var c = 0; c < cells.Count; c++)
                {
                    var text = c == cells.Count - 1 ? prose[i] : i == 0 ? cells[c].Text : "";
                    var padding = new string(' ', widths[c] - Math.Min(widths[c], Words.WidthOf(text)));
                    var padded = Cell.IsRight(columns[c].Column.Form) ? padding + text : text + padding;
                    parts.Add((c == cells.Count - 1 ? padded.TrimEnd() : padded + new string(' ', Gap),
                        isHeading ? new Style(decoration: Decoration.Bold) : Line.StyleOf(cells[c].Tone)));
                }
                yield return new Line(parts);
            }
        }
    }

    sealed record Filled(ViewColumn Column, IReadOnlyList<Cell> Cells)
    {
        public bool IsFilled { get; } = Cells.Any(c => c.Text.Length > 0);

        public int Width { get; } = Math.Max(Words.WidthOf(Column.Heading), Cells.Max(c => Words.WidthOf(c.Text)));

        /// <summary>How wide it has to be to be read, should it be prose.</summary>
        public int LeastProse => Math.Max(Math.Max(ViewTable.LeastProse, Column.Least), LongestWord);

        int LongestWord { get; } = Column.Wraps
            ? Math.Max(Words.WidthOf(Column.Heading), Cells.SelectMany(c => c.Text.Split(' ')).Max(Words.WidthOf)) : 0;
    }
}
