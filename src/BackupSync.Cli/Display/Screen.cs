using BackupSync.Application.Views;
using Spectre.Console;

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

    /// <summary>Set where the output is about something that was done, and not itself what was asked for.</summary>
    public static bool TellsOfRuns { get; set; }

    /// <summary>In characters.</summary>
    public static int Width => Console.Profile.Width;

    /// <summary>Prose: it breaks between words, and in a file not at all.</summary>
    public static void WriteLine(string text = "")
    {
        foreach (var line in System.Console.IsOutputRedirected ? [text] : Words.Wrap(text, Width))
            WriteLine(Line.Of(line));
    }

    /// <summary>A text that is to be copied: where it is too long, the terminal wraps it, and puts no line's end into it.</summary>
    public static void WriteWhole(string text) => System.Console.Out.WriteLine(Printable.Line(text));

    public static void WriteLine(Line line) => Console.Write(line);

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
