using System.Collections.Concurrent;
using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Places;

namespace BackupSync.Backups;

/// <summary>The backups of a place, whichever kind it is.</summary>
public static class BackupStore
{
    const int ManifestsAtOnce = 8;

    /// <summary>
    /// The same backup wherever it is. Its name as well: of a database that rests, two archives of one second are the same to the byte.
    /// </summary>
    static readonly EqualityComparer<BackupFile> Same = EqualityComparer<BackupFile>.Create(
        (a, b) => (a?.Database, a?.FileName, a?.Sha256) == (b?.Database, b?.FileName, b?.Sha256),
        b => HashCode.Combine(b.Database, b.FileName, b.Sha256));

    /// <summary>
    /// Every backup of a place that has its archive, newest first; what looks like one and is none is told to <paramref name="warn"/>.
    /// </summary>
    /// <param name="databases">Only these are looked at; all where there is none.</param>
    /// <param name="encryption">
    /// Where there is a passphrase: whose signature manifests should bear. Each backup tells whether it does.
    /// </param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.PlaceFailed"/> or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static async Task<IReadOnlyList<BackupFile>> ListAsync(
        PlaceConfig config, Action<string>? warn, CancellationToken cancellationToken, IReadOnlyCollection<string>? databases = null,
        EncryptionConfig? encryption = null)
    {
        await using var place = BackupPlaces.Open(config);
        var entries = await ScanAsync(place, cancellationToken, databases, encryption);
        foreach (var entry in entries.Where(e => e is { IsGood: false, LooksLikeBackup: true })
            .OrderBy(e => e.Path, StringComparer.Ordinal))
            warn?.Invoke($"Not a backup: {entry.Path}: {entry.Problem}");
        return [.. BackupCatalog.NewestFirst(entries.Where(e => e.IsGood).Select(e => e.Backup!))];
    }

    /// <summary>
    /// What need not be copied to a place, as it is there already. A copy there that failed its proof, or whose manifest is not ours,
    /// does not count: it is replaced.
    /// </summary>
    /// <returns>Told apart by database, name and archive, wherever one is.</returns>
    /// <inheritdoc cref="ListAsync" path="/param"/>
    /// <inheritdoc cref="ListAsync" path="/exception"/>
    public static async Task<HashSet<BackupFile>> HeldAsync(
        PlaceConfig config, Action<string>? warn, CancellationToken cancellationToken, IReadOnlyCollection<string>? databases = null,
        EncryptionConfig? encryption = null) =>
        (await ListAsync(config, warn, cancellationToken, databases, encryption))
            .Where(b => b is { NotAuthenticated: null, Proof: not { Bad: true } }).ToHashSet(Same);

    /// <summary>The names of all files in a database's folder of a place.</summary>
    internal static async Task<IReadOnlyList<string>> NamesAsync(PlaceConfig config, string database, CancellationToken cancellationToken)
    {
        await using var place = BackupPlaces.Open(config);
        var folder = database + "/";
        return [.. (await place.ListAsync(cancellationToken)).Where(f => Folder(f.Key) == folder).Select(f => f.Key[folder.Length..])];
    }

    /// <summary>Every file in the databases' folders of a place, as <see cref="BackupFolder"/> sees those of a folder.</summary>
    internal static async Task<IReadOnlyList<BackupFolderEntry>> ScanAsync(
        IBackupPlace place, CancellationToken cancellationToken, IReadOnlyCollection<string>? databases = null,
        EncryptionConfig? encryption = null)
    {
        var files = await place.ListAsync(cancellationToken);
        var entries = new List<BackupFolderEntry>();
        foreach (var folder in files.GroupBy(f => Folder(f.Key))
            .Where(f => f.Key.Length > 0 && (databases is not { Count: > 0 } || databases.Contains(f.Key[..^1]))))
        {
            var sizes = folder.ToDictionary(f => f.Key[folder.Key.Length..], f => f.Size);
            var manifests = new ConcurrentDictionary<string, byte[]>();
            var unreadable = new ConcurrentDictionary<string, BackupSyncException>();
            await Parallel.ForEachAsync(
                sizes.Keys.Where(n => n.EndsWith(ManifestStore.Suffix, StringComparison.Ordinal)
                    && sizes.ContainsKey(n[..^ManifestStore.Suffix.Length])),
                new ParallelOptions { MaxDegreeOfParallelism = ManifestsAtOnce, CancellationToken = cancellationToken },
                async (name, ct) =>
                {
                    try
                    {
                        ManifestStore.EnsureMayBeOne(sizes[name], place.LocationOf(folder.Key + name));
                        if (await ReadBytesAsync(place, folder.Key + name, sizes[name], ct) is { } bytes)
                            manifests[name] = bytes;
                    }
                    catch (BackupSyncException e) when (IsOfOneFile(e))
                    {
                        unreadable[name] = e;
                    }
                });
            var database = folder.Key[..^1];
            var found = BackupFolder.Look(sizes, ReadManifest, name => place.LocationOf(folder.Key + name), encryption);
            // A job may keep its own backups in a folder beside those of the databases.
            if (found.Any(e => e.Backup is { Kind: BackupKind.Source or BackupKind.Safety } b && b.Database != database)
                && !found.Any(e => e.Backup?.Database == database))
                continue;
            entries.AddRange(found.Select(e => e.Backup is not { } backup ? e
                : backup.Database != database
                    ? e with { Backup = null, Problem = $"its manifest is of another database, {backup.Database}" }
                : e with
                {
                    Backup = backup with { Place = place.Name.Length > 0 ? place.Name : null, Key = folder.Key + backup.FileName },
                }));

            byte[]? ReadManifest(string name) =>
                unreadable.TryGetValue(name, out var failure) ? throw failure : manifests.GetValueOrDefault(name);
        }
        return entries;
    }

    /// <summary>Whether it is one file that cannot be read, rather than its place.</summary>
    static bool IsOfOneFile(BackupSyncException failure) =>
        failure.ErrorId is ErrorIds.BackupInvalid or ErrorIds.FileFailed || S3Failure.IsOfOneObject(failure);

    internal static async Task<BackupManifest> ReadManifestAsync(
        IBackupPlace place, string key, CancellationToken cancellationToken, EncryptionConfig? encryption = null) =>
        ParseManifest(await ReadManifestBytesAsync(place, key, cancellationToken), place, key, encryption);

    /// <summary>Null where there is none (any more).</summary>
    internal static async Task<BackupManifest?> ReadManifestIfThereAsync(
        IBackupPlace place, string key, CancellationToken cancellationToken) =>
        await ReadBytesAsync(place, key + ManifestStore.Suffix, null, cancellationToken) is { } bytes
            ? ParseManifest(bytes, place, key, encryption: null)
            : null;

    /// <summary>As it is stored.</summary>
    internal static async Task<byte[]> ReadManifestBytesAsync(IBackupPlace place, string key, CancellationToken cancellationToken) =>
        await ReadBytesAsync(place, key + ManifestStore.Suffix, null, cancellationToken) ?? throw new BackupSyncException(
            ErrorIds.BackupInvalid, $"{place.LocationOf(key)} has no manifest: it was never finished, has gone, or is not a backup of "
                + "BackupSync.", "Use another backup.");

    internal static BackupManifest ParseManifest(byte[] bytes, IBackupPlace place, string key, EncryptionConfig? encryption) =>
        ManifestStore.Parse(bytes, place.LocationOf(key + ManifestStore.Suffix), key.Split('/')[^1], encryption);

    internal static async Task<BackupFile> ReadAsync(IBackupPlace place, string key, CancellationToken cancellationToken) =>
        BackupFile.Of(place.LocationOf(key), await ReadManifestAsync(place, key, cancellationToken)) with
        {
            Place = place.Name.Length > 0 ? place.Name : null,
            Key = key,
        };

    /// <param name="manifest">
    /// As <see cref="ManifestStore.Format"/> makes it, or as it stands in another place: a signature is of the bytes.
    /// </param>
    /// <param name="replace">Whether it takes the place of one that is there: what is found out about a backup is written so.</param>
    internal static async Task WriteManifestAsync(
        IBackupPlace place,
        string key,
        byte[] manifest,
        bool replace,
        CancellationToken cancellationToken)
    {
        using var staging = StagingFolder.Create(0);
        var path = Path.Combine(staging.Path, key.Split('/')[^1] + ManifestStore.Suffix);
        PrivateFile.WriteAllDurably(path, manifest);
        await place.StoreAsync(
            key + ManifestStore.Suffix, path, await FileHash.Sha256Async(path, cancellationToken), null, cancellationToken, replace);
    }

    /// <summary>Brings a file of a place to this machine.</summary>
    /// <param name="onProgress">Told the bytes that have come so far.</param>
    /// <returns>Its path; null where the place has none of this key (any more).</returns>
    internal static async Task<string?> FetchAsync(
        IBackupPlace place,
        string key,
        StagingFolder staging,
        Action<long>? onProgress,
        CancellationToken cancellationToken)
    {
        await using var content = await place.OpenAsync(key, cancellationToken);
        if (content is null)
            return null;
        var path = Path.Combine(staging.Path, key.Split('/')[^1]);
        try
        {
            await using var file = PrivateFile.Create(path);
            var buffer = new byte[256 * 1024];
            long done = 0;
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await file.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                onProgress?.Invoke(done += count);
            }
            return path;
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "write");
        }
    }

    /// <summary>The key of a file beside another one.</summary>
    internal static string Sibling(string key, string file) => Folder(key) + file;

    static string Folder(string key) => key[..(key.LastIndexOf('/') + 1)];

    /// <param name="size">Where it is known: what has none need not be opened, and a pipe would wait for ever.</param>
    static async Task<byte[]?> ReadBytesAsync(IBackupPlace place, string key, long? size, CancellationToken cancellationToken)
    {
        if (size == 0)
            return [];
        await using var content = await place.OpenAsync(key, cancellationToken);
        if (content is null)
            return null;
        using var memory = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await content.ReadAsync(buffer, cancellationToken)) > 0)
        {
            memory.Write(buffer, 0, count);
            ManifestStore.EnsureMayBeOne(memory.Length, place.LocationOf(key));
        }
        return memory.ToArray();
    }
}
