using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using BackupSync.Configuration;
using BackupSync.Files;
using Microsoft.Win32.SafeHandles;

namespace BackupSync.Places;

/// <summary>A bucket of S3, or of storage that speaks its language.</summary>
sealed class S3Place(S3PlaceConfig config, S3Limits limits) : IBackupPlace
{
    /// <summary>Up to this size, in bytes, a file is sent twice to find out whether the server heeds conditions.</summary>
    const long SmallFile = 256 * 1024;

    readonly S3Bucket _bucket = new(config, limits);
    int _storedParts;
    int _triedCondition;

    public S3Place(S3PlaceConfig config) : this(config, new S3Limits { Answer = config.AnswerLimit })
    {
    }

    public string Name => config.Name;

    public string LocationOf(string key) => S3Failure.Location(config, config.Prefix + key);

    public async Task<IReadOnlyList<PlaceFile>> ListAsync(CancellationToken cancellationToken)
    {
        var files = new List<PlaceFile>();
        var page = new ListObjectsV2Request { BucketName = config.Bucket, Prefix = config.Prefix };
        do
        {
            var answer = await _bucket.AskAsync(
                "be listed", null, (client, idle) => ListAsync(client, page, idle), cancellationToken);
            files.AddRange((answer.S3Objects ?? [])
                .Where(o => o.Key?.StartsWith(config.Prefix, StringComparison.Ordinal) == true)
                .Select(o => new PlaceFile(o.Key[config.Prefix.Length..], o.Size ?? 0))
                .Where(f => PlaceKey.IsValid(f.Key)));
            if (answer.IsTruncated == true && (answer.NextContinuationToken is not { } next || next == page.ContinuationToken))
                // Of half of it retention would make all.
                throw _bucket.Failure("be listed", null, new InvalidDataException("The listing does not go on."));
            page.ContinuationToken = answer.IsTruncated == true ? answer.NextContinuationToken : null;
        }
        while (page.ContinuationToken is not null);
        return files;
    }

    public async Task<Stream?> OpenAsync(string key, CancellationToken cancellationToken)
    {
        PlaceKey.Require(key, Name);
        return await S3ObjectStream.OpenAsync(_bucket, config.Prefix + key, cancellationToken);
    }

    public string? Caveat => _bucket.TakesConditions ? null
        : $"The server of the place {Name} does not heed conditions on writing (If-None-Match): of two machines that store files of "
            + "one name there at the same moment, "
          + "one would replace the other's. Names are looked for before they are given.";

    public async Task<bool> StoreAsync(
        string key, string file, string sha256, Action<long>? onProgress, CancellationToken cancellationToken, bool replace = true)
    {
        PlaceKey.Require(key, Name);
        using var handle = OpenSource(file);
        if (RandomAccess.GetLength(handle) > limits.PartSize && Interlocked.Exchange(ref _storedParts, 1) == 0)
            await S3Leftovers.RemoveAsync(_bucket, cancellationToken);

        var existed = await ExistsAsync(key, cancellationToken);
        if (existed && !replace)
            return await AcceptAsync(key, sha256, cancellationToken);
        var upload = new S3Upload(_bucket, config.Prefix + key, handle, file, replace);
        var arrived = true;
        try
        {
            await upload.SendAsync(onProgress, cancellationToken);
            var (hash, etag) = await HashAsync(key, cancellationToken);
            if (!replace && hash != sha256 && etag?.Trim('"') != upload.ETag?.Trim('"'))
                throw new TakenKeyException(this, key); // the server does not heed conditions, and another one's is there now
            arrived = hash == sha256;
            if (!arrived)
            {
                throw new BackupSyncException(
                    ErrorIds.PlaceFailed,
                    $"What arrived at {LocationOf(key)} in the place {Name} is not the file that was to be stored: its SHA-256 differs.",
                    $"Either {file} was changed meanwhile, or it was damaged on the way. Verify it, then store it again.");
            }
            if (!replace && _bucket.TakesConditions && RandomAccess.GetLength(handle) <= SmallFile
                && Interlocked.Exchange(ref _triedCondition, 1) == 0)
                await upload.TryConditionAsync(cancellationToken);
            return true;
        }
        catch (BackupSyncException refused) when (!replace && upload.ETag is null && S3Upload.IsRefusal(refused))
        {
            await UndoAsync(upload, null);
            return await AcceptAsync(key, sha256, cancellationToken);
        }
        catch (Exception failure)
        {
            // What was there before is whole, or wholly replaced: S3 knows nothing in between. Damage goes in any case. What was not to be
            // replaced may be another machine's until the server has said that it is ours.
            var ours = replace ? !existed : upload.ETag is not null && failure is not TakenKeyException;
            var left = await UndoAsync(upload, ours || !arrived ? key : null);
            // Whoever cancelled is told just that: parts that stay are invisible, and the next upload finds them when they are old.
            if (left is null || failure is not BackupSyncException known)
                throw;
            throw new BackupSyncException(
                known.ErrorId,
                $"{known.Message} Removing what was uploaded failed too: {left.Message}",
                known.Advice,
                known) { Detail = known.Detail };
        }
    }

    public async Task<bool> DeleteAsync(string key, CancellationToken cancellationToken)
    {
        PlaceKey.Require(key, Name);
        if (!await ExistsAsync(key, cancellationToken))
            return false;
        await RemoveAsync(key, null, cancellationToken);
        return true;
    }

    public ValueTask DisposeAsync()
    {
        _bucket.Dispose();
        return ValueTask.CompletedTask;
    }

    static SafeFileHandle OpenSource(string file)
    {
        try
        {
            return File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.Asynchronous);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, file, "read");
        }
    }

    /// <summary>Of a page that happens to be XML the SDK makes an empty listing, and so nothing of all that is there.</summary>
    static async Task<ListObjectsV2Response> ListAsync(AmazonS3Client client, ListObjectsV2Request request, IdleTimeout idle)
    {
        var answer = await client.ListObjectsV2Async(request, idle.Token);
        return answer is { Name: null, KeyCount: null, MaxKeys: null, S3Objects: null or { Count: 0 } }
            ? throw new InvalidDataException("The answer to a listing is none.")
            : answer;
    }

    /// <summary>By a listing that the key itself would be first in: a HEAD's refusal has no body to say why.</summary>
    async Task<bool> ExistsAsync(string key, CancellationToken cancellationToken)
    {
        var answer = await _bucket.AskAsync("be looked for", config.Prefix + key, (client, idle) => ListAsync(
            client, new ListObjectsV2Request
            {
                BucketName = config.Bucket,
                Prefix = config.Prefix + key,
                MaxKeys = 1,
            }, idle), cancellationToken);
        return answer.S3Objects?.Any(o => o.Key == config.Prefix + key) == true;
    }

    /// <summary>By reading it back: few servers besides AWS tell a checksum, and AWS none of the whole for an upload in parts.</summary>
    async Task<(string? Hash, string? ETag)> HashAsync(string key, CancellationToken cancellationToken)
    {
        await using var content = await S3ObjectStream.OpenAsync(_bucket, config.Prefix + key, cancellationToken);
        return content is null
            ? (null, null)
            : (Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken)), content.ETag);
    }

    /// <summary>The answer to an upload may be lost and the server asked again: then it is our own object that is in the way.</summary>
    /// <returns>False: what is there is the file that was to be stored.</returns>
    async Task<bool> AcceptAsync(string key, string sha256, CancellationToken cancellationToken) =>
        (await HashAsync(key, cancellationToken)).Hash == sha256 ? false : throw new TakenKeyException(this, key);

    Task RemoveAsync(string key, TimeSpan? limit, CancellationToken cancellationToken) =>
        _bucket.AskAsync(
            "be removed",
            config.Prefix + key,
            (client, idle) => client.DeleteObjectAsync(config.Bucket, config.Prefix + key, idle.Token),
            cancellationToken,
            limit);

    /// <param name="key">The object to be removed; null for none.</param>
    /// <returns>Why something is left; null where nothing is.</returns>
    async Task<BackupSyncException?> UndoAsync(S3Upload upload, string? key)
    {
        try
        {
            await upload.AbortAsync(CancellationToken.None);
            if (key is not null)
                await RemoveAsync(key, limits.Undoing, CancellationToken.None);
            return null;
        }
        catch (BackupSyncException e)
        {
            return e;
        }
    }
}
