using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BackupSync.Files;

namespace BackupSync.Backups;

/// <summary>Keeps manifests beside their archives, as <c>&lt;archive&gt;.json</c>.</summary>
public static class ManifestStore
{
    public const string Suffix = ".json";

    /// <summary>The newest <see cref="BackupManifest.Format"/> that can be read.</summary>
    const int NewestFormat = 2;

    const int FormatWithChecksum = 2;

    static readonly string NoChecksum = new('0', 64);

    public static string PathOf(string archivePath) => archivePath + Suffix;

    /// <summary>Makes the archive a backup. To be called last, when the archive is whole and has its name.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.DiskFull"/> or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static void Write(string archivePath, BackupManifest manifest)
    {
        if (manifest.File != Path.GetFileName(archivePath))
            throw new ArgumentException($"The manifest of {manifest.File} does not belong beside {archivePath}.", nameof(manifest));
        PrivateFile.WriteAllDurably(PathOf(archivePath), Format(manifest));
    }

    internal static byte[] Format(BackupManifest manifest)
    {
        byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(manifest with { Format = NewestFormat, Checksum = NoChecksum }, JsonFormat.Indented), (byte)'\n'];
        var checksum = Convert.ToHexStringLower(SHA256.HashData(bytes));
        Replace(bytes, NoChecksum, checksum);
        return bytes;
    }

    /// <summary>Reads the manifest of an archive, which itself is not looked at.</summary>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupInvalid"/>: there is none, or it is not one of this archive. <see cref="ErrorIds.FileFailed"/>: it cannot be read.
    /// </exception>
    public static BackupManifest Read(string archivePath)
    {
        var path = PathOf(archivePath);
        try
        {
            return Parse(File.ReadAllBytes(path), path, Path.GetFileName(archivePath));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Invalid($"{archivePath} has no manifest ({Path.GetFileName(path)}): it was never finished, or is not a backup of BackupSync.", e);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }

    /// <param name="path">Its path or address, for messages.</param>
    /// <param name="archiveName">The file it has to belong to.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupInvalid"/>: damaged, of another file, or of a newer release.</exception>
    internal static BackupManifest Parse(byte[] bytes, string path, string archiveName)
    {
        try
        {
            return ParseJson(bytes, path, archiveName);
        }
        catch (JsonException e)
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
                throw Invalid($"The manifest {path} has format {format}, this release reads up to {NewestFormat}: it was written by a newer BackupSync.");
        }

        var manifest = JsonSerializer.Deserialize<BackupManifest>(bytes, JsonFormat.Indented)
            ?? throw Invalid($"The manifest {path} is empty.");

        if (manifest.Format >= FormatWithChecksum && !IsAsWritten(bytes, manifest.Checksum))
            throw Invalid($"The manifest {path} is damaged or was altered: its checksum does not fit.");

        // Not by case: file systems that ignore it hand back names as they were typed.
        if (!string.Equals(manifest.File, archiveName, StringComparison.OrdinalIgnoreCase))
            throw Invalid($"The manifest {path} belongs to another file, {manifest.File}.");
        if (manifest.Size < 0 || manifest.Sha256.Length != 64 || !manifest.Sha256.All(char.IsAsciiHexDigit))
            throw Invalid($"The manifest {path} is damaged: its size or its SHA-256 is none.");
        if (manifest.KeepDays < 0)
            throw Invalid($"The manifest {path} is damaged: it states less than no days to keep its archive.");
        if (!manifest.Companions.All(c => IsCompanionOf(archiveName, c.File)))
            throw Invalid($"The manifest {path} is damaged: it names a companion that does not belong to its archive.");
        return manifest;
    }

    static bool IsAsWritten(byte[] bytes, string checksum)
    {
        var zeroed = bytes.ToArray();
        return checksum.Length == NoChecksum.Length && Replace(zeroed, checksum, NoChecksum) && Convert.ToHexStringLower(SHA256.HashData(zeroed)) == checksum;
    }

    /// <summary>The last one: the checksum ends a manifest.</summary>
    static bool Replace(byte[] bytes, string old, string replacement)
    {
        var at = bytes.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes(old));
        return at >= 0 && Encoding.ASCII.TryGetBytes(replacement, bytes.AsSpan(at), out _);
    }

    /// <summary>Companions are removed with their backup, so nothing else may stand in for one.</summary>
    static bool IsCompanionOf(string archiveName, string name) =>
        name.StartsWith(archiveName + ".", StringComparison.OrdinalIgnoreCase)
        && !name.Equals(PathOf(archiveName), StringComparison.OrdinalIgnoreCase)
        && name.AsSpan().IndexOfAny("/\\:\0") < 0;

    static BackupSyncException Invalid(string message, Exception? inner = null) =>
        new(ErrorIds.BackupInvalid, message, "Use another backup.", inner);
}
