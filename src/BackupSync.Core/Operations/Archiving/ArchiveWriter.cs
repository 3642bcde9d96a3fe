using BackupSync.Archives;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Encryption;
using BackupSync.Files;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Archiving;

/// <summary>What a backup is taken as.</summary>
/// <param name="KeepDays">Null where the rules of its job or plan decide.</param>
/// <param name="Keys">Null where it is not encrypted.</param>
/// <param name="WithGlobals">Whether the cluster's roles and the database's settings are kept beside it.</param>
/// <param name="File">Its name, where it has to have that one; a file of this name is replaced.</param>
/// <param name="TakenNames">Those that it must not have, besides those in its folder.</param>
sealed record BackupLabel(
    BackupKind Kind, string? Tag = null, bool Pinned = false, int? KeepDays = null, EncryptionKeys? Keys = null, bool WithGlobals = false,
    string? File = null,
    IReadOnlySet<string>? TakenNames = null);

/// <summary>What is to be backed up, from which snapshot, and what it is known to hold.</summary>
sealed record ArchiveRequest
{
    public required BackupLabel Label { get; init; }

    /// <summary>As <see cref="BackupManifest.NamedRoles"/>.</summary>
    public IReadOnlyList<string>? NamedRoles { get; init; }
    public required string Job { get; init; }
    public required string RunId { get; init; }
    public required Endpoint Database { get; init; }
    public required PgLogin Login { get; init; }
    public required DatabaseFacts Facts { get; init; }
    public required Snapshot Snapshot { get; init; }
    public required DatabaseFingerprint Fingerprint { get; init; }

    /// <summary>What is left out, in pg_dump's words.</summary>
    public required ExcludedObjects Excluded { get; init; }
    public required PgToolset Tools { get; init; }
    public required BackupCompression Compression { get; init; }
    public required string Directory { get; init; }

    /// <summary>In bytes; a database without rows is exempt.</summary>
    public required long MinimumSize { get; init; }

    /// <summary>How long pg_dump waits for its locks: others may have to wait behind it.</summary>
    public required TimeSpan LockTimeout { get; init; }

    /// <summary>Completes the fingerprint with what can only be known after the dump.</summary>
    public required Func<ArchiveHead, CancellationToken, Task<DatabaseFingerprint>> AfterDump { get; init; }

    /// <summary>What the manifest is signed with; null where there is no passphrase.</summary>
    public ManifestKey? SignWith { get; init; }

    /// <summary>Told what the role may not read, and the backup does without.</summary>
    public required Action<string> Warn { get; init; }

    public string FailureId => Label.Kind == BackupKind.Safety ? ErrorIds.SafetyBackupFailed : ErrorIds.DumpFailed;
}

/// <summary>Takes backups: <c>*.partial</c>, flushed, checked, renamed, and the manifest last.</summary>
static class ArchiveWriter
{
    /// <exception cref="BackupSyncException">It failed; nothing that looks like a backup is left.</exception>
    public static async Task<BackupFile> WriteAsync(ArchiveRequest request, StepScope scope, CancellationToken cancellationToken)
    {
        PrivateFile.CreateFolder(request.Directory);
        var path = request.Label.File is { } file
            ? Path.Combine(request.Directory, file)
            : BackupNames.Next(
                request.Directory, request.Label.Kind, request.Database.Name, request.Snapshot.Taken,
                encrypted: request.Label.Keys is not null, request.Label.TakenNames);
        var partial = path + PrivateFile.PartialSuffix;
        if (request.Label.File is not null)
            PrivateFile.Delete(partial);
        CompanionFile? globals = null;
        string? published = null;
        var isBegun = false;
        try
        {
            var (content, head, encrypted) = await WriteArchiveAsync(request, partial, scope, cancellationToken);
            isBegun = true;
            var fingerprint = await request.AfterDump(head, cancellationToken);
            var size = new FileInfo(partial).Length;
            if (size < request.MinimumSize && request.Fingerprint.TotalRows() >= LeastRows(request))
            {
                throw new BackupSyncException(ErrorIds.BackupInvalid,
                    $"The backup of {request.Database.Name} has only {ByteSizes.Show(size)}, less than the "
                        + $"{ByteSizes.Show(request.MinimumSize)} that make a good one.",
                    "Lower guards.minimumBackupSize if the database really is that small.");
            }
            await PgRestore.ListAsync(request.Tools, head, cancellationToken); // whether pg_restore, too, can read it
            EnsureComplete(head, content, request);
            var options = await OptionsAsync(request, cancellationToken);
            if (request.Label.WithGlobals)
                globals = await ClusterGlobals.WriteAsync(request, options, path, cancellationToken);
            var hash = encrypted?.Sha256 ?? await FileHash.Sha256Async(partial, cancellationToken);
            PrivateFile.Publish(partial, path, overwrite: request.Label.File is not null);
            published = path;
            var manifest = new BackupManifest
            {
                File = Path.GetFileName(path),
                Kind = request.Label.Kind,
                Job = request.Job,
                Database = request.Database.Name,
                DatabaseName = request.Facts.Database,
                RunId = request.RunId,
                Created = request.Snapshot.Taken,
                Size = size,
                Sha256 = hash,
                Compression = ArchiveDump.CompressionOf(request),
                ServerVersion = request.Facts.Version,
                ToolVersion = request.Tools.Version.ToString(),
                Options = options,
                NamedRoles = request.NamedRoles,
                Fingerprint = fingerprint,
                Tag = request.Label.Tag,
                Pinned = request.Label.Pinned,
                KeepDays = request.Label.KeepDays,
                Encryption = encrypted is null ? null : request.Label.Keys!.Describe(encrypted),
                Companions = globals is null ? [] : [globals],
            };
            ManifestStore.Write(path, manifest, request.SignWith, overwrite: request.Label.File is not null);
            (published, globals) = (null, null);
            scope.Note = $"{Path.GetFileName(path)}, {ByteSizes.Show(size)}";
            return BackupFile.Of(path, manifest);
        }
        catch (Exception e) when (e is not OperationCanceledException && published is null && isBegun && !File.Exists(partial))
        {
            throw KeptFiles.Gone(partial, e);
        }
        finally
        {
            PrivateFile.Delete(partial);
            // Without its manifest it is no backup, only the space that the manifest may have lacked.
            if (published is not null)
                PrivateFile.Delete(published);
            if (globals is not null)
                PrivateFile.Delete(Path.Combine(request.Directory, globals.File));
        }
    }

    /// <summary>Null where the role may not read them, which is told: the backup is good without.</summary>
    static async Task<DatabaseOptions?> OptionsAsync(ArchiveRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return (await request.Snapshot.AskAsync(
                session => DatabaseProperties.ReadAsync(session, request.Facts.Database, cancellationToken), cancellationToken)).Options;
        }
        catch (PgQueryException refused) when (refused.ErrorId == ErrorIds.PrivilegeMissing)
        {
            request.Warn($"{request.Database.Name}: its locale and settings are not kept with the backup: {refused.Message}");
            return null;
        }
    }

    static async Task<(ArchiveContent, ArchiveHead, EncryptedFile?)> WriteArchiveAsync(
        ArchiveRequest request, string partial, StepScope scope, CancellationToken cancellationToken)
    {
        await using var file = PrivateFile.Create(partial);
        try
        {
            if (request.Label.Keys is { } keys)
            {
                await using var encrypting = EncryptingStream.Begin(file, keys);
                await using var behind = new WriteBehindStream(encrypting);
                var (content, head) = await ArchiveDump.RunAsync(request, behind, scope, cancellationToken);
                await behind.FinishAsync();
                return (content, head, await encrypting.FinishAsync(cancellationToken));
            }
            else
            {
                var (content, head) = await ArchiveDump.RunAsync(request, file, scope, cancellationToken);
                file.Position = 0;
                await file.WriteAsync(head.Bytes, cancellationToken);
                return (content, head, null);
            }
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, partial, "write");
        }
    }

    /// <summary>How many rows make a backup's size suspicious: a database to try things with has few, where no size is said.</summary>
    static long LeastRows(ArchiveRequest request) => request.MinimumSize == GuardsConfig.DefaultMinimumBackupSize ? 1000 : 1;

    static void EnsureComplete(ArchiveHead head, ArchiveContent content, ArchiveRequest request)
    {
        var empty = request.Excluded.WithoutRows;
        // Their rows are the archive's under the names of their partitions.
        var partitioned = request.Fingerprint.Tables.Keys.Where(t => request.Fingerprint.Objects.ContainsKey($"partitioned table {t}"))
            .ToHashSet();
        var missing = request.Fingerprint.Tables.Keys
            .Where(t => !head.Has("TABLE", t) || (!empty.Contains(t) && !partitioned.Contains(t) && !head.Has("TABLE DATA", t)))
            .Concat(request.Fingerprint.Sequences.Keys.Where(s => !empty.Contains(s) && !head.Has("SEQUENCE SET", s)))
            .Concat(content.DifferencesFrom(request.Fingerprint))
            .Take(5)
            .ToList();
        if (missing.Count == 0)
            return;
        throw new BackupSyncException(ErrorIds.BackupInvalid,
            $"The archive of {request.Database.Name} lacks {string.Join(", ", missing)}, which the database has.",
            "Run again; if it stays so, look at pg_dump's messages in the log.");
    }
}
