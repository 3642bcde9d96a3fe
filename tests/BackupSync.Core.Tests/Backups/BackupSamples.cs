using System.Security.Cryptography;
using System.Text;
using BackupSync.Backups;
using BackupSync.Verification;

namespace BackupSync.Tests.Backups;

/// <summary>Makes backups of a few bytes that are real ones to all that reads files.</summary>
static class BackupSamples
{
    public static readonly DateTimeOffset Morning = new(2025, 10, 18, 6, 0, 12, TimeSpan.Zero);

    public static BackupManifest Manifest(
        string file, byte[] content, BackupKind kind = BackupKind.Source, DateTimeOffset? created = null, string runId = "a1b2c3d4",
        string job = "railway-to-neon") =>
        new()
        {
            File = file,
            Kind = kind,
            Job = job,
            Database = kind == BackupKind.Safety ? "neon" : "railway",
            DatabaseName = "Größe \"測試\" 🐘",
            RunId = runId,
            Created = created ?? Morning,
            Size = content.Length,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)),
            Compression = "gzip:1",
            ServerVersion = "15.18",
            ToolVersion = "15.18",
            Fingerprint = new DatabaseFingerprint
            {
                ServerMajor = 15,
                Method = FingerprintMethod.ChainedHash,
                Tables = new Dictionary<string, TableFingerprint>
                {
                    ["public.Users"] = new(13, "-123456789012345678901234567890", 8192),
                    ["public.empty"] = new(0, null, 0),
                },
                Sequences = new Dictionary<string, SequenceFingerprint>
                {
                    ["public.users_id_seq"] = new(13, true) { LatestValue = 14, LatestIsCalled = true },
                },
                LargeObjects = new LargeObjectFingerprint(0, null),
                Objects = new Dictionary<string, string> { ["index public.usersEmailKey"] = "CREATE INDEX …" },
            },
        };

    /// <summary>An archive with its manifest.</summary>
    /// <param name="change">What else its manifest says.</param>
    public static string Add(
        string directory, string file, BackupKind kind = BackupKind.Source, DateTimeOffset? created = null, string runId = "a1b2c3d4",
        string job = "railway-to-neon",
        Func<BackupManifest, BackupManifest>? change = null)
    {
        var path = Path.Combine(directory, file);
        var content = Encoding.UTF8.GetBytes("PGDMP content of " + file);
        File.WriteAllBytes(path, content);
        var manifest = Manifest(file, content, kind, created, runId, job);
        ManifestStore.Write(path, change?.Invoke(manifest) ?? manifest);
        return path;
    }
}
