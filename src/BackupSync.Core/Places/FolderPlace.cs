using System.Buffers;
using System.Security.Cryptography;
using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Places;

/// <summary>A folder with one below it for each database; also a mounted share.</summary>
sealed class FolderPlace(FolderPlaceConfig config) : IBackupPlace
{
    const int BufferSize = 256 * 1024;
    const string StoringMark = ".storing-";

    /// <summary>From when on an unfinished file that nobody writes to is nobody's any more.</summary>
    static readonly TimeSpan Stale = TimeSpan.FromDays(1);

    /// <summary>What file systems keep for themselves at the top of a disk, where only the system may look.</summary>
    static readonly string[] FoldersOfTheSystem = ["lost+found", "System Volume Information", "$RECYCLE.BIN"];

    public string Name => config.Name;

    public string LocationOf(string key) => Path.Combine([config.Directory, .. key.Split('/')]);

    public Task<IReadOnlyList<PlaceFile>> ListAsync(CancellationToken cancellationToken)
    {
        EnsureMayBeFolder();
        try
        {
            var root = new DirectoryInfo(config.Directory);
            var files = new List<PlaceFile>(FilesIn(root, ""));
            if (root.Exists)
            {
                foreach (var folder in root.EnumerateDirectories()
                    .Where(f => !FoldersOfTheSystem.Contains(f.Name, StringComparer.OrdinalIgnoreCase)))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    files.AddRange(FilesIn(folder, folder.Name + "/"));
                }
            }
            return Task.FromResult<IReadOnlyList<PlaceFile>>(files);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, config.Directory, "list");
        }
    }

    public Task<Stream?> OpenAsync(string key, CancellationToken cancellationToken)
    {
        PlaceKey.Require(key, Name);
        var path = LocationOf(key);
        try
        {
            PlatformFiles.EnsureRegularOrMissing(path);
            return Task.FromResult<Stream?>(new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, BufferSize,
                FileOptions.Asynchronous | FileOptions.SequentialScan));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "open");
        }
    }

    public async Task<bool> StoreAsync(
        string key, string file, string sha256, Action<long>? onProgress, CancellationToken cancellationToken, bool replace = true)
    {
        PlaceKey.Require(key, Name);
        EnsureMayBeFolder();
        var path = LocationOf(key);
        if (!replace && File.Exists(path))
            return await AcceptAsync(key, sha256, cancellationToken);
        // Of its own name: two that store the same key must never write into one file.
        var partial = $"{path}{StoringMark}{Path.GetRandomFileName()[..8]}{PrivateFile.PartialSuffix}";
        await using var source = OpenSource(file);
        EnsureSpace(path, source.Length);
        PrivateFile.CreateFolder(Path.GetDirectoryName(path)!);
        RemoveLeftovers(Path.GetDirectoryName(path)!);
        try
        {
            if (await CopyAsync(source, partial, onProgress, cancellationToken) != sha256)
                throw NotTheFile(
                    $"{file} is not the file that was to be stored in the place {Name}: its SHA-256 differs.",
                    "It was changed meanwhile, or its disk is failing. Verify it, then store it again.");
            if (await FileHash.Sha256Async(partial, cancellationToken) != sha256)
                throw NotTheFile(
                    $"{path} was written to the place {Name}, but other bytes are read back.",
                    "Check that disk, then store the file again.");
            PrivateFile.Publish(partial, path, overwrite: replace);
            return true;
        }
        catch (BackupSyncException e) when (!replace && e.InnerException is IOException && File.Exists(path))
        {
            return await AcceptAsync(key, sha256, cancellationToken); // another one was faster
        }
        finally
        {
            PrivateFile.Delete(partial);
        }
    }

    public Task<bool> DeleteAsync(string key, CancellationToken cancellationToken)
    {
        PlaceKey.Require(key, Name);
        return Task.FromResult(PrivateFile.Delete(LocationOf(key)));
    }

    public IDisposable? TakeTurn(string key)
    {
        PlaceKey.Require(key, Name);
        var folder = Path.GetDirectoryName(LocationOf(key))!;
        try
        {
            return Directory.Exists(folder) ? PrivateFile.OpenExclusive(Path.Combine(folder, RecordNames.BackupsLock)) : null;
        }
        catch (BackupSyncException full) when (full.ErrorId == ErrorIds.DiskFull)
        {
            return null; // a change cannot be written there, and a removal makes room
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Whether a file is being stored, maybe by another process: storing takes no lock.</summary>
    public static bool IsBeingStored(string file) => Path.GetFileName(file).Contains(StoringMark, StringComparison.Ordinal);

    /// <returns>False: what is there is the file that was to be stored.</returns>
    async Task<bool> AcceptAsync(string key, string sha256, CancellationToken cancellationToken) =>
        await FileHash.Sha256Async(LocationOf(key), cancellationToken) == sha256 ? false : throw new TakenKeyException(this, key);

    /// <summary>A folder that is not there yet is an empty place. What is something else holds no backups, and never will.</summary>
    void EnsureMayBeFolder()
    {
        for (var path = Path.GetFullPath(config.Directory); path is not null && !Directory.Exists(path); path = Path.GetDirectoryName(path))
        {
            if (PlatformFiles.KindOfOther(path) is { } other)
            {
                throw new BackupSyncException(ErrorIds.PlaceFailed, $"The place {Name} is no folder: {path} is {other}.",
                    "Name a folder in its directory, or move what is there away: a folder is made when something is stored.");
            }
        }
    }

    /// <summary>What processes that died have left of files that they stored.</summary>
    static void RemoveLeftovers(string folder)
    {
        try
        {
            foreach (var file in new DirectoryInfo(folder).GetFiles($"*{StoringMark}*{PrivateFile.PartialSuffix}")
                .Where(f => FileAge.Of(f) > Stale))
                PrivateFile.Delete(file.FullName);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, folder, "list");
        }
    }

    /// <summary>Others may be at work: what has gone since the folder was listed is passed over.</summary>
    static IEnumerable<PlaceFile> FilesIn(DirectoryInfo folder, string prefix)
    {
        FileInfo[] files;
        try
        {
            files = folder.GetFiles();
        }
        catch (DirectoryNotFoundException)
        {
            yield break;
        }
        foreach (var file in files)
        {
            if (PlaceKey.IsValid(prefix + file.Name) && file is { Exists: true, Length: var size })
                yield return new PlaceFile(prefix + file.Name, size);
        }
    }

    static FileStream OpenSource(string file)
    {
        try
        {
            return new FileStream(
                file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, file, "read");
        }
    }

    void EnsureSpace(string path, long size)
    {
        if (PrivateFile.FreeSpace(config.Directory) is { } free && free < size)
        {
            throw new BackupSyncException(ErrorIds.DiskFull,
                $"The place {Name} has no room for {Path.GetFileName(path)}: {ByteSizes.Show(size)} are needed, {ByteSizes.Show(free)} "
                    + $"are free in {config.Directory}.",
                $"Free space in {config.Directory}, or keep fewer backups there.");
        }
    }

    /// <returns>The SHA-256 of what was copied.</returns>
    static async Task<string> CopyAsync(FileStream source, string partial, Action<long>? onProgress, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var target = PrivateFile.Create(partial);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        var path = source.Name;
        try
        {
            long done = 0;
            int count;
            while ((count = await source.ReadAsync(buffer, cancellationToken)) > 0)
            {
                hash.AppendData(buffer, 0, count);
                path = partial;
                await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                path = source.Name;
                onProgress?.Invoke(done += count);
            }
            path = partial;
            RandomAccess.FlushToDisk(target.SafeFileHandle);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, path == partial ? "write" : "read");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    static BackupSyncException NotTheFile(string message, string advice) => new(ErrorIds.PlaceFailed, message, advice);
}
