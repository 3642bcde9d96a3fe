using System.Net.Sockets;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using BackupSync.Configuration;

namespace BackupSync.Places;

/// <summary>
/// A bucket's connection: every request has a limit, is tried again for passing faults, and fails in an operator's words.
/// </summary>
sealed class S3Bucket : IDisposable
{
    readonly S3PlaceConfig _config;
    readonly AmazonS3Client _client;

    public S3Bucket(S3PlaceConfig config, S3Limits limits)
    {
        _config = config;
        Limits = limits;
        try
        {
            var settings = Settings(config, limits);
            _client = config is { AccessKey: { } key, SecretKey: { } secret }
                ? new AmazonS3Client(new BasicAWSCredentials(key, secret.Reveal()), settings)
                : new AmazonS3Client(settings);
        }
        catch (AmazonClientException e)
        {
            throw S3Failure.From(config, "be opened", null, e);
        }
    }

    public string Name => _config.Bucket;

    public string Prefix => _config.Prefix;

    public S3Limits Limits { get; }

    /// <summary>
    /// Whether "only if there is none of this key" is asked for: not any more once the server did not know that, or did not heed it.
    /// </summary>
    public bool TakesConditions { get; set; } = true;

    /// <summary>
    /// With TLS a signature over the content protects nothing more and costs a second reading; without, the SDK insists on it.
    /// </summary>
    public bool SignsContent => _config.Endpoint?.Scheme == Uri.UriSchemeHttp;

    /// <summary>Asks something. One that stays silent is asked once more, unless there is a limit of its own.</summary>
    /// <param name="action">For messages: what cannot be done to the object or the place if it fails, such as <c>be read</c>.</param>
    /// <param name="key">The object's whole key; null where it is about the place.</param>
    /// <param name="limit">How long nothing may happen; null for <see cref="S3Limits.Answer"/>, for both times together.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.PlaceFailed"/>.</exception>
    public Task<T> AskAsync<T>(
        string action, string? key, Func<AmazonS3Client, IdleTimeout, Task<T>> request, CancellationToken cancellationToken,
        TimeSpan? limit = null) =>
        TwiceAsync(action, key, limit ?? Limits.Answer, limit ?? Limits.Answer / 2, again: limit is null,
            // Left behind at the limit: the SDK reads answers, and finds out who it is, in ways that cannot be stopped.
            (client, idle) => Task.Run(() => request(client, idle), CancellationToken.None)
                .WaitAsync(idle.Token), cancellationToken);

    /// <summary>Sends a body, for which the line may take its time. Otherwise as <see cref="AskAsync"/>.</summary>
    public Task<T> SendAsync<T>(string key, Func<AmazonS3Client, IdleTimeout, Task<T>> request, CancellationToken cancellationToken) =>
        TwiceAsync("be stored", key, Limits.Silence, Limits.Silence, again: true, request, cancellationToken);

    /// <param name="limit">For messages.</param>
    /// <param name="silence">Of one try.</param>
    async Task<T> TwiceAsync<T>(
        string action, string? key, TimeSpan limit, TimeSpan silence, bool again, Func<AmazonS3Client, IdleTimeout, Task<T>> request,
        CancellationToken cancellationToken)
    {
        for (; ; again = false)
        {
            using var idle = new IdleTimeout(silence, cancellationToken);
            try
            {
                return await request(_client, idle);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                // What a request says that was stopped half-way is not what happened.
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (Exception e) when (again && e is OperationCanceledException or SocketException)
            {
                // The SDK tries again what it knows as a passing fault: neither our own limit nor HttpClient's rarer words for a cut line.
            }
            catch (OperationCanceledException e)
            {
                throw Failure(action, key, Silent(limit, e));
            }
            catch (Exception e) when (e is not BackupSyncException)
            {
                // Whatever comes of an answer is the place's failure: of a web page the SDK makes exceptions of any kind.
                throw Failure(action, key, e);
            }
        }
    }

    public static TimeoutException Silent(TimeSpan limit, Exception cause) =>
        new($"nothing was heard from it for {Durations.Show(limit)}", cause);

    public BackupSyncException Failure(string action, string? key, Exception cause) => S3Failure.From(_config, action, key, cause);

    public void Dispose() => _client.Dispose();

    /// <summary>Whether it is the line or the server that failed, rather than the program.</summary>
    public static bool IsRemote(Exception e) =>
        e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or SocketException;

    static AmazonS3Config Settings(S3PlaceConfig config, S3Limits limits)
    {
        var settings = new AmazonS3Config
        {
            // A whole request's limit would forbid slow lines: ours is on silence.
            Timeout = Timeout.InfiniteTimeSpan,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = limits.Retries,
            // Its checksums are of a kind that most other servers do not know; ours is SHA-256, over all that was stored.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            IgnoreConfiguredEndpointUrls = true,
        };
        if (config.Endpoint is { } endpoint)
        {
            settings.ServiceURL = endpoint.AbsoluteUri;
            settings.ForcePathStyle = true;
            settings.AuthenticationRegion = config.Region ?? "us-east-1";
        }
        else if (config.Region is { } region)
        {
            settings.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }
        return settings;
    }
}
