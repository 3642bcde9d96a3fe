using BackupSync.Encryption;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Backups;

/// <summary>
/// What stands in <c>&lt;archive&gt;.json</c>. It is written last, so an archive without one is not a backup.
/// </summary>
public sealed record BackupManifest
{
    /// <summary>
    /// 1 has no <see cref="Checksum"/>, 2 no <see cref="Signature"/>; what is signed is 3, so that no release writes it again that
    /// would not sign it.
    /// </summary>
    public int Format { get; init; } = 2;

    /// <summary>The archive's file name, without a folder: a manifest belongs to the file it names.</summary>
    public required string File { get; init; }
    public required BackupKind Kind { get; init; }
    public required string Job { get; init; }

    /// <summary>The configuration's name of the database.</summary>
    public required string Database { get; init; }

    /// <summary>The database's own name on its server.</summary>
    public required string DatabaseName { get; init; }
    public required string RunId { get; init; }

    /// <summary>The moment of the snapshot, in UTC.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>In bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Of the archive, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Such as <c>gzip:1</c>.</summary>
    public required string Compression { get; init; }

    /// <summary>Such as <c>15.18</c>.</summary>
    public required string ServerVersion { get; init; }

    /// <summary>Of pg_dump. A pg_restore that reads the archive must be at least as new.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>The major version of <see cref="ToolVersion"/>.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int ToolMajor => MajorOf(ToolVersion);

    /// <summary>The major version of <see cref="ServerVersion"/>.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int ServerMajor => MajorOf(ServerVersion);

    /// <summary>
    /// What the database was created with, and its settings; null in backups of before they were kept, and where the role may not read
    /// them.
    /// </summary>
    public DatabaseOptions? Options { get; init; }

    /// <summary>
    /// Roles that its policies, user mappings and values name: without them it cannot be restored. Null in backups of before they were
    /// kept.
    /// </summary>
    public IReadOnlyList<string>? NamedRoles { get; init; }

    public required DatabaseFingerprint Fingerprint { get; init; }

    /// <summary>What it was taken for, such as <c>pre-deployment-20240123</c>; null for none.</summary>
    public string? Tag { get; init; }

    /// <summary>Kept for ever.</summary>
    public bool Pinned { get; init; }

    /// <summary>In days, stated for it alone; null where the rules of its plan or job decide.</summary>
    public int? KeepDays { get; init; }

    /// <summary>How the archive and its companions are encrypted; null where they are not.</summary>
    public EncryptionInfo? Encryption { get; init; }

    /// <summary>Files that belong to the backup and stand beside it, such as the cluster's roles.</summary>
    public IReadOnlyList<CompanionFile> Companions { get; init; } = [];

    /// <summary>What was last found out about it; null where nothing was.</summary>
    public ProofRecord? Proof { get; init; }

    /// <summary>What shows that this manifest is ours, and as it was written; null where there was no passphrase when it was.</summary>
    public ManifestSignature? Signature { get; init; }

    /// <summary>Why it is not known to be ours, as a phrase; null where it is, and where nobody asked.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    internal string? NotAuthenticated { get; init; }

    /// <summary>SHA-256 of the manifest's own file with zeros in this place, in lower-case hexadecimal.</summary>
    public string Checksum { get; init; } = new('0', 64);

    static int MajorOf(string version) =>
        PgVersion.TryParse(version)?.Major ?? throw new FormatException($"'{version}' is no version of PostgreSQL.");
}

/// <param name="File">Its name, without a folder.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">Of the file as it is stored, in lower-case hexadecimal.</param>
/// <param name="Hmac">As <see cref="EncryptionInfo.Hmac"/>; null where it is not encrypted.</param>
public sealed record CompanionFile(string File, long Size, string Sha256, string? Hmac);

/// <summary>
/// An HMAC over the whole manifest, so that nobody without the passphrase can make one, or alter anything that it states.
/// </summary>
/// <param name="Key">Tells which passphrase's key: the first bytes of what is derived from it, in hexadecimal.</param>
/// <param name="Salt">This manifest's own, in hexadecimal.</param>
/// <param name="Hmac">Of the manifest's own file with zeros in this place and in the checksum's, in lower-case hexadecimal.</param>
public sealed record ManifestSignature(string Key, string Salt, string Hmac)
{
    /// <summary>How the key comes from the passphrase, and the HMAC from the key.</summary>
    [System.Text.Json.Serialization.JsonPropertyOrder(-1)]
    public string Method { get; init; } = ManifestKey.Method;
}
