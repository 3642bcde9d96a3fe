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

    public static void WriteLine(string text = "") => Console.WriteLine(Printable.Line(text));

    /// <summary>A text that is to be copied: where it is too long, the terminal wraps it, and puts no line's end into it.</summary>
    public static void WriteWhole(string text) => System.Console.Out.WriteLine(Printable.Line(text));

    /// <summary>
    /// A line of texts that have their styles. Where it is too long, the terminal wraps it and puts no line's end into it: what stands there
    /// can be copied.
    /// </summary>
    public static void WriteLine(IEnumerable<(string Text, Style Style)> parts) => Console.Write(new WholeLine([.. parts]));

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

    sealed class WholeLine(IReadOnlyList<(string Text, Style Style)> parts) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            parts.Select(p => new Segment(Printable.Line(p.Text), p.Style)).Append(Segment.LineBreak);
    }
}
