using BackupSync.Archives;
using BackupSync.PgTools;

namespace BackupSync.Operations.Archiving;

/// <summary>Told each table's rows as they come from a backup.</summary>
delegate Task OnTableRows(ArchiveEntry table, Stream rows);

/// <summary>Reads the rows of some tables out of a backup, in COPY's text format and in the archive's order.</summary>
static class TableData
{
    /// <param name="tools">At least as new as the archive's writer.</param>
    public static async Task ReadAsync(
        StoredBackup backup, PgToolset tools, IReadOnlyList<ArchiveEntry> tables, OnTableRows onRows, CancellationToken cancellationToken)
    {
        await using var archive = await backup.OpenArchiveAsync(cancellationToken);
        // Read without awaiting: rows come in pieces too small for that.
        var missing = await Task.Run(async () =>
        {
            var reader = new ArchiveReader(archive, cancellationToken);
            return reader.Head.Compression is ArchiveCompression.None or ArchiveCompression.Gzip
                ? await FromArchiveAsync(reader, tables, onRows)
                : await FromScriptAsync(backup, tools, tables, onRows, cancellationToken);
        }, CancellationToken.None);
        if (missing.Count > 0)
            throw new BackupSyncException(
                ErrorIds.BackupInvalid, $"{backup.Manifest.File} lacks the rows of {string.Join(", ", missing)}.", "Use another backup.");
    }

    /// <returns>The tables whose rows did not come.</returns>
    static async Task<IReadOnlyCollection<string>> FromArchiveAsync(
        ArchiveReader reader,
        IReadOnlyList<ArchiveEntry> tables,
        OnTableRows onRows)
    {
        var wanted = tables.ToDictionary(t => t.DumpId, t => t.Key);
        while (wanted.Count > 0 && reader.NextEntry())
        {
            if (!wanted.Remove(reader.Entry.DumpId))
                continue;
            while (reader.NextContent())
            {
                await using var content = reader.OpenContent();
                await using var rows = new CopyRows(content);
                await onRows(reader.Entry, rows);
            }
        }
        return wanted.Values;
    }

    /// <summary>For methods of compression that .NET does not know: pg_restore decompresses.</summary>
    /// <returns>As <see cref="FromArchiveAsync"/>.</returns>
    public static async Task<IReadOnlyCollection<string>> FromScriptAsync(
        StoredBackup backup, PgToolset tools, IReadOnlyList<ArchiveEntry> tables, OnTableRows onRows, CancellationToken cancellationToken)
    {
        await using var archive = await backup.OpenArchiveAsync(cancellationToken);
        // Partitions that are loaded through their root share a statement: they come in the archive's order, as the numbers do not.
        var wanted = tables.GroupBy(CopyTarget.InScript).ToDictionary(g => g.Key, g => new Queue<ArchiveEntry>(g));
        await PgRestore.DataScriptAsync(tools, backup.Manifest.File, (input, ct) => archive.CopyToAsync(input, ct),
            tables.Select(t => t.DumpId),
            (script, _) => Task.Run(async () =>
            {
                await using var rows = new CopyRows(script);
                while (rows.ReadStatement() is { } statement)
                {
                    if (!CopyTarget.LoadsRows(statement))
                        continue;
                    if (wanted.TryGetValue(statement, out var entries) && entries.TryDequeue(out var entry))
                        await onRows(entry, rows);
                    // Nobody's rows, or those that were not wanted to their end, are no statements.
                    await rows.CopyToAsync(Stream.Null, CancellationToken.None);
                }
            }, CancellationToken.None), cancellationToken);
        return [.. wanted.Values.SelectMany(e => e).Select(e => e.Key)];
    }
}
