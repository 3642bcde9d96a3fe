using System.Text;
using System.Text.RegularExpressions;
using BackupSync.Archives;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Archiving;

/// <summary>
/// Lets pg_dump write to a pipe, and what comes from there into a file: compressed, encrypted and counted on the way, so
/// that nothing has to be written or read twice.
/// </summary>
static partial class ArchiveDump
{
    /// <summary>What passed, and the archive's head with the places of all data.</summary>
    public static async Task<CopiedArchive> RunAsync(
        ArchiveRequest request, Stream output, StepScope scope, CancellationToken cancellationToken)
    {
        await using var progress = new DumpProgress(request, scope);
        var archive = new ArchivePipe<CopiedArchive>((pipe, ct) =>
        {
            var reader = new ArchiveReader(pipe, ct);
            // The head comes when pg_dump has locked all tables, and before the first row.
            request.Snapshot.HandOverAsync(ct).GetAwaiter().GetResult();
            if (reader.Head.Compression != ArchiveCompression.None)
                progress.BeginAsking();
            return new ArchiveCopy(reader, output, progress.Tell).Run(CompressesHere(request));
        });
        var command = new ChildCommand(request.Tools.PgDump,
        [
            "--format=custom", $"--compress={PgDumpCompression(request)}", $"--snapshot={request.Snapshot.Id}", "--no-password",
            "--no-owner", "--no-acl", "--no-publications", "--no-subscriptions", "--no-tablespaces", "--no-security-labels",
            $"--exclude-table={CatalogQueries.StateSchema}.{CatalogQueries.StateTable}",
            $"--exclude-table={CatalogQueries.StateSchema}.{CatalogQueries.OwnRowsTable}",
            $"--exclude-table={CatalogQueries.StateSchema}.{CatalogQueries.LeaseTable}",
            $"--lock-wait-timeout={(long)request.LockTimeout.TotalMilliseconds}", Encoding(request), .. request.Excluded.DumpArguments,
        ])
        {
            StandardOutput = archive.ReadAsync,
        };
        var result = await ChildProcess.RunAsync(
            command.ConnectedTo(request.Login, PinnedSettings.ForDump(request.Facts)),
            cancellationToken);
        if (result.ExitCode != 0)
        {
            var failure = PgProgram.Failure(
                result.ExitCode, result.ErrorTail, "pg_dump", request.Login, request.FailureId,
                $"The dump of {request.Database.Name} failed");
            var words = failure.Detail ?? "";
            throw words.Contains("deadlock detected", StringComparison.Ordinal) ? new SnapshotOutdatedException(
                    $"{request.Login.Label}: pg_dump and another session waited for each other's locks.", failure) { Detail = words }
                : OfLock().IsMatch(words) ? new SnapshotOutdatedException(
                    $"{request.Login.Label}: pg_dump waited {Durations.Show(request.LockTimeout)} for its locks on all tables, and "
                        + "another session did not give back one of them.", failure) { Detail = words }
                : OfChange().IsMatch(words) ? new SnapshotOutdatedException(
                    $"{failure.Message} It was dropped or changed while it was dumped, it seems.",
                    failure) { Detail = words }
                : failure;
        }
        return archive.Content ?? throw new BackupSyncException(
            request.FailureId, $"The dump of {request.Database.Name} failed: {archive.CutOff!.Message}", "Run again.",
            archive.CutOff);
    }

    /// <summary>What pg_dump says of a table that others have locked: it waits by a statement's time limit.</summary>
    [GeneratedRegex("(?s)(statement|lock) timeout.*LOCK TABLE|due to lock timeout")]
    private static partial Regex OfLock();

    /// <summary>What it says of an object that is gone.</summary>
    [GeneratedRegex(@"(relation|schema|column|type|function|sequence|index|constraint|trigger|table)\b.* does not exist"
        + "|cache lookup failed for|may have been concurrently dropped|could not open relation with OID|could not find .* with OID")]
    private static partial Regex OfChange();

    /// <summary>The archive's compression, in the words of pg_dump 16: method and level.</summary>
    public static string CompressionOf(ArchiveRequest request) => Method(request) switch
    {
        BackupCompression.None => "none",
        BackupCompression.Zstd => "zstd:1",
        BackupCompression.Lz4 => "lz4",
        _ => $"gzip:{ArchiveCopy.GzipLevel}",
    };

    /// <summary>
    /// The archive's names are compared with the catalog's, which we read in UTF-8; names that are not ASCII have to come so too.
    /// Else the dump keeps to the database's own encoding, which always succeeds; one without any cannot be converted at all.
    /// </summary>
    static string Encoding(ArchiveRequest request)
    {
        var encoding = request.Snapshot.ServerEncoding;
        var areAscii = request.Fingerprint.Tables.Keys.Concat(request.Fingerprint.Sequences.Keys).All(name => Ascii.IsValid(name));
        // Always said: the role's own client_encoding would be taken else.
        return areAscii || encoding == "SQL_ASCII" ? $"--encoding={encoding}" : "--encoding=UTF8";
    }

    static bool CompressesHere(ArchiveRequest request) => Method(request) == BackupCompression.Gzip;

    static string PgDumpCompression(ArchiveRequest request) =>
        Method(request) is not (BackupCompression.None or BackupCompression.Gzip) ? CompressionOf(request)
        : IsModern(request) ? "none" : "0";

    static BackupCompression Method(ArchiveRequest request) => request.Compression switch
    {
        BackupCompression.Auto => IsModern(request) ? BackupCompression.Zstd : BackupCompression.Gzip,
        BackupCompression.Zstd or BackupCompression.Lz4 when !IsModern(request) => throw new BackupSyncException(ErrorIds.ToolTooOld,
            $"Compression {request.Compression.ToString().ToLowerInvariant()} needs pg_dump 16; the one in use is {request.Tools.Version}.",
            "Install newer client programs, or set compression to auto or gzip."),
        var method => method,
    };

    /// <summary>Before version 16 pg_dump knows gzip only, by its level alone.</summary>
    static bool IsModern(ArchiveRequest request) => request.Tools.Version.Major >= 16;
}
