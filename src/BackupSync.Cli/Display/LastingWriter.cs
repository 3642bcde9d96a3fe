using System.Text;

namespace BackupSync.Cli.Display;

/// <summary>
/// A stream of the console that may end before the program does: the disk that it goes to is full, or whoever read it has gone. What
/// goes on is more than what is told of it, so the rest is left out, and the first failure kept.
/// </summary>
sealed class LastingWriter(TextWriter inner) : TextWriter
{
    /// <summary>Why nothing is written any more; null while all is.</summary>
    public Exception? Failure { get; private set; }

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Try(() => inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    public override void Write(string? value) => Try(() => inner.Write(value));

    public override void WriteLine() => Try(inner.WriteLine);

    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    public override void Flush() => Try(inner.Flush);

    void Try(Action write)
    {
        if (Failure is not null)
            return;
        try
        {
            write();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Failure = failure;
        }
    }
}
