using System.Globalization;
using System.Text;
using BackupSync.Files;

namespace BackupSync.Backups;

/// <summary>
/// What backup files are called: the names operators know from before, with the time in UTC and the extension of
/// the format that is in them.
/// </summary>
static class BackupNames
{
    /// <summary>Of pg_dump's custom format, the only one that is written.</summary>
    public const string Extension = ".dump";

    /// <summary>Of the same, encrypted.</summary>
    public const string EncryptedExtension = Extension + EncryptedSuffix;

    internal const string EncryptedSuffix = ".enc";

    /// <summary>In bytes of UTF-8: file systems allow 255, the rest of a name and its suffixes take the other half.</summary>
    const int LongestDatabase = 120;

    /// <summary>
    /// The path for a new backup: <c>source_db_backup_20251018_060012.dump</c>, <c>neon_safety_backup_….dump</c>,
    /// <c>neon_manual_backup_….dump</c> or, of a plan, <c>neon_backup_….dump</c>; with <c>_2</c> and so on where that is taken
    /// by a file, a manifest, a companion or a <c>*.partial</c>.
    /// </summary>
    /// <param name="database">The configuration's name of the database; what file systems do not take becomes <c>_</c>.</param>
    /// <param name="elsewhere">Names of files that are taken as well: in the places that it goes to from there.</param>
    public static string Next(
        string directory, BackupKind kind, string database, DateTimeOffset created, bool encrypted = false,
        IReadOnlySet<string>? elsewhere = null)
    {
        var prefix = kind switch
        {
            BackupKind.Source => "source_db_backup",
            BackupKind.Safety => $"{Sanitise(database)}_safety_backup",
            BackupKind.Manual => $"{Sanitise(database)}_manual_backup",
            BackupKind.Plan => $"{Sanitise(database)}_backup",
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
        var name = $"{prefix}_{StampOf(created)}";
        for (var i = 1; ; i++)
        {
            var path = Path.Combine(directory, (i == 1 ? name : $"{name}_{i}") + (encrypted ? EncryptedExtension : Extension));
            if (!IsTaken(path) && !IsTaken(ManifestStore.PathOf(path)) && !IsTaken(GlobalsOf(path)))
                return path;
        }

        bool IsTaken(string path) =>
            Path.Exists(path) || Path.Exists(path + PrivateFile.PartialSuffix) || elsewhere?.Contains(Path.GetFileName(path)) == true;
    }

    /// <summary>The companion that holds the cluster's roles: <c>&lt;archive&gt;.globals.sql</c>, encrypted as the archive is.</summary>
    public static string GlobalsOf(string archivePath) => archivePath + ".globals.sql" + (IsEncrypted(archivePath) ? EncryptedSuffix : "");

    /// <summary>Whether an archive has the name of this moment.</summary>
    internal static bool IsOf(string file, DateTimeOffset created) => file.Contains($"_{StampOf(created)}", StringComparison.Ordinal);

    static string StampOf(DateTimeOffset created) => created.UtcDateTime.ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture);

    /// <summary>Whether a file is named as an archive is.</summary>
    public static bool IsArchive(string path) => path.EndsWith(Extension, StringComparison.Ordinal) || IsEncrypted(path);

    static bool IsEncrypted(string path) => path.EndsWith(EncryptedExtension, StringComparison.Ordinal);

    /// <summary>Letters and digits of any script stay, so do dots and dashes inside.</summary>
    static string Sanitise(string database)
    {
        var result = new StringBuilder();
        var bytes = 0;
        foreach (var rune in database.EnumerateRunes())
        {
            // What EnumerateRunes puts in place of a broken surrogate is no letter either.
            var kept = Rune.IsLetterOrDigit(rune) || rune.Value is '-' or '.' ? rune : new Rune('_');
            if ((bytes += kept.Utf8SequenceLength) > LongestDatabase)
                break;
            result.Append(kept);
        }

        // A leading dot hides a file, a leading dash makes an option of it.
        var name = result.ToString().Trim('.', '-');
        return name.Length > 0 ? name : "database";
    }
}
