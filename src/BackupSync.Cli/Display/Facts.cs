using BackupSync.Application.Views;
using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>Labelled texts, one below the other: prose goes on below itself, and breaks between words only.</summary>
static class Facts
{
    public static void Show(IEnumerable<(string Label, Cell Value)> facts)
    {
        foreach (var line in Lines(facts, Screen.Width))
            Screen.WriteLine(line);
    }

    public static IEnumerable<Line> Lines(IEnumerable<(string Label, Cell Value)> facts, int width)
    {
        var all = facts.ToList();
        var labels = all.Max(f => Words.WidthOf(f.Label)) + 2;
        return all.SelectMany(fact => Words.Wrap(fact.Value.Text, width - labels).Select((text, i) => new Line(
        [
            ((i == 0 ? fact.Label : "").PadRight(labels), new Style(decoration: Decoration.Bold)),
            (text, Line.StyleOf(fact.Value.Tone)),
        ])));
    }
}
