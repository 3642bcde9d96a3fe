using BackupSync.Verification;

namespace BackupSync.Archives;

/// <summary>What an archive was found to hold.</summary>
/// <param name="Rows">Rows by <c>schema.table</c>; null where the data could not be looked into.</param>
sealed record ArchiveContent(IReadOnlyDictionary<string, long>? Rows, long LargeObjects)
{
    /// <summary>What of a snapshot is not in the archive, as phrases.</summary>
    public IEnumerable<string> DifferencesFrom(DatabaseFingerprint fingerprint)
    {
        foreach (var (table, expected) in Rows is null
            ? []
            : fingerprint.Tables.Where(t => !fingerprint.Objects.ContainsKey($"partitioned table {t.Key}")))
        {
            var found = Rows!.GetValueOrDefault(table);
            if (found != expected.Rows)
                yield return $"{Quantity.Number(expected.Rows - found)} of the {Quantity.Of(expected.Rows, "row")} of {table}";
        }
        if (LargeObjects != fingerprint.LargeObjects.Count)
            yield return $"{fingerprint.LargeObjects.Count - LargeObjects} of the "
                + $"{Quantity.Of(fingerprint.LargeObjects.Count, "large object")}";
    }
}

/// <summary>
/// Passes an archive on as pg_dump writes it to a pipe. Compressing is done here, on other cores than
/// pg_dump's own; and as the rows pass by, they are counted.
/// </summary>
sealed class ArchiveCopy(ArchiveReader reader, Stream output, ArchiveCopy.OnProgress onProgress)
{
    /// <summary>
    /// Told now and then: the table under way, its rows so far or null where they come compressed, all bytes written so far.
    /// </summary>
    public delegate void OnProgress(string table, long? rows, long bytes);

    /// <summary>
    /// Of zlib-ng, .NET's own: smaller files than pg_dump's level 1 for less work. Its level 1 makes them two fifths larger.
    /// </summary>
    public const int GzipLevel = 2;

    readonly byte[] _buffer = new byte[128 * 1024];
    readonly ParallelZLibStream.Pieces _pieces = new();
    readonly Dictionary<string, long> _rows = [];
    long _largeObjects;

    /// <param name="compress">Whether what comes uncompressed is compressed by gzip.</param>
    /// <returns>
    /// What passed, and the head with the places of all data: to be written over the one in the file, where that is possible.
    /// </returns>
    public CopiedArchive Run(bool compress)
    {
        var head = compress && reader.Head.Compression == ArchiveCompression.None ? reader.Head.With(ArchiveCompression.Gzip) : reader.Head;
        var writer = new ArchiveOutput(output);
        writer.Raw(head.Bytes.Span);
        while (reader.NextEntry())
        {
            head.PlaceData(reader.Entry.DumpId, writer.Position);
            writer.Byte(reader.IsLargeObjects ? ArchiveReader.LargeObjectsBlock : ArchiveReader.DataBlock);
            writer.Integer(reader.Entry.DumpId);
            while (reader.NextContent())
            {
                if (reader.LargeObject is { } oid)
                {
                    writer.Integer(oid);
                    _largeObjects++;
                }
                CopyContent(head.Compression != reader.Head.Compression, writer);
            }
            if (reader.IsLargeObjects)
                writer.Integer(0);
        }
        writer.Flush();
        return new(new ArchiveContent(CanCount ? _rows : null, _largeObjects), head);
    }

    bool CanCount => reader.Head.Compression == ArchiveCompression.None;

    void CopyContent(bool compress, ArchiveOutput writer)
    {
        var counter = CanCount && !reader.IsLargeObjects ? new RowCounter() : null;
        using (var chunks = writer.BeginChunks())
        {
            var compressor = compress ? new ParallelZLibStream(chunks, GzipLevel, _pieces) : null;
            int count;
            while ((count = reader.Stored.Read(_buffer)) > 0)
            {
                (compressor ?? chunks).Write(_buffer, 0, count);
                counter?.Add(_buffer.AsSpan(0, count));
                onProgress(reader.Entry.Key, counter?.Rows, writer.Position);
            }
            compressor?.Finish();
        }
        if (counter is not null)
        {
            _rows[reader.Entry.Key] = counter.Finish() ?? throw new BackupSyncException(
                ErrorIds.BackupInvalid, $"The data of {reader.Entry.Key} end without their end mark: some are missing.",
                "Run again; if it stays so, look at pg_dump's messages in the log.");
        }
    }
}

/// <param name="Head">With the places of all data.</param>
sealed record CopiedArchive(ArchiveContent Content, ArchiveHead Head);
