using System.IO.Compression;
using BackupSync.Files;

namespace BackupSync.Archives;

/// <summary>
/// Reads an archive from its beginning to its end, without winding back: the head, then the data of one table or set of
/// large objects after the other.
/// </summary>
sealed class ArchiveReader
{
    public const byte DataBlock = 1;
    public const byte LargeObjectsBlock = 3;

    readonly ArchiveInput _input;
    bool _atEntry;
    ChunkStream? _chunks;

    /// <param name="withDrops">Whether entries tell how they are dropped.</param>
    public ArchiveReader(Stream stream, CancellationToken cancellationToken, bool withDrops = false)
    {
        _input = new ArchiveInput(stream, cancellationToken);
        Head = ArchiveHead.Read(_input, withDrops);
    }

    public ArchiveHead Head { get; }

    /// <summary>Whose data come now; good after <see cref="NextEntry"/>.</summary>
    public ArchiveEntry Entry { get; private set; } = null!;

    /// <summary>Whether the entry's data are large objects rather than a table's rows.</summary>
    public bool IsLargeObjects { get; private set; }

    /// <summary>The large object whose content comes now; null where a table's rows do.</summary>
    public int? LargeObject { get; private set; }

    /// <summary>Goes to the next entry with data. False at the archive's end.</summary>
    public bool NextEntry()
    {
        while (_atEntry)
            NextContent();
        if (_input.TryByte() is not { } block)
            return false;
        IsLargeObjects = block switch
        {
            DataBlock => false,
            LargeObjectsBlock => true,
            _ => throw _input.Damaged($"a block of the unknown kind {block}"),
        };
        var id = _input.Integer();
        Entry = Head.ByDumpId.TryGetValue(id, out var entry) ? entry : throw _input.Damaged("data that belong to nothing");
        (_atEntry, _chunks) = (true, null);
        return true;
    }

    /// <summary>Goes to the next content of the entry: a table has one, large objects one each. False where there is no more.</summary>
    public bool NextContent()
    {
        var first = _chunks is null;
        _chunks?.SkipToEnd();
        LargeObject = IsLargeObjects ? _input.Integer() : null;
        if (IsLargeObjects ? LargeObject == 0 : !first)
        {
            (_atEntry, _chunks) = (false, null);
            return false;
        }
        _chunks = new ChunkStream(_input);
        return true;
    }

    /// <summary>The content as the archive holds it.</summary>
    public Stream Stored => _chunks ?? throw new InvalidOperationException("There is no content here.");

    /// <summary>The content itself.</summary>
    public Stream OpenContent() => Head.Compression switch
    {
        ArchiveCompression.None => Stored,
        ArchiveCompression.Gzip => new ZLibStream(Stored, CompressionMode.Decompress, leaveOpen: true),
        var other => throw new BackupSyncException(ErrorIds.NotSupported, $"Data compressed by {other} are read by pg_restore only."),
    };

    /// <summary>Pieces, each with its length before it, up to one of length 0.</summary>
    sealed class ChunkStream(ArchiveInput input) : ForwardStream
    {
        int _left;
        bool _ended;

        public override bool CanRead => true;

        public override int Read(Span<byte> buffer)
        {
            var done = 0;
            while (done < buffer.Length && MoreInChunk())
            {
                var some = input.Available(Math.Min(_left, buffer.Length - done));
                some.CopyTo(buffer[done..]);
                input.Skip(some.Length);
                _left -= some.Length;
                done += some.Length;
            }
            return done;
        }

        public void SkipToEnd()
        {
            while (MoreInChunk())
            {
                var some = input.Available(_left).Length;
                input.Skip(some);
                _left -= some;
            }
        }

        bool MoreInChunk()
        {
            if (_left > 0)
                return true;
            if (_ended)
                return false;
            _left = input.Integer();
            if (_left < 0)
                throw input.Damaged("a piece of negative length");
            return !(_ended = _left == 0);
        }
    }
}
