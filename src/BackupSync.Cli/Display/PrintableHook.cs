using Spectre.Console.Rendering;

namespace BackupSync.Cli.Display;

/// <summary>The same for what is drawn: its own sequences are segments of another kind, and stay.</summary>
sealed class PrintableHook : IRenderHook
{
    public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) =>
        renderables.Select(r => new Escaped(r));

    sealed class Escaped(IRenderable inner) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => inner.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => inner.Render(options, maxWidth).Select(segment =>
            segment.IsControlCode || segment.IsLineBreak
                || Printable.Escaped(segment.Text, keepBreaks: true) is var text && text == segment.Text
                ? segment
                : new Segment(text, segment.Style));
    }
}
