using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Win32.SafeHandles;

namespace BackupSync.Places;

/// <summary>One file's way into a bucket: in one request, or in parts that the server puts together at the end.</summary>
/// <param name="replace">Whether an object of this key is replaced; otherwise the server is asked to refuse where there is one.</param>
sealed class S3Upload(S3Bucket bucket, string key, SafeFileHandle handle, string file, bool replace)
{
    const int MostParts = 10_000;
    const long MiB = 1024 * 1024;

    string? _uploadId;

    /// <summary>The object's, once the server has said that it is there by this upload.</summary>
    public string? ETag { get; private set; }

    public async Task SendAsync(Action<long>? onProgress, CancellationToken cancellationToken)
    {
        var size = RandomAccess.GetLength(handle);
        if (size > bucket.Limits.PartSize)
            await SendPartsAsync(size, onProgress, cancellationToken);
        else
            await SendWholeAsync(size, cancellationToken);
        onProgress?.Invoke(size);
    }

    /// <summary>Sends a small file once more. A server that takes it does not heed conditions; the object is what it was.</summary>
    public async Task TryConditionAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SendWholeAsync(RandomAccess.GetLength(handle), cancellationToken);
            bucket.TakesConditions = false;
        }
        catch (BackupSyncException)
        {
            // Refused, as it should be; or the line failed, and nothing is known.
        }
    }

    /// <summary>
    /// Whether the server refused because there is an object of this key, or somebody else is making one
    /// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
    /// </summary>
    public static bool IsRefusal(BackupSyncException failure) =>
        failure.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict };

    /// <summary>
    /// Takes back the parts; the object, if there is one, stays. Twice: a part that was under way may arrive after the first time
    /// and stay (https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html).
    /// </summary>
    public async Task AbortAsync(CancellationToken cancellationToken)
    {
        if (_uploadId is null)
            return;
        await AbortOnceAsync(cancellationToken);
        await Task.Delay(bucket.Limits.LateParts, cancellationToken);
        await AbortOnceAsync(cancellationToken);
    }

    async Task AbortOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await bucket.AskAsync("be rid of its unfinished upload", key,
                (client, idle) => client.AbortMultipartUploadAsync(
                    bucket.Name, key, _uploadId, idle.Token), cancellationToken, bucket.Limits.Undoing);
        }
        catch (BackupSyncException e) when (e.InnerException is AmazonServiceException { StatusCode: HttpStatusCode.NotFound })
        {
            // As it should be: there is no such upload any more.
        }
    }

    /// <summary>
    /// Asks the server for what makes the object visible: where none is to be replaced, on the condition that there is none.
    /// </summary>
    async Task UnlessThereAsync(Func<string?, Task<string>> send)
    {
        if (!replace && bucket.TakesConditions)
        {
            try
            {
                ETag = await send("*");
                return;
            }
            catch (BackupSyncException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotImplemented })
            {
                bucket.TakesConditions = false;
            }
        }
        ETag = await send(null);
    }

    Task SendWholeAsync(
        long size,
        CancellationToken cancellationToken) => UnlessThereAsync(condition => bucket.SendAsync(key, async (client, idle) =>
    {
        await using var content = new FileSlice(handle, file, 0, size, idle.Renew);
        return (await client.PutObjectAsync(new PutObjectRequest
        {
            BucketName = bucket.Name,
            Key = key,
            InputStream = content,
            AutoCloseStream = false,
            ContentType = "application/octet-stream",
            IfNoneMatch = condition,
            UseChunkEncoding = false,
            DisablePayloadSigning = !bucket.SignsContent,
        }, idle.Token)).ETag;
    }, cancellationToken));

    async Task SendPartsAsync(long size, Action<long>? onProgress, CancellationToken cancellationToken)
    {
        var partSize = Math.Max(bucket.Limits.PartSize, (size / MostParts / MiB + 1) * MiB);
        var parts = new PartETag[(size + partSize - 1) / partSize];
        _uploadId = (await bucket.AskAsync("be stored", key, (client, idle) => client.InitiateMultipartUploadAsync(
            new InitiateMultipartUploadRequest
            {
                BucketName = bucket.Name,
                Key = key,
                ContentType = "application/octet-stream",
            }, idle.Token), cancellationToken)).UploadId;

        long done = 0;
        var progress = new Lock();
        // Returns only when none of them is under way any more: one that arrived after the abort would stay.
        await Parallel.ForEachAsync(Enumerable.Range(0, parts.Length),
            new ParallelOptions { MaxDegreeOfParallelism = bucket.Limits.PartsAtOnce, CancellationToken = cancellationToken },
            async (index, partCancellation) =>
            {
                var start = index * partSize;
                var length = Math.Min(partSize, size - start);
                parts[index] = await SendPartAsync(index + 1, start, length, partCancellation);
                lock (progress)
                    onProgress?.Invoke(done += length);
            });

        await UnlessThereAsync(condition => bucket.AskAsync("be stored", key, async (client, idle) => (await client
            .CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest
                {
                    BucketName = bucket.Name,
                    Key = key,
                    UploadId = _uploadId,
                    PartETags = [.. parts],
                    IfNoneMatch = condition,
                },
                idle.Token)).ETag, cancellationToken, bucket.Limits.Completion));
        _uploadId = null;
    }

    Task<PartETag> SendPartAsync(
        int number,
        long start,
        long length,
        CancellationToken cancellationToken) => bucket.SendAsync(key, async (client, idle) =>
    {
        await using var content = new FileSlice(handle, file, start, length, idle.Renew);
        var answer = await client.UploadPartAsync(new UploadPartRequest
        {
            BucketName = bucket.Name,
            Key = key,
            UploadId = _uploadId,
            PartNumber = number,
            PartSize = length,
            InputStream = content,
            UseChunkEncoding = false,
            DisablePayloadSigning = !bucket.SignsContent,
        }, idle.Token);
        return new PartETag(number, answer.ETag);
    }, cancellationToken);
}
