using BackupSync.Application.Views;
using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>Labelled texts, one below the other: prose goes on below itself, and breaks between words only.</summary>
static class Facts
{
    public static void Show(IEnumerable<(string Label, Cell Value)> facts)
    {
        var all = facts.ToList();
        var labels = all.Max(f => Words.WidthOf(f.Label)) + 2;
        foreach (var (label, value) in all)
        {
            var lines = Words.Wrap(value.Text, Screen.Width - labels);
            for (var i = 0; i < lines.Count; i++)
            {
                Screen.WriteLine([(i == 0 ? label.PadRight(labels) : new string(' ', labels), new Style(decoration: Decoration.Bold)),
                    (lines[i], new Style(ColorOf(value.Tone)))]);
            }
        }
    }

    public static Color ColorOf(CellTone tone) => tone switch
    {
        CellTone.Good => Color.Green,
        CellTone.Doubtful => Color.Yellow,
        CellTone.Bad => Color.Red,
        _ => Color.Default,
    };
}
