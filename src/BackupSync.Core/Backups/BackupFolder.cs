using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Backups;

/// <summary>A file of a backup directory that is no manifest, no companion and none of BackupSync's records.</summary>
/// <param name="Backup">What its manifest says; null where it has none that fits.</param>
/// <param name="Problem">Why it is not a good backup, as a phrase; null where it is one, as far as its size tells.</param>
/// <param name="LooksLikeBackup">Whether somebody might take it for one.</param>
sealed record BackupFolderEntry(string Path, long Size, BackupFile? Backup, string? Problem, bool LooksLikeBackup)
{
    /// <summary>The names of the files that belong to the backup and stand beside it.</summary>
    public IReadOnlyList<string> Companions { get; init; } = [];

    public bool IsGood => Backup is not null && Problem is null;
}

/// <summary>Looks through a backup directory: manifests are read, archives only measured.</summary>
static class BackupFolder
{
    /// <summary>In no particular order; no directory means no files. Folders below it are not looked into.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: the directory cannot be read.</exception>
    /// <param name="encryption">Where there is a passphrase: whose signature manifests should bear.</param>
    public static IReadOnlyList<BackupFolderEntry> Scan(string directory, EncryptionConfig? encryption = null)
    {
        Dictionary<string, long> sizes;
        try
        {
            if (!Directory.Exists(directory))
                return [];
            // One that goes meanwhile has no length: another cleanup is at work.
            sizes = new DirectoryInfo(directory).EnumerateFiles().Where(f => f.Exists).ToDictionary(f => f.Name, f => f.Length);
        }
        catch (FileNotFoundException)
        {
            return Scan(directory, encryption);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, directory, "list");
        }
        return Look(
            sizes, name => ManifestStore.ReadIfThere(Path.Combine(directory, name)), name => Path.Combine(directory, name), encryption);
    }

    /// <summary>The same of any folder of any place.</summary>
    /// <param name="sizes">Its files, by name.</param>
    /// <param name="readManifest">
    /// A manifest's bytes; null where it has gone since. One that cannot be read is no reason not to look at the others.
    /// </param>
    /// <param name="locate">A file's path or address.</param>
    /// <inheritdoc cref="Scan" path="/param[@name='encryption']"/>
    public static IReadOnlyList<BackupFolderEntry> Look(
        IReadOnlyDictionary<string, long> sizes, Func<string, byte[]?> readManifest, Func<string, string> locate,
        EncryptionConfig? encryption = null)
    {
        var entries = sizes
            .Where(f => !RecordNames.Has(f.Key) && f.Key != FolderLock.FileName && !IsManifestOfOne(f.Key, sizes))
            .Select(f => Look(f.Key, f.Value, sizes, readManifest, locate, encryption))
            .OfType<BackupFolderEntry>()
            .ToList();
        var companions = entries.SelectMany(e => e.Companions).ToHashSet(StringComparer.Ordinal);
        return [.. entries.Where(e => e.Backup is not null || !companions.Contains(NameOf(e.Path)))];
    }

    static bool IsManifestOfOne(string name, IReadOnlyDictionary<string, long> sizes) =>
        name.EndsWith(ManifestStore.Suffix, StringComparison.Ordinal) && sizes.ContainsKey(name[..^ManifestStore.Suffix.Length]);

    static BackupFolderEntry? Look(
        string name, long size, IReadOnlyDictionary<string, long> sizes, Func<string, byte[]?> readManifest, Func<string, string> locate,
        EncryptionConfig? encryption)
    {
        var path = locate(name);
        if (name.EndsWith(PrivateFile.PartialSuffix, StringComparison.Ordinal))
            return new BackupFolderEntry(path, size, null, "unfinished: being written, or left by a run that died", false);
        if (name.EndsWith(ManifestStore.Suffix, StringComparison.Ordinal) && BackupNames.IsArchive(name[..^ManifestStore.Suffix.Length]))
            return new BackupFolderEntry(path, size, null, "a manifest whose archive is gone", true);
        var manifestName = name + ManifestStore.Suffix;
        if (!sizes.TryGetValue(manifestName, out var manifestSize))
            return new BackupFolderEntry(path, size, null, "no manifest", BackupNames.IsArchive(name));
        try
        {
            ManifestStore.EnsureMayBeOne(manifestSize, locate(manifestName));
            if (readManifest(manifestName) is not { } bytes)
                return null;
            var manifest = ManifestStore.Parse(bytes, locate(manifestName), name, encryption);
            return new BackupFolderEntry(path, size, BackupFile.Of(path, manifest), BackupArchive.Damage(size, manifest), true)
            {
                Companions = [.. manifest.Companions.Select(c => c.File)],
            };
        }
        catch (BackupSyncException e)
        {
            return new BackupFolderEntry(path, size, null, e.Message, true);
        }
    }

    static string NameOf(string path) => path[(path.LastIndexOfAny(['/', Path.DirectorySeparatorChar]) + 1)..];
}
