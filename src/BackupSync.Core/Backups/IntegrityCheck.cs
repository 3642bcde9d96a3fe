using System.Text;
using BackupSync.Archives;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Runs;

namespace BackupSync.Backups;

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
        try
        {
            content = await Task.Run(() => Count(archive, backup.Manifest, scope, cancellationToken), CancellationToken.None);
        }
        catch (InvalidDataException e)
        {
            throw new BackupSyncException(ErrorIds.BackupInvalid, $"{name} is damaged: its data cannot be decompressed.", "Use another backup.", e);
        }
        if (content.Rows is null)
            content = content with { Rows = await CountByScriptAsync(backup, tools, cancellationToken) };

        var missing = content.DifferencesFrom(backup.Manifest.Fingerprint).Take(5).ToList();
        if (missing.Count > 0)
            throw new BackupSyncException(ErrorIds.BackupInvalid, $"{name} lacks {string.Join(", ", missing)}.", "Use another backup.");
        await backup.ReadGlobalsAsync(cancellationToken);
        scope.Note = $"{name}: {backup.Manifest.Fingerprint.Tables.Count} tables, {content.Rows!.Values.Sum()} rows";
    }

    static ArchiveContent Count(Stream archive, BackupManifest manifest, StepScope scope, CancellationToken cancellationToken)
    {
        var reader = new ArchiveReader(archive, cancellationToken);
        var looksInside = reader.Head.Compression is ArchiveCompression.None or ArchiveCompression.Gzip;
        var all = Math.Max(1, manifest.Fingerprint.TotalRows());
        var rows = new Dictionary<string, long>();
        long largeObjects = 0, done = 0;
        var buffer = new byte[128 * 1024];
        while (reader.NextEntry())
        {
            while (reader.NextContent())
            {
                largeObjects += reader.IsLargeObjects ? 1 : 0;
                if (!looksInside)
                    continue;
                var counter = new RowCounter();
                using var content = reader.OpenContent();
                int count;
                while ((count = content.Read(buffer)) > 0)
                {
                    if (reader.IsLargeObjects)
                        continue;
                    counter.Add(buffer.AsSpan(0, count));
                    scope.Progress((double)(done + counter.Rows) / all, reader.Entry.Key, done + counter.Rows);
                }
                if (reader.IsLargeObjects)
                    continue;
                rows[reader.Entry.Key] = counter.Finish()
                    ?? throw new BackupSyncException(ErrorIds.BackupInvalid, $"{manifest.File} is cut off: the data of {reader.Entry.Key} have no end.", "Use another backup.");
                done += rows[reader.Entry.Key];
            }
        }
        return new ArchiveContent(looksInside ? rows : null, largeObjects);
    }

    /// <summary>For methods that .NET does not know (zstd, lz4): pg_restore decompresses, and its script is counted.</summary>
    static async Task<IReadOnlyDictionary<string, long>> CountByScriptAsync(StoredBackup backup, ToolsConfig tools, CancellationToken cancellationToken)
    {
        var programs = await new ToolLocator(tools).FindAsync(backup.Manifest.ToolMajor, cancellationToken);
        await using var archive = await backup.OpenArchiveAsync(cancellationToken);
        Dictionary<string, ArchiveEntry> tables;
        await using (var again = await backup.OpenArchiveAsync(cancellationToken))
            tables = new ArchiveReader(again, cancellationToken).Head.Entries.Where(e => e.IsTableData).ToDictionary(e => e.CopyStatement.TrimEnd('\n'));
        var rows = new Dictionary<string, long>();
        var command = new ChildCommand(programs.PgRestore, ["--data-only", "--file=-"])
        {
            StandardInput = (input, ct) => archive.CopyToAsync(input, ct),
            StandardOutput = async (script, ct) =>
            {
                // Latin-1 leaves every byte a character: nothing of the data is interpreted.
                using var lines = new StreamReader(script, Encoding.Latin1, false, 256 * 1024, leaveOpen: true);
                string? table = null;
                while (await lines.ReadLineAsync(ct) is { } line)
                {
                    if (table is null)
                        table = tables.GetValueOrDefault(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(line)))?.Key;
                    else if (line == "\\.")
                        table = null;
                    else
                        rows[table] = rows.GetValueOrDefault(table) + 1;
                }
            },
        };
        var result = await ChildProcess.RunAsync(command, cancellationToken);
        return result.ExitCode == 0 ? rows
            : throw new BackupSyncException(ErrorIds.BackupInvalid, $"{backup.Manifest.File} cannot be read by pg_restore: {result.ErrorTail.Trim()}", "Use another backup.");
    }
}
