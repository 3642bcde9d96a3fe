using System.Buffers;
using System.IO.Pipelines;

namespace BackupSync.Files;

/// <summary>
/// Passes what is written on to another stream by a thread of its own: what compresses need not wait for what encrypts,
/// where there is another core. What fails there is thrown by the next write.
/// </summary>
sealed class WriteBehindStream : ForwardStream
{
    const int Piece = 128 * 1024;

    /// <summary>How far the writer may be ahead, in bytes.</summary>
    const int Ahead = 16 * Piece;

    readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: Ahead, resumeWriterThreshold: Ahead / 2, minimumSegmentSize: Piece, useSynchronizationContext: false));
    readonly Task _passing;

    public WriteBehindStream(Stream target) =>
        _passing = Task.Factory
            .StartNew(() => Pass(target), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public override bool CanWrite => true;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _pipe.Writer.Write(buffer);
        // Nobody reads any more only after a failure.
        if (_pipe.Writer.FlushAsync().AsTask().GetAwaiter().GetResult().IsCompleted)
            _passing.GetAwaiter().GetResult();
    }

    /// <summary>Waits until all has been passed on. Without it what was written is not complete.</summary>
    public Task FinishAsync()
    {
        _pipe.Writer.Complete();
        return _passing;
    }

    /// <summary>What is still under way is abandoned; the target is nobody's any more when this returns.</summary>
    public override async ValueTask DisposeAsync()
    {
        _pipe.Writer.Complete(new OperationCanceledException());
        await _passing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // what failed was thrown by a write or the finish
        await base.DisposeAsync();
    }

    void Pass(Stream target)
    {
        try
        {
            while (true)
            {
                var read = _pipe.Reader.ReadAsync().AsTask().GetAwaiter().GetResult();
                foreach (var piece in read.Buffer)
                    target.Write(piece.Span);
                _pipe.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }
        }
        finally
        {
            _pipe.Reader.Complete();
        }
    }
}
