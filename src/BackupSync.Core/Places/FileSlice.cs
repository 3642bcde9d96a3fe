using BackupSync.Files;
using Microsoft.Win32.SafeHandles;

namespace BackupSync.Places;

/// <summary>A part of a file as a stream; several of one file are read at once.</summary>
/// <param name="path">For messages.</param>
/// <param name="start">Where in the file it begins, in bytes.</param>
/// <param name="onRead">Called whenever somebody wants more of it.</param>
sealed class FileSlice(SafeFileHandle handle, string path, long start, long length, Action onRead) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        onRead();
        try
        {
            return Advance(RandomAccess.Read(handle, buffer[..Wanted(buffer.Length)], start + Position));
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        onRead();
        try
        {
            return Advance(await RandomAccess.ReadAsync(handle, buffer[..Wanted(buffer.Length)], start + Position, cancellationToken));
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => Position,
        _ => length,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    int Wanted(int room) => (int)Math.Min(room, length - Position);

    int Advance(int count)
    {
        // Else the server would wait for the bytes that were announced.
        if (count == 0 && Position < length)
            throw new BackupSyncException(ErrorIds.FileFailed, $"{path} became shorter while it was being read.");
        Position += count;
        return count;
    }
}
