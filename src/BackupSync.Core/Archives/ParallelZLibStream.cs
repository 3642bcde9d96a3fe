using System.Buffers.Binary;
using System.IO.Compression;
using BackupSync.Files;

namespace BackupSync.Archives;

/// <summary>
/// Compresses what is written to it into one zlib stream, several pieces of it at once: compressing takes longer than all
/// else that happens to a dump. Pieces know nothing of each other, which costs little of the size.
/// By hand: .NET compresses on one processor.
/// </summary>
/// <remarks>
/// Each piece ends on a byte's boundary with an empty stored block, so they can stand one after the other; the checksum of all follows
/// from theirs (https://www.rfc-editor.org/rfc/rfc1950, https://www.rfc-editor.org/rfc/rfc1951). Nothing at all becomes a whole, empty
/// stream: to .NET's own it is none, and to pg_restore an object that is cut off.
/// </remarks>
/// <param name="pieces">Where several such streams follow each other: a piece is large, and a table often small.</param>
sealed class ParallelZLibStream(Stream output, int level, ParallelZLibStream.Pieces? pieces = null) : ForwardStream
{
    const int PieceSize = 512 * 1024;

    static readonly int PiecesAtOnce = Math.Clamp(Environment.ProcessorCount, 2, 4);

    static ReadOnlySpan<byte> Head => [0x78, 0x01];

    static ReadOnlySpan<byte> LastBlock => [0x03, 0x00];

    readonly Queue<(Piece Piece, Task Compressing)> _underWay = [];
    readonly Stack<Piece> _free = (pieces ?? new Pieces()).Free;
    Piece? _filling;
    Adler32 _checksum = Adler32.OfNothing;
    bool _begun;

    public override bool CanWrite => true;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            _filling ??= _free.TryPop(out var used) ? used : new Piece();
            buffer = buffer[_filling.Fill(buffer)..];
            if (_filling.IsFull)
                Compress();
        }
    }

    /// <summary>Writes what is under way, and the end. Without it the stream is cut off.</summary>
    public void Finish()
    {
        if (_filling is not null)
            Compress();
        while (_underWay.Count > 0)
            WriteOldest();
        Begin();
        Span<byte> end = stackalloc byte[LastBlock.Length + sizeof(uint)];
        LastBlock.CopyTo(end);
        BinaryPrimitives.WriteUInt32BigEndian(end[LastBlock.Length..], _checksum.Value);
        output.Write(end);
    }

    void Compress()
    {
        if (_underWay.Count == PiecesAtOnce)
            WriteOldest();
        var piece = _filling!;
        _underWay.Enqueue((piece, Task.Run(() => piece.Compress(level))));
        _filling = null;
    }

    void WriteOldest()
    {
        var (piece, compressing) = _underWay.Dequeue();
        compressing.GetAwaiter().GetResult();
        Begin();
        output.Write(piece.Compressed);
        _checksum = _checksum.Followed(piece.Checksum, piece.Length);
        piece.Clear();
        _free.Push(piece);
    }

    void Begin()
    {
        if (!_begun)
            output.Write(Head);
        _begun = true;
    }

    /// <summary>Those that no stream is using.</summary>
    public sealed class Pieces
    {
        internal Stack<Piece> Free { get; } = [];
    }

    internal sealed class Piece
    {
        readonly byte[] _content = new byte[PieceSize];
        readonly MemoryStream _stream = new();
        int _compressed;

        public int Length { get; private set; }

        public bool IsFull => Length == _content.Length;

        public ReadOnlySpan<byte> Compressed => _stream.GetBuffer().AsSpan(Head.Length, _compressed - Head.Length);

        /// <summary>What a zlib stream of the piece alone ends with.</summary>
        public Adler32 Checksum =>
            new(BinaryPrimitives.ReadUInt32BigEndian(_stream.GetBuffer().AsSpan((int)_stream.Length - sizeof(uint))));

        public int Fill(ReadOnlySpan<byte> content)
        {
            var count = Math.Min(content.Length, _content.Length - Length);
            content[..count].CopyTo(_content.AsSpan(Length));
            Length += count;
            return count;
        }

        public void Compress(int level)
        {
            using var compressor = new ZLibStream(_stream, new ZLibCompressionOptions { CompressionLevel = level }, leaveOpen: true);
            compressor.Write(_content, 0, Length);
            compressor.Flush();
            _compressed = (int)_stream.Length; // disposing ends it, behind this
        }

        public void Clear()
        {
            Length = 0;
            _stream.SetLength(0);
        }
    }
}
