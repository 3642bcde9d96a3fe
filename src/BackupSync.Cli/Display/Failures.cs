using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>What went wrong, on the standard error: what happened, to what, the server's own words, and what to do.</summary>
static class Failures
{
    static readonly IAnsiConsole Console = Screen.Create(System.Console.Error, System.Console.IsErrorRedirected);

    public static void Show(BackupSyncException failure) => Show(failure.Message, failure.Detail, failure.Advice);

    public static void Show(string message, string? detail, string? advice)
    {
        Line("Failed", Spelling.InCommands(message), "red bold");
        if (!string.IsNullOrWhiteSpace(detail) && !message.Contains(detail, StringComparison.Ordinal))
            Line("Detail", detail, "red");
        if (!string.IsNullOrWhiteSpace(advice))
            Line("To do", Spelling.InCommands(advice), "yellow");
    }

    public static void Warn(string message) => Line("Warning", Spelling.InCommands(message), "yellow");

    /// <summary>A labelled text, its further lines under its first.</summary>
    public static void Line(string label, string text, string style)
    {
        var lines = Printable.Text(text.TrimEnd()).Split('\n');
        if (System.Console.IsErrorRedirected)
        {
            // Whole lines, however long: they are searched.
            for (var i = 0; i < lines.Length; i++)
                System.Console.Error.WriteLine($"{(i == 0 ? label : ""),-9}{lines[i]}");
            return;
        }
        var grid = new Grid().AddColumn(new GridColumn { NoWrap = true, Width = 8 }).AddColumn();
        grid.AddRow(new Text(label, Style.Parse(style)), new Text(string.Join('\n', lines)));
        Console.Write(grid);
    }
}
