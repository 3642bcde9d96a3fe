using System.Security.Cryptography;
using System.Text;
using BackupSync.Archives;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Encryption;
using BackupSync.Files;
using BackupSync.Runs;

namespace BackupSync.Operations.Archiving;

/// <summary>
/// A backup of which every byte was found to be what its manifest says, and that is encrypted with our passphrase if at
/// all. On this machine until disposed of, wherever it is kept.
/// </summary>
sealed class StoredBackup : IAsyncDisposable
{
    readonly EncryptionKeys? _keys;
    readonly List<StagingFolder> _staging = [];

    readonly BackupHandle _handle;

    StoredBackup(BackupHandle handle, BackupManifest manifest, byte[] manifestBytes, string path, EncryptionKeys? keys) =>
        (_handle, Manifest, ManifestBytes, Path, _keys) = (handle, manifest, manifestBytes, path, keys);

    public BackupManifest Manifest { get; }

    /// <summary>The manifest as it is stored.</summary>
    public byte[] ManifestBytes { get; }

    /// <summary>The archive as it is stored, encrypted or not.</summary>
    public string Path { get; }

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupInvalid"/>: missing, damaged, or not what its manifest says. <see cref="ErrorIds.PassphraseWrong"/>.
    /// <see cref="ErrorIds.NotAuthenticated"/>: there is a passphrase, and the manifest does not bear its signature.
    /// <see cref="ErrorIds.PlaceFailed"/>, FileFailed, DiskFull: it cannot be fetched or read.
    /// </exception>
    public static async Task<StoredBackup> OpenAsync(BackupHandle handle, StepScope? scope, CancellationToken cancellationToken)
    {
        await using var place = handle.OpenPlace();
        var name = place.LocationOf(handle.Key);
        var manifestBytes = await BackupStore.ReadManifestBytesAsync(place, handle.Key, cancellationToken);
        var manifest = BackupStore.ParseManifest(manifestBytes, place, handle.Key, handle.Encryption);
        if (manifest.NotAuthenticated is { } problem)
            EnsureWanted(handle, manifest, problem, name, scope);
        var keys = manifest.Encryption is { } encryption ? EncryptionKeys.Of(encryption, Passphrase(handle, name), name) : null;
        StagingFolder? staging = null;
        try
        {
            var path = name;
            if (handle.Place is not FolderPlaceConfig)
            {
                staging = StagingFolder.Create(manifest.Size);
                path = await BackupStore.FetchAsync(place, handle.Key, staging,
                    bytes => scope?.Progress(
                        (double)bytes / Math.Max(1, manifest.Size), manifest.File, bytes: bytes), cancellationToken) ?? throw Missing(name);
            }
            await CheckAsync(path, name, manifest, keys, cancellationToken);
            var stored = new StoredBackup(handle, manifest, manifestBytes, path, keys);
            if (staging is not null)
                stored._staging.Add(staging);
            return stored;
        }
        catch
        {
            staging?.Dispose();
            throw;
        }
    }

    /// <summary>The archive as pg_dump's format has it, decrypted as it is read.</summary>
    public async Task<Stream> OpenArchiveAsync(CancellationToken cancellationToken)
    {
        var file = OpenFile(Path);
        if (_keys is null)
            return file;
        try
        {
            return await DecryptingStream.OpenAsync(file, _keys, Path, cancellationToken);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// A file that pg_restore can read and any server take: the archive itself, or a copy that only its owner can read and that
    /// goes when this is disposed of: decrypted, or without what another release's pg_dump should not have written.
    /// </summary>
    public async Task<string> ExtractAsync(CancellationToken cancellationToken)
    {
        if (_keys is null && !await HasInternalOptionsAsync(cancellationToken))
            return Path;
        var staging = StagingFolder.Create(Manifest.Size);
        _staging.Add(staging);
        var path = System.IO.Path.Combine(staging.Path, "archive" + BackupNames.Extension);
        try
        {
            await using var archive = await OpenArchiveAsync(cancellationToken);
            await using var file = PrivateFile.Create(path);
            await Task.Run(
                () =>
                {
                    // Its head comes without internal options.
                    var (_, head) = new ArchiveCopy(new ArchiveReader(archive, cancellationToken), file, (_, _, _) => { })
                        .Run(compress: false);
                    // An encrypted archive was written in one go; only now is it known where each table begins.
                    file.Position = 0;
                    file.Write(head.Bytes.Span);
                }, CancellationToken.None);
            return path;
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "write");
        }
    }

    async Task<bool> HasInternalOptionsAsync(CancellationToken cancellationToken)
    {
        await using var archive = await OpenArchiveAsync(cancellationToken);
        return await Task.Run(() => new ArchiveReader(archive, cancellationToken).Head.HadInternalOptions, CancellationToken.None);
    }

    /// <summary>The cluster's roles as they were, a script for psql; null where none were kept.</summary>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupInvalid"/>: the manifest names a file that is missing or damaged.
    /// </exception>
    public async Task<string?> ReadGlobalsAsync(CancellationToken cancellationToken)
    {
        if (Manifest.Companions.FirstOrDefault() is not { } companion)
            return null;
        await using var place = _handle.OpenPlace();
        var key = BackupStore.Sibling(_handle.Key, companion.File);
        var name = place.LocationOf(key);
        using var content = new MemoryStream();
        await using (var file = await place.OpenAsync(key, cancellationToken) ?? throw Missing(name))
            await file.CopyToAsync(content, cancellationToken);
        content.Position = 0;
        if (_keys is null)
        {
            return Convert.ToHexStringLower(SHA256.HashData(content.ToArray())) == companion.Sha256
                ? Encoding.UTF8.GetString(content.ToArray())
                : throw new BackupSyncException(
                    ErrorIds.BackupInvalid,
                    $"{name} was altered: its SHA-256 is not the one in its backup's manifest.",
                    "Use another backup.");
        }
        await new EncryptedFile(companion.Size, companion.Sha256, companion.Hmac ?? "").CheckAsync(content, _keys, name, cancellationToken);
        content.Position = 0;
        await using var plain = await DecryptingStream.OpenAsync(content, _keys, name, cancellationToken);
        using var reader = new StreamReader(plain, Encoding.UTF8);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        foreach (var staging in _staging)
            staging.Dispose();
        return ValueTask.CompletedTask;
    }

    static void EnsureWanted(BackupHandle handle, BackupManifest manifest, string problem, string name, StepScope? scope)
    {
        if (handle.Unauthenticated)
        {
            scope?.Warn($"{name} is not authenticated: {problem}. It is used because that was asked for.");
            return;
        }
        _ = handle.Encryption!.Passphrase; // where it is not here, that is what is wrong
        throw manifest is { Encryption: not null, Signature: not null } && problem == ManifestStore.OtherKey
            ? new BackupSyncException(ErrorIds.PassphraseWrong, $"The passphrase is not the one that {name} was encrypted and signed with.",
                ManifestStore.OtherKeyAdvice)
            : new BackupSyncException(
                ErrorIds.NotAuthenticated,
                $"{name} is not authenticated, so it may be forged: {problem}.",
                (handle.File with { NotAuthenticated = problem }).UnauthenticatedAdvice);
    }

    static Secret Passphrase(BackupHandle handle, string name) => handle.Encryption?.Passphrase ?? throw new BackupSyncException(
        ErrorIds.PassphraseWrong, $"{name} is encrypted, and there is no passphrase for it.", "Name it in the configuration: "
            + "encryption: { passphrase: \"${BACKUPSYNC_PASSPHRASE}\" }");

    static async Task CheckAsync(
        string path,
        string name,
        BackupManifest manifest,
        EncryptionKeys? keys,
        CancellationToken cancellationToken)
    {
        if (keys is null)
        {
            await BackupArchive.CheckAsync(path, manifest, cancellationToken);
            return;
        }
        try
        {
            await using var file = OpenFile(path);
            await new EncryptedFile(manifest.Size, manifest.Sha256, manifest.Encryption!.Hmac).CheckAsync(
                file, keys, name, cancellationToken);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }

    static BackupSyncException Missing(string name) =>
        new(ErrorIds.BackupInvalid, $"{name} is gone, though its manifest is there.", "Use another backup.");

    static FileStream OpenFile(string path)
    {
        try
        {
            PlatformFiles.EnsureRegularOrMissing(path);
            return new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 256 * 1024, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BackupSyncException(ErrorIds.BackupInvalid, $"There is no backup {path}.", "Use another backup.", e);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }
}
