using System.Text.Json;
using BackupSync.Configuration;
using BackupSync.Encryption;
using BackupSync.Files;
using BackupSync.Postgres;

namespace BackupSync.Backups;

/// <summary>Keeps manifests beside their archives, as <c>&lt;archive&gt;.json</c>.</summary>
static class ManifestStore
{
    public const string Suffix = ".json";

    /// <summary>In bytes. That of a database of ten thousand tables has some megabytes.</summary>
    internal const long Largest = 64 * 1024 * 1024;

    /// <summary>The newest <see cref="BackupManifest.Format"/> that can be read.</summary>
    const int NewestFormat = 3;

    const int FormatWithSignature = 3;
    const int FormatWithChecksum = 2;

    /// <summary>Why a manifest is not authenticated that may be in order with a passphrase of before.</summary>
    internal const string OtherKey = "it is signed with another passphrase";

    internal const string OtherKeyAdvice = "Check the passphrase: give the one that was in use when it was taken. If this is the one, the "
        + "manifest was altered: use another backup.";

    internal const string Altered = "its signature does not fit: it was altered";

    public static string PathOf(string archivePath) => archivePath + Suffix;

    /// <summary>Makes the archive a backup. To be called last, when the archive is whole and has its name.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.DiskFull"/> or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static void Write(string archivePath, BackupManifest manifest) => Write(archivePath, manifest, null, overwrite: true);

    /// <param name="key">What it is signed with; null where it is not.</param>
    /// <param name="overwrite">Whether one that is there already is replaced; otherwise it is an error.</param>
    /// <inheritdoc cref="Write(string, BackupManifest)"/>
    internal static void Write(string archivePath, BackupManifest manifest, ManifestKey? key, bool overwrite)
    {
        if (manifest.File != Path.GetFileName(archivePath))
            throw new ArgumentException($"The manifest of {manifest.File} does not belong beside {archivePath}.", nameof(manifest));
        PrivateFile.WriteAllDurably(PathOf(archivePath), Format(manifest, key), overwrite);
    }

    /// <param name="key">What it is signed with; null where it is not.</param>
    internal static byte[] Format(BackupManifest manifest, ManifestKey? key)
    {
        var signature = key is null ? null : new ManifestSignature(key.Id, ManifestKey.NewSalt(), ManifestSeal.NoDigest);
        manifest = manifest with
        {
            Format = key is null ? FormatWithChecksum : FormatWithSignature, Signature = signature, Checksum = ManifestSeal.NoDigest,
        };
        byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(manifest, JsonFormat.Indented), (byte)'\n'];
        ManifestSeal.Put(bytes, signature, key);
        return bytes;
    }

    /// <summary>Reads the manifest of an archive, which itself is not looked at.</summary>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupInvalid"/>: there is none, or it is not one of this archive. <see cref="ErrorIds.FileFailed"/>: it
    /// cannot be read.
    /// </exception>
    public static BackupManifest Read(string archivePath)
    {
        var path = PathOf(archivePath);
        return Parse(ReadIfThere(path) ?? throw NoManifest(archivePath, path), path, Path.GetFileName(archivePath));
    }

    /// <summary>A manifest's bytes; null where there is none (any more).</summary>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupInvalid"/>: too large for one. <see cref="ErrorIds.FileFailed"/>.
    /// </exception>
    internal static byte[]? ReadIfThere(string path)
    {
        try
        {
            var size = new FileInfo(path).Length;
            EnsureMayBeOne(size, path);
            return size == 0 ? [] : File.ReadAllBytes(path); // a pipe has no length, and reading one may wait for ever
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }

    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupInvalid"/>.</exception>
    internal static void EnsureMayBeOne(long size, string path)
    {
        if (size > Largest)
            throw Invalid($"{path} is too large for a manifest: {ByteSizes.Show(size)}.");
    }

    /// <param name="path">Its path or address, for messages.</param>
    /// <param name="archiveName">The file it has to belong to.</param>
    /// <param name="encryption">Where there is a passphrase: whose signature it should bear. The manifest tells whether it does.</param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupInvalid"/>: damaged, of another file, or of a newer release.
    /// </exception>
    internal static BackupManifest Parse(byte[] bytes, string path, string archiveName, EncryptionConfig? encryption = null)
    {
        try
        {
            var manifest = ParseJson(bytes, path, archiveName);
            return encryption is null ? manifest : manifest with { NotAuthenticated = ProblemOf(manifest, bytes, encryption) };
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException
            or FormatException or OverflowException)
        {
            throw Invalid($"The manifest {path} is damaged: {e.Message}", e);
        }
    }

    static BackupManifest ParseJson(byte[] bytes, string path, string archiveName)
    {
        using (var document = JsonDocument.Parse(bytes))
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("format", out var element)
                || element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out var format) || format < 1)
                throw Invalid($"{path} is not a manifest of BackupSync: it states no format.");

            // Looked at before anything else: a later format may lack what this one requires.
            if (format > NewestFormat)
                throw Invalid($"The manifest {path} has format {format}, this release reads up to {NewestFormat}: it was written by a "
                    + "newer BackupSync.");
        }

        var manifest = JsonSerializer.Deserialize<BackupManifest>(bytes, JsonFormat.Indented)
            ?? throw Invalid($"The manifest {path} is empty.");

        if (manifest.Format >= FormatWithChecksum && !ManifestSeal.IsAsWritten(bytes, manifest.Checksum))
            throw Invalid($"The manifest {path} is damaged or was altered: its checksum does not fit.");

        // Not by case: file systems that ignore it hand back names as they were typed.
        if (!string.Equals(manifest.File, archiveName, StringComparison.OrdinalIgnoreCase))
            throw Invalid($"The manifest {path} belongs to another file, {manifest.File}.");
        if (manifest.Size < 0 || manifest.Sha256.Length != 64 || !manifest.Sha256.All(char.IsAsciiHexDigit))
            throw Invalid($"The manifest {path} is damaged: its size or its SHA-256 is none.");
        if (manifest.KeepDays < 0)
            throw Invalid($"The manifest {path} is damaged: it states less than no days to keep its archive.");
        if (FaultOf(manifest) is { } fault)
            throw Invalid($"The manifest {path} is damaged: {fault}.");
        if (!manifest.Companions.All(c => IsCompanionOf(archiveName, c.File)))
            throw Invalid($"The manifest {path} is damaged: it names a companion that does not belong to its archive.");
        return manifest;
    }

    /// <summary>What the types do not hold off: nulls within lists, and values that whoever reads them later would stumble over.</summary>
    static string? FaultOf(BackupManifest manifest)
    {
        var content = manifest.Fingerprint;
        if (PgVersion.TryParse(manifest.ServerVersion) is null || PgVersion.TryParse(manifest.ToolVersion) is null)
            return "it states no version of PostgreSQL";
        if (HasNull(manifest.Companions) || HasNull(manifest.NamedRoles) || HasNull(content.Tables.Values)
            || HasNull(content.Sequences.Values)
            || HasNull(content.Objects.Values)
            || HasNull(content.Details?.Values)
            || content.Details?.Values.Any(d => HasNull(d.Values)) == true)
            return "it has a null where there has to be a value";
        if (content.Tables.Values.Any(t => t.Rows < 0)
            || content.Tables.Values.Aggregate(Int128.Zero, (all, t) => all + t.Rows) > long.MaxValue
            || content.LargeObjects.Count < 0)
            return "it states a number of rows that no database has";
        return manifest.Companions.Any(c => c.Size < 0) ? "it states less than no bytes of a companion" : null;
    }

    static bool HasNull(IEnumerable<object?>? values) => values?.Contains(null) == true;

    /// <summary>Why a manifest is not known to be ours, as a phrase; null where it is.</summary>
    static string? ProblemOf(BackupManifest manifest, byte[] bytes, EncryptionConfig encryption)
    {
        if (manifest.Signature is not { } signature)
            return "it has no signature: it was taken before there was a passphrase, by an earlier release, or is forged";
        if (encryption.Problem is not null)
            return "its signature cannot be checked: the passphrase is not here";
        var key = ManifestKey.Of(encryption.Passphrase);
        if (signature.Key != key.Id)
            return OtherKey;
        return ManifestSeal.IsSigned(bytes, manifest.Checksum, signature, key) ? null : Altered;
    }

    /// <summary>
    /// Why a manifest is not to be written anew, as a phrase: a signature that could not be renewed must not be lost. Null where it may.
    /// </summary>
    internal static string? CannotRenew(BackupManifest manifest, EncryptionConfig? encryption) =>
        manifest.Signature is null ? null
        : encryption is null ? "there is no passphrase to sign it anew"
        : manifest.NotAuthenticated;

    /// <summary>As it is stored when something about its backup has changed. What is not signed does not become so by that.</summary>
    internal static byte[] Renew(BackupManifest manifest, EncryptionConfig? encryption) =>
        Format(manifest, manifest.Signature is null ? null : ManifestKey.Of(encryption!.Passphrase));

    /// <summary>Companions are removed with their backup, so nothing else may stand in for one.</summary>
    static bool IsCompanionOf(string archiveName, string name) =>
        name.StartsWith(archiveName + ".", StringComparison.OrdinalIgnoreCase)
        && !name.Equals(PathOf(archiveName), StringComparison.OrdinalIgnoreCase)
        && name.AsSpan().IndexOfAny("/\\:\0") < 0;

    /// <summary>Mostly a manifest itself was named: both stand in a folder, and are completed, one after the other.</summary>
    static BackupSyncException NoManifest(string archivePath, string path)
    {
        var archive = archivePath.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) ? archivePath[..^Suffix.Length] : null;
        return File.Exists(archive)
            ? new(ErrorIds.BackupInvalid, $"{archivePath} is a manifest: the backup is {archive}.", $"Name the backup: {archive}.")
            : Invalid(
                $"{archivePath} has no manifest ({Path.GetFileName(path)}): it was never finished, or is not a backup of BackupSync.");
    }

    static BackupSyncException Invalid(string message, Exception? inner = null) =>
        new(ErrorIds.BackupInvalid, message, "Use another backup.", inner);
}
