using BackupSync.Application.Views;
using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>What went wrong, on the standard error: what happened, to what, the server's own words, and what to do.</summary>
static class Failures
{
    const int LabelWidth = 9;

    static readonly IAnsiConsole Console = Screen.Create(System.Console.Error, System.Console.IsErrorRedirected);

    public static void Show(BackupSyncException failure) => Show(failure.Message, failure.Detail, failure.Advice);

    public static void Show(string message, string? detail, string? advice)
    {
        Line("Failed", Spelling.InCommands(message), "red bold");
        if (!string.IsNullOrWhiteSpace(detail) && !message.Contains(detail, StringComparison.Ordinal))
            Line("Detail", detail, "red");
        if (!string.IsNullOrWhiteSpace(advice))
            Line("To do", Spelling.InCommands(advice), "olive");
    }

    public static void Warn(string message) => Line("Warning", Spelling.InCommands(message), "olive");

    /// <summary>A labelled text, its further lines under its first.</summary>
    public static void Line(string label, string text, string style)
    {
        var lines = Printable.Text(text.TrimEnd()).Split('\n');
        // In a file whole lines, however long: they are searched.
        var width = System.Console.IsErrorRedirected ? int.MaxValue : Console.Profile.Width - LabelWidth;
        var shown = lines.SelectMany(l => Words.Wrap(l, width)).ToList();
        for (var i = 0; i < shown.Count; i++)
            Console.Write(new Line([((i == 0 ? label : "").PadRight(LabelWidth), Style.Parse(style)), (shown[i], Style.Plain)]));
    }
}
