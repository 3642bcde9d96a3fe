using BackupSync.Files;

namespace BackupSync.Archives;

/// <summary>
/// Rows in COPY's text format up to the line <c>\.</c> that ends them, and the statements of a script between one such block and
/// the next. No row can look like that line: a backslash in a value is doubled.
/// </summary>
sealed class CopyRows(Stream source) : ForwardStream
{
    static ReadOnlySpan<byte> Mark => "\\.\n"u8;
    static ReadOnlySpan<byte> BreakAndMark => "\n\\.\n"u8;

    byte[] _buffer = new byte[256 * 1024];
    int _start;
    int _end;
    bool _atLineStart = true;
    bool _ended;

    public override bool CanRead => true;

    /// <summary>
    /// The next statement of the script, with the semicolon that ends it, whatever line breaks its names hold; null at the script's end.
    /// Comments before it and psql's own commands are passed over. After one that loads rows <see cref="Read(Span{byte})"/> gives them.
    /// </summary>
    public string? ReadStatement()
    {
        (_atLineStart, _ended) = (true, false);
        var (begin, at) = (-1, 0);
        while (at < Buffered.Length || Fill())
        {
            var isCommand = begin < 0 && Buffered[at] == '\\';
            var isBlank = isCommand;
            var length = isCommand ? Buffered[at..].IndexOf((byte)'\n') is >= 0 and var end ? end : Buffered.Length - at
                : SqlToken.LengthAt(Buffered[at..], standardStrings: true, out isBlank);
            // It may be cut off, or go on: what comes next tells.
            if (at + length == Buffered.Length && Fill())
                continue;
            if (begin < 0 && !isBlank)
                begin = at;
            var isEnd = Buffered[at] == ';';
            at += length;
            if (begin < 0 || !isEnd)
                continue;
            var statement = System.Text.Encoding.UTF8.GetString(Buffered[begin..at]);
            // Rows begin on the next line.
            _start += at < Buffered.Length && Buffered[at] == '\n' ? at + 1 : at;
            return statement;
        }
        return null;
    }

    public override int Read(Span<byte> buffer)
    {
        while (!_ended)
        {
            if (_atLineStart && Buffered.StartsWith(Mark))
            {
                _start += Mark.Length;
                _ended = true;
            }
            else if (Buffered.Length >= BreakAndMark.Length)
            {
                // What may be the beginning of the mark stays until its end is there.
                var mark = Buffered.IndexOf(BreakAndMark);
                var count = Math.Min(buffer.Length, mark >= 0 ? mark + 1 : Buffered.Length - Mark.Length);
                Buffered[..count].CopyTo(buffer);
                _start += count;
                _atLineStart = buffer[count - 1] == '\n';
                return count;
            }
            else if (!Fill())
            {
                throw new BackupSyncException(
                    ErrorIds.BackupInvalid,
                    "The rows of a table end without the mark of their end: some are missing.",
                    "Use another backup.");
            }
        }
        return 0;
    }

    ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    bool Fill()
    {
        if (_start > 0)
        {
            Buffered.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        var count = source.Read(_buffer, _end, _buffer.Length - _end);
        _end += count;
        return count > 0;
    }
}
