using System.Runtime.CompilerServices;
using System.Text;

namespace BackupSync.Cli.Display;

/// <summary>
/// The standard output and error as the program writes them: nothing leaves it that would steer a terminal. JSON stays what it is,
/// for it is escaped in the same way.
/// </summary>
sealed class PrintableWriter(TextWriter inner) : TextWriter
{
    /// <summary>The console puts a writer of its own around each that it is given.</summary>
    static readonly ConditionalWeakTable<TextWriter, TextWriter> Inners = [];

    /// <summary>
    /// What a stream of the console was before: for what writes sequences of its own, and has looked at the texts in between.
    /// </summary>
    public static TextWriter InnerOf(TextWriter stream) => Inners.TryGetValue(stream, out var inner) ? inner : stream;

    public override Encoding Encoding => inner.Encoding;

    /// <summary>Puts one before each of the console's streams until it is disposed of.</summary>
    public static OnStreams OnConsole()
    {
        var (output, errors) = (Console.Out, Console.Error);
        var (lastingOutput, lastingErrors) = (new LastingWriter(output), new LastingWriter(errors));
        Console.SetOut(new PrintableWriter(lastingOutput));
        Console.SetError(new PrintableWriter(lastingErrors));
        Inners.AddOrUpdate(Console.Out, lastingOutput);
        Inners.AddOrUpdate(Console.Error, lastingErrors);
        return new OnStreams(lastingOutput, () =>
        {
            Console.SetOut(output);
            Console.SetError(errors);
        });
    }

    public override void Write(char value) => inner.Write(Printable.Escaped(value.ToString(), keepBreaks: true));

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void Write(string? value)
    {
        if (value is not null)
            inner.Write(Printable.Escaped(value, keepBreaks: true));
    }

    // Console's own line end is that of the system, which is not escaped.
    public override void WriteLine() => inner.WriteLine();

    public override void WriteLine(string? value)
    {
        lock (inner)
        {
            Write(value);
            inner.WriteLine();
        }
    }

    public override void Flush() => inner.Flush();

    /// <param name="output">The standard output below.</param>
    public sealed class OnStreams(LastingWriter output, Action restore) : IDisposable
    {
        /// <summary>Why some of the output was not written; null where all was.</summary>
        public Exception? Lost => output.Failure;

        public void Dispose() => restore();
    }
}
