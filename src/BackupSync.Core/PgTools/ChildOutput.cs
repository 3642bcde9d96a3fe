using System.IO.Pipelines;

namespace BackupSync.PgTools;

/// <summary>
/// A child's output, read ahead by a thread of its own. Pipes of processes are read synchronously beneath .NET's async methods: a
/// few children at once would take all threads of the pool.
/// </summary>
static class ChildOutput
{
    /// <summary>What a pipe of Linux holds.</summary>
    const int Piece = 64 * 1024;

    /// <summary>How far the thread may be ahead of the reader, in bytes; then the child waits.</summary>
    const int Ahead = 16 * Piece;

    /// <summary>Begins to read. The stream ends where the child closes its end.</summary>
    public static Stream Begin(Stream pipe)
    {
        var read = new Pipe(new PipeOptions(pauseWriterThreshold: Ahead, resumeWriterThreshold: Ahead / 2, minimumSegmentSize: Piece, useSynchronizationContext: false));
        new Thread(() => Pump(pipe, read.Writer)) { IsBackground = true, Name = "output of a child" }.Start();
        return read.Reader.AsStream();
    }

    static void Pump(Stream pipe, PipeWriter writer)
    {
        Exception? failure = null;
        try
        {
            int count;
            while ((count = pipe.Read(writer.GetSpan(Piece))) > 0)
            {
                writer.Advance(count);
                if (writer.FlushAsync().AsTask().GetAwaiter().GetResult().IsCompleted)
                    break; // nobody reads any more
            }
        }
        catch (Exception e)
        {
            failure = e; // the reader's to throw
        }
        writer.Complete(failure);
    }
}
