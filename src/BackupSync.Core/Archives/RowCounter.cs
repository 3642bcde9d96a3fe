namespace BackupSync.Archives;

/// <summary>
/// Counts the rows of COPY's text format as they pass: line breaks within values are escaped, so each row is one line; the
/// end is marked by <c>\.</c> and empty lines, without which some are missing.
/// </summary>
sealed class RowCounter
{
    readonly byte[] _tail = new byte[8];
    int _tailLength;
    long _lines;

    /// <summary>The rows so far.</summary>
    public long Rows => _lines;

    public void Add(ReadOnlySpan<byte> content)
    {
        _lines += content.Count((byte)'\n');
        if (content.Length >= _tail.Length)
        {
            content[^_tail.Length..].CopyTo(_tail);
            _tailLength = _tail.Length;
            return;
        }
        var kept = Math.Min(_tailLength, _tail.Length - content.Length);
        _tail.AsSpan(_tailLength - kept, kept).CopyTo(_tail);
        content.CopyTo(_tail.AsSpan(kept));
        _tailLength = kept + content.Length;
    }

    /// <summary>All rows; null where the mark of the end is missing.</summary>
    public long? Finish()
    {
        var tail = _tail.AsSpan(0, _tailLength);
        var mark = tail.TrimEnd((byte)'\n');
        var breaks = tail.Length - mark.Length;
        // On a line of its own: a value may end like the mark does.
        return breaks > 0 && (mark.EndsWith("\n\\."u8) || mark.SequenceEqual("\\."u8)) ? _lines - breaks : null;
    }
}
