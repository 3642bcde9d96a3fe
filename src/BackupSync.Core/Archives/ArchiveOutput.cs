using System.Buffers.Binary;
using BackupSync.Files;

namespace BackupSync.Archives;

/// <summary>Writes what <see cref="ArchiveInput"/> reads.</summary>
sealed class ArchiveOutput(Stream stream)
{
    readonly byte[] _buffer = new byte[256 * 1024];

    /// <summary>Of the content under way: there is one at a time, and there may be ten thousand.</summary>
    readonly byte[] _piece = new byte[64 * 1024];
    int _used;

    public long Position { get; private set; }

    public void Byte(byte value) => Raw([value]);

    public void Integer(int value)
    {
        Span<byte> bytes = stackalloc byte[5];
        bytes[0] = value < 0 ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(bytes[1..], value < 0 ? unchecked(-value) : value);
        Raw(bytes);
    }

    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Position += bytes.Length;
        if (bytes.Length > _buffer.Length - _used)
            Flush();
        if (bytes.Length > _buffer.Length)
        {
            stream.Write(bytes);
            return;
        }
        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    public void Flush()
    {
        stream.Write(_buffer, 0, _used);
        _used = 0;
        stream.Flush();
    }

    /// <summary>A content in pieces; disposing it writes the mark of its end. Only then may the next one begin.</summary>
    public Stream BeginChunks() => new Chunks(this);

    sealed class Chunks(ArchiveOutput output) : ForwardStream
    {
        readonly byte[] _piece = output._piece;
        int _used;

        public override bool CanWrite => true;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (buffer.Length > 0)
            {
                var some = buffer[..Math.Min(buffer.Length, _piece.Length - _used)];
                some.CopyTo(_piece.AsSpan(_used));
                _used += some.Length;
                buffer = buffer[some.Length..];
                if (_used == _piece.Length)
                    WritePiece();
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                WritePiece();
                output.Integer(0);
            }
            base.Dispose(disposing);
        }

        void WritePiece()
        {
            if (_used == 0)
                return;
            output.Integer(_used);
            output.Raw(_piece.AsSpan(0, _used));
            _used = 0;
        }
    }
}
