using Spectre.Console;
using Spectre.Console.Rendering;

namespace BackupSync.Cli.Display;

/// <summary>The standard output, whatever it is: a terminal with colours and bars, or a file that wants whole lines.</summary>
static class Screen
{
    /// <summary>Wide enough that no table of ours is cut in a log.</summary>
    const int FileWidth = 240;

    static readonly IAnsiConsole Console = Create(System.Console.Out, System.Console.IsOutputRedirected);

    /// <summary>Whether bars can be drawn, and redrawn.</summary>
    public static bool IsLive => !System.Console.IsOutputRedirected && Console.Profile.Capabilities is { Ansi: true, Interactive: true };

    public static IAnsiConsole Live => Console;

    /// <summary>In characters.</summary>
    public static int Width => Console.Profile.Width;

    public static void Write(IRenderable renderable) => Console.Write(renderable);

    /// <summary>A table, or a sentence where it would be empty.</summary>
    public static void Write(Table table, string whenEmpty)
    {
        if (table.Rows.Count == 0)
            WriteLine(whenEmpty);
        else
            Write(table);
    }

    public static void WriteLine(string text = "") => Console.WriteLine(Printable.Line(text));

    /// <summary>A text that is to be copied: where it is too long, the terminal wraps it, and puts no line's end into it.</summary>
    public static void WriteWhole(string text) => System.Console.Out.WriteLine(Printable.Line(text));

    public static void Heading(string text) => Console.MarkupLine($"[bold]{Markup.Escape(Printable.Line(text))}[/]");

    public static IAnsiConsole Create(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(PrintableWriter.InnerOf(writer)),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = isRedirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        console.Pipeline.Attach(new PrintableHook());
        if (isRedirected)
            console.Profile.Width = FileWidth;
        return console;
    }
}
