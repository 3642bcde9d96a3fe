using System.Text.Json.Serialization;

namespace BackupSync.Backups;

public enum BackupKind
{
    /// <summary>A copy of a job's source.</summary>
    Source,

    /// <summary>What a run was about to replace.</summary>
    Safety,

    /// <summary>Taken by hand.</summary>
    Manual,

    /// <summary>Taken by a backup plan, whose name stands in the place of the job's.</summary>
    Plan,
}

/// <summary>A backup that counts as one: an archive with its manifest.</summary>
/// <param name="Path">The archive; its manifest stands beside it as <c>&lt;file&gt;.json</c>.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Created">The moment of the snapshot it holds, in UTC.</param>
/// <param name="Database">The configuration's name of the database it is of.</param>
/// <param name="Rows">All rows of all tables.</param>
/// <param name="RunId">The run that made it.</param>
/// <param name="Sha256">Of the archive, in lower-case hexadecimal.</param>
public sealed record BackupFile(
    string Path, BackupKind Kind, string Job, string Database, DateTimeOffset Created, long Size, long Rows, int Tables,
    string RunId, string ServerVersion, string Sha256)
{
    public string FileName => System.IO.Path.GetFileName(Path);

    /// <summary>The configuration's name of the place it is in; null in a job's own directory.</summary>
    public string? Place { get; init; }

    /// <summary>
    /// The archive's key in its place, such as <c>auth/auth_backup_20260101_020000.dump</c>; null in a job's own directory.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>What it was taken for, such as <c>pre-deployment-20240123</c>; null for none.</summary>
    public string? Tag { get; init; }

    /// <summary>Kept for ever.</summary>
    public bool Pinned { get; init; }

    /// <summary>In days, stated for it alone; null where the rules of its plan or job decide.</summary>
    public int? KeepDays { get; init; }

    public bool Encrypted { get; init; }

    /// <summary>What was last found out about it; null where nothing was.</summary>
    public ProofRecord? Proof { get; init; }

    /// <summary>
    /// Why it is not known to be one that BackupSync has taken, as a phrase: it may be forged. Null where its manifest's signature is
    /// that of the configuration's passphrase, and where there is no passphrase.
    /// </summary>
    public string? NotAuthenticated { get; init; }

    /// <summary>What is known of whether it is good, in words; whether it is ours at all goes before that. Null where nothing is.</summary>
    [JsonIgnore]
    public string? Proven => NotAuthenticated is null ? Proof?.DescribeIn(Place) : "NOT AUTHENTICATED";

    /// <summary>How long it is kept, where that was said of it.</summary>
    [JsonIgnore]
    public string? Kept => Pinned ? "for ever" : KeepDays is { } days ? Quantity.Of(days, "day") : null;

    /// <summary>What to do where it is not known to be ours. With a wrong passphrase all of them are so, and none is to be signed.</summary>
    internal string UnauthenticatedAdvice => NotAuthenticated == ManifestStore.OtherKey
        ? ManifestStore.OtherKeyAdvice
        : $"If you know that it is yours, use it as it is with {Spelling.Unauthenticated}, or sign it: {HowToSign}";

    /// <summary>The command that signs it, as it can be typed.</summary>
    internal string HowToSign => Key is not null && Path.Contains("://", StringComparison.Ordinal)
        ? new Spelling($"Get-DbBackup {Database} -Place {Place} | Set-DbBackupSignature",
            $"backupsync backups sign {Database} --all --place {Place}").ToString()
        : $"{Spelling.SignBackupAt} {(Path.Contains(' ', StringComparison.Ordinal) ? $"'{Path}'" : Path)}";

    /// <summary>What signing its manifest makes ours besides the data, for whoever is asked; empty for nothing.</summary>
    public string Labels() => string.Concat(
        Tag is null ? "" : $", tag {Tag}",
        Pinned ? ", kept for ever" : "",
        KeepDays is { } days ? $", kept for {Quantity.Of(days, "day")}" : "");

    public override string ToString() => FileName;

    /// <summary>The archive at <paramref name="path"/>, as its manifest describes it.</summary>
    public static BackupFile Of(string path, BackupManifest manifest) => new(
        path, manifest.Kind, manifest.Job, manifest.Database, manifest.Created, manifest.Size, manifest.Fingerprint.TotalRows(),
        manifest.Fingerprint.Tables.Count, manifest.RunId, manifest.ServerVersion, manifest.Sha256)
    {
        Tag = manifest.Tag,
        Pinned = manifest.Pinned,
        KeepDays = manifest.KeepDays,
        Encrypted = manifest.Encryption is not null,
        Proof = manifest.Proof,
        NotAuthenticated = manifest.NotAuthenticated,
    };
}
