using BackupSync.Archives;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Runs;

namespace BackupSync.Operations.Archiving;

/// <summary>
/// Reads a backup to its end without a server: every byte is decrypted and decompressed, every row of every table is
/// counted, and all are as many as in the snapshot it was taken from.
/// </summary>
static class IntegrityCheck
{
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupInvalid"/>: it lacks something; the message says what.</exception>
    public static async Task RunAsync(StoredBackup backup, ToolsConfig tools, StepScope scope, CancellationToken cancellationToken)
    {
        var name = backup.Manifest.File;
        await using var archive = await backup.OpenArchiveAsync(cancellationToken);
        ArchiveContent content;
        ArchiveHead head;
        try
        {
            (content, head) = await Task.Run(() => Count(archive, backup.Manifest, scope, cancellationToken), CancellationToken.None);
        }
        catch (InvalidDataException e)
        {
            throw new BackupSyncException(
                ErrorIds.BackupInvalid, $"{name} is damaged: its data cannot be decompressed.", "Use another backup.", e);
        }
        if (content.Rows is null)
            content = content with { Rows = await CountByScriptAsync(backup, head, tools, cancellationToken) };

        var missing = content.DifferencesFrom(backup.Manifest.Fingerprint).Take(5).ToList();
        if (missing.Count > 0)
            throw new BackupSyncException(ErrorIds.BackupInvalid, $"{name} lacks {string.Join(", ", missing)}.", "Use another backup.");
        await backup.ReadGlobalsAsync(cancellationToken);
        scope.Note = $"{name}: {Quantity.Of(backup.Manifest.Fingerprint.Tables.Count, "table")}, "
            + Quantity.Of(content.Rows!.Values.Sum(), "row");
    }

    static (ArchiveContent Content, ArchiveHead Head) Count(
        Stream archive,
        BackupManifest manifest,
        StepScope scope,
        CancellationToken cancellationToken)
    {
        var reader = new ArchiveReader(archive, cancellationToken);
        var looksInside = reader.Head.Compression is ArchiveCompression.None or ArchiveCompression.Gzip;
        var all = Math.Max(1, manifest.Fingerprint.TotalRows());
        var rows = new Dictionary<string, long>();
        long largeObjects = 0, done = 0;
        while (reader.NextEntry())
        {
            while (reader.NextContent())
            {
                largeObjects += reader.IsLargeObjects ? 1 : 0;
                if (!looksInside)
                    continue;
                using var content = reader.OpenContent();
                if (reader.IsLargeObjects)
                    content.CopyTo(Stream.Null);
                else
                    done += rows[reader.Entry.Key] =
                        CountRows(content, count => scope.Progress((double)(done + count) / all, reader.Entry.Key, count,
                            manifest.Fingerprint.Tables.GetValueOrDefault(reader.Entry.Key)?.Rows))
                        ?? throw new BackupSyncException(
                            ErrorIds.BackupInvalid,
                            $"{manifest.File} is cut off: the data of {reader.Entry.Key} have no end.",
                            "Use another backup.");
            }
        }
        return (new ArchiveContent(looksInside ? rows : null, largeObjects), reader.Head);
    }

    /// <returns>As <see cref="RowCounter.Finish"/>.</returns>
    static long? CountRows(Stream content, Action<long> onProgress)
    {
        var counter = new RowCounter();
        var buffer = new byte[128 * 1024];
        int count;
        while ((count = content.Read(buffer)) > 0)
        {
            counter.Add(buffer.AsSpan(0, count));
            onProgress(counter.Rows);
        }
        return counter.Finish();
    }

    /// <summary>For methods that .NET does not know (zstd, lz4): pg_restore decompresses, and its script is counted.</summary>
    internal static async Task<IReadOnlyDictionary<string, long>> CountByScriptAsync(
        StoredBackup backup, ArchiveHead head, ToolsConfig tools, CancellationToken cancellationToken)
    {
        var programs = await new ToolLocator(tools).FindAsync(backup.Manifest.ToolMajor, cancellationToken);
        var counted = new Dictionary<string, long>();
        var buffer = new byte[128 * 1024];
        // A table that does not come has no rows in the archive: the comparison tells.
        await TableData.FromScriptAsync(backup, programs, [.. head.Entries.Where(e => e.IsTableData)], (table, rows) =>
        {
            long lines = 0;
            int count;
            while ((count = rows.Read(buffer)) > 0)
                lines += buffer.AsSpan(0, count).Count((byte)'\n');
            counted[table.Key] = lines;
            return Task.CompletedTask;
        }, cancellationToken);
        return counted;
    }
}
