using System.Buffers;
using System.Diagnostics;
using Amazon.Runtime;
using Amazon.Runtime.Internal.Util;
using Amazon.S3;
using Amazon.S3.Model;
using BackupSync.Files;

namespace BackupSync.Places;

/// <summary>An object's content. Where the line is cut it goes on from there, as long as the object is still the same.</summary>
sealed class S3ObjectStream : ForwardStream
{
    readonly S3Bucket _bucket;
    readonly string _key;
    readonly string _etag;
    readonly long _length;
    GetObjectResponse? _response;
    long _position;

    /// <summary>In bytes. Who sends less may send for months; nobody's line is as slow.</summary>
    const int LeastASecond = 1024;

    // Since the last look at how fast it comes.
    TimeSpan _waited;
    long _brought;
    bool _resumed;

    S3ObjectStream(S3Bucket bucket, string key, GetObjectResponse response)
    {
        _bucket = bucket;
        _key = key;
        _response = response;
        _etag = response.ETag;
        _length = response.ContentLength;
    }

    public override bool CanRead => true;

    public override long Length => _length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>What tells this object from another one of its key.</summary>
    public string ETag => _etag;

    /// <summary>Null where there is no such object.</summary>
    public static async Task<S3ObjectStream?> OpenAsync(S3Bucket bucket, string key, CancellationToken cancellationToken)
    {
        try
        {
            return new S3ObjectStream(bucket, key, await bucket.AskAsync("be read", key, (client, idle) => client.GetObjectAsync(
                new GetObjectRequest { BucketName = bucket.Name, Key = key }, idle.Token), cancellationToken));
        }
        catch (BackupSyncException e) when (e.InnerException is AmazonS3Exception { ErrorCode: "NoSuchKey" })
        {
            return null;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0 || _position == _length)
            return 0;

        // Only what is waited for here counts: whoever reads may take his time.
        var begun = Stopwatch.GetTimestamp();
        var count = await ReadSomeAsync(buffer, cancellationToken);
        _waited += Stopwatch.GetElapsedTime(begun);
        _brought += count;
        EnsureNotTooSlow();
        return count;
    }

    /// <summary>Silence alone is not what is to be held off: a byte now and then would keep us for ever.</summary>
    void EnsureNotTooSlow()
    {
        // Coming back after a cut may take a place as long as any answer, four times.
        if (_position == _length || _waited < (_resumed ? 4 * _bucket.Limits.Answer : _bucket.Limits.Answer))
            return;
        if (_brought < LeastASecond * _waited.TotalSeconds)
            throw _bucket.Failure("be read", _key, new TimeoutException("it sends less than 1 kB a second"));
        (_waited, _brought, _resumed) = (TimeSpan.Zero, 0, false);
    }

    async Task<int> ReadSomeAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var silences = 0;
        for (var attempt = 0; ; attempt++)
        {
            var response = _response ??= await ResumeAsync(cancellationToken);
            Exception failure;
            using var idle = new IdleTimeout(_bucket.Limits.Answer / 2, cancellationToken);
            try
            {
                var count = await Content(response).ReadAsync(buffer, idle.Token);
                _position += count;
                if (count > 0)
                    return count;
                failure = new EndOfStreamException("its content ended early");
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                failure = S3Bucket.Silent(_bucket.Limits.Answer, e);
                silences++;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                failure = e;
            }
            Close(_response);
            _response = null;
            _resumed = true;
            if (attempt == _bucket.Limits.Retries || silences == 2)
                throw _bucket.Failure("be read", _key, failure);
            await Task.Delay(TimeSpan.FromMilliseconds(100 << attempt), cancellationToken);
        }
    }

    public override int Read(Span<byte> buffer)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            var count = ReadAsync(bytes.AsMemory(0, buffer.Length)).AsTask().GetAwaiter().GetResult();
            bytes.AsSpan(0, count).CopyTo(buffer);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Close(_response);
        base.Dispose(disposing);
    }

    static void Close(GetObjectResponse? response)
    {
        try
        {
            response?.Dispose();
        }
        catch (AmazonClientException)
        {
            // As it is closed, the SDK compares what it believes it has read with an ETag that is no MD5 on every server, or another
            // writer's. Whether the content is right, our own SHA-256 tells.
        }
    }

    /// <summary>The SDK takes an MD5 and expects the ETag to be one, which it is not on every server.</summary>
    static Stream Content(GetObjectResponse response) =>
        response.ResponseStream is WrapperStream checking ? checking.GetNonWrapperBaseStream() : response.ResponseStream;

    async Task<GetObjectResponse> ResumeAsync(CancellationToken cancellationToken)
    {
        var response = await _bucket.AskAsync("be read to its end", _key, (client, idle) => client.GetObjectAsync(
            new GetObjectRequest
            {
                BucketName = _bucket.Name,
                Key = _key,
                EtagToMatch = _etag,
                ByteRange = new ByteRange(_position, _length - 1),
            }, idle.Token), cancellationToken);
        // Not every server heeds the conditions.
        if (response.ETag == _etag && response.ContentLength == _length - _position)
            return response;
        response.Dispose();
        throw _bucket.Failure(
            "be read to its end", _key, new IOException("it was replaced meanwhile, or the server does not send parts of an object"));
    }
}
