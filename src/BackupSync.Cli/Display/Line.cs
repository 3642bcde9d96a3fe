using BackupSync.Application.Views;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BackupSync.Cli.Display;

/// <summary>
/// A line of texts that have their styles. Where it is too long, the terminal wraps it and puts no line's end into it: a path that stands
/// there can be copied.
/// </summary>
sealed class Line(IReadOnlyList<(string Text, Style Style)> parts) : IRenderable
{
    public static readonly Line Empty = Of("");

    public static Line Of(string text) => new([(text, Style.Plain)]);

    /// <summary>Prose of one line or more: it breaks between words.</summary>
    public static IEnumerable<Line> Of(string text, Style style, int width) =>
        Printable.Text(text).Split('\n').SelectMany(l => Words.Wrap(l, width)).Select(l => new Line([(l, style)]));

    public static Style StyleOf(CellTone tone) => tone switch
    {
        CellTone.Good => new Style(Color.Green),
        CellTone.Doubtful => new Style(Color.Olive),
        CellTone.Bad => new Style(Color.Red),
        _ => Style.Plain,
    };

    public Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
        parts.Select(p => new Segment(Printable.Line(p.Text), p.Style)).Append(Segment.LineBreak);

    public override string ToString() => string.Concat(parts.Select(p => p.Text));
}
