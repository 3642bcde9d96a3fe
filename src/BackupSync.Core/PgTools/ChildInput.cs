using BackupSync.Files;

namespace BackupSync.PgTools;

/// <summary>
/// A child's standard input. Remembers that the child stopped reading, so that its own words about why can be told instead
/// of "broken pipe".
/// </summary>
sealed class ChildInput(Stream pipe) : ForwardStream
{
    public bool Refused { get; private set; }

    public override bool CanWrite => true;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            pipe.Write(buffer);
            pipe.Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw Refusal(e);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await pipe.WriteAsync(buffer, cancellationToken);
            await pipe.FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw Refusal(e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            try
            {
                pipe.Dispose();
            }
            catch (IOException)
            {
                Refused = true;
            }
        }
        base.Dispose(disposing);
    }

    /// <summary>The pipe is closed here as soon as the child is gone: for who writes, that is the same as a broken one.</summary>
    IOException Refusal(Exception cause)
    {
        Refused = true;
        return new IOException("The program reads no more.", cause);
    }
}
