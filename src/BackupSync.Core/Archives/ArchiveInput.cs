using System.Buffers.Binary;

namespace BackupSync.Archives;

/// <summary>The numbers and texts that pg_dump's custom format is made of, read from a stream that cannot be wound back.</summary>
sealed class ArchiveInput(Stream stream, CancellationToken cancellationToken)
{
    const int LongestText = 1 << 30;

    readonly byte[] _buffer = new byte[256 * 1024];
    int _position;
    int _end;
    MemoryStream? _kept;

    /// <summary>The bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>From here on what is read is kept as well, until <see cref="TakeKept"/>.</summary>
    public void Keep() => _kept = new MemoryStream();

    public byte[] TakeKept()
    {
        var kept = _kept!.ToArray();
        _kept = null;
        return kept;
    }

    /// <summary>The next byte; null at the end.</summary>
    public byte? TryByte()
    {
        if (_position == _end && !Fill())
            return null;
        Position++;
        var value = _buffer[_position++];
        _kept?.WriteByte(value);
        return value;
    }

    public byte Byte() => TryByte() ?? throw CutOff();

    /// <summary>A sign, then the number with its lowest byte first.</summary>
    public int Integer()
    {
        Span<byte> bytes = stackalloc byte[5];
        if (_end - _position >= bytes.Length)
        {
            _buffer.AsSpan(_position, bytes.Length).CopyTo(bytes);
            Skip(bytes.Length);
        }
        else
        {
            foreach (ref var value in bytes)
                value = Byte();
        }
        var number = BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]);
        // The lowest number there is has no positive of its own; large objects may be called so.
        if (number < 0 && (bytes[0] == 0 || number != int.MinValue))
            throw Damaged("a number is too large");
        return bytes[0] != 0 ? unchecked(-number) : number;
    }

    /// <summary>Null where the archive has none.</summary>
    public byte[]? Text()
    {
        var length = Integer();
        if (length < 0)
            return null;
        if (length > LongestText)
            throw Damaged("a text is too long");
        // Grown as it comes: a damaged length must not take a gigabyte before the end is noticed.
        using var text = new MemoryStream(Math.Min(length, 64 * 1024));
        while (text.Length < length)
        {
            var some = Available((int)(length - text.Length));
            text.Write(some);
            Skip(some.Length);
        }
        return text.ToArray();
    }

    /// <summary>Some of what comes next, at least one byte; to be followed by <see cref="Skip"/>.</summary>
    public ReadOnlySpan<byte> Available(int atMost)
    {
        if (_position == _end && !Fill())
            throw CutOff();
        return _buffer.AsSpan(_position, Math.Min(atMost, _end - _position));
    }

    public void Skip(int count)
    {
        _kept?.Write(_buffer, _position, count);
        _position += count;
        Position += count;
    }

    public BackupSyncException Damaged(string what) =>
        new(ErrorIds.BackupInvalid, $"The archive is damaged at byte {Position:N0}: {what}.", "Use another backup.");

    CutOffArchiveException CutOff() => new($"The archive is cut off: it ends after {Position:N0} bytes, in the middle.");

    bool Fill()
    {
        cancellationToken.ThrowIfCancellationRequested();
        _position = 0;
        _end = stream.Read(_buffer);
        return _end > 0;
    }
}

sealed class CutOffArchiveException(string message) : BackupSyncException(ErrorIds.BackupInvalid, message, "Use another backup.");
