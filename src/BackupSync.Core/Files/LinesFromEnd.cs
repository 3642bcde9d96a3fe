namespace BackupSync.Files;

/// <summary>A line of a file, without its end.</summary>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Bytes">
/// Valid until the next line is asked for; null where the line is longer than <see cref="LinesFromEnd.LongestLine"/>.
/// </param>
readonly record struct FileLine(long Offset, ReadOnlyMemory<byte>? Bytes);

/// <summary>
/// Reads the lines of a file that others append to, the last one first, block by block: whoever stops early has read little.
/// By hand: .NET reads lines forwards only.
/// </summary>
static class LinesFromEnd
{
    /// <summary>
    /// In bytes. The record of a run of 250,000 tables is as long; a longer line is nobody's record, and memory is not spent on it.
    /// </summary>
    public const int LongestLine = 64 << 20;

    /// <summary>Enough for the last few runs; later blocks are larger, because whoever goes on reads much.</summary>
    const int FirstBlock = 64 << 10;
    const int LargestBlock = 1 << 20;

    /// <summary>
    /// A file that is gone has no lines. The file is open, and those who append wait, only while a block is read: a reader may take his
    /// time between lines.
    /// </summary>
    /// <param name="hasRead">Told how many bytes each block had.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>.</exception>
    public static IEnumerable<FileLine> Read(string path, Action<int>? hasRead = null)
    {
        byte[] buffer = [];
        // The end of a line whose beginning has not been read yet; it stands at the beginning of the buffer.
        var rest = 0;
        var isTooLong = false;
        long? position = null;
        for (var size = FirstBlock; position is not 0; size = Math.Min(size * 2, LargestBlock))
        {
            var block = ReadBlock(path, Math.Max(size, rest), rest, ref position, ref buffer);
            if (block < 0)
                yield break;
            hasRead?.Invoke(block);
            var start = position!.Value;
            var end = block + rest;
            for (
                var searched = block;
                searched > 0 && Array.LastIndexOf(buffer, (byte)'\n', searched - 1, searched) is >= 0 and var lineBreak;
                searched = lineBreak)
            {
                yield return Line(start + lineBreak + 1, buffer.AsMemory(lineBreak + 1, end - lineBreak - 1), isTooLong);
                end = lineBreak;
                isTooLong = false;
            }
            if (start == 0)
                yield return Line(0, buffer.AsMemory(0, end), isTooLong);
            isTooLong |= end > LongestLine;
            rest = isTooLong ? 0 : end;
        }
    }

    static FileLine Line(long offset, ReadOnlyMemory<byte> bytes, bool isTooLong) =>
        new(offset, isTooLong || bytes.Length > LongestLine ? (ReadOnlyMemory<byte>?)null : bytes);

    /// <summary>Reads what stands before a position, or before the file's end, into the buffer, and moves the rest behind it.</summary>
    /// <returns>How many bytes; -1 where the file is gone, or was cut meanwhile.</returns>
    static int ReadBlock(string path, int size, int rest, ref long? position, ref byte[] buffer)
    {
        if (!File.Exists(path))
            return -1;
        // Through the same lock as those who append, so that no line is met half-written.
        using var stream = PrivateFile.OpenToRead(path);
        try
        {
            var length = stream.Length;
            var end = position ?? length;
            if (end > length)
                return -1;
            var block = (int)Math.Min(size, end);
            if (buffer.Length < block + rest)
                Array.Resize(ref buffer, Math.Max(buffer.Length * 2, block + rest));
            Buffer.BlockCopy(buffer, 0, buffer, block, rest);
            stream.Seek(end - block, SeekOrigin.Begin);
            stream.ReadExactly(buffer, 0, block);
            position = end - block;
            return block;
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }
}
