using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using BackupSync.Configuration;

namespace BackupSync.Places;

/// <summary>Turns what an S3 server, the SDK or the line says into what an operator can act on.</summary>
static class S3Failure
{
    /// <param name="action">What could not be done, such as <c>be read</c>.</param>
    /// <param name="key">The object's whole key; null where it is about the place.</param>
    public static BackupSyncException From(S3PlaceConfig place, string action, string? key, Exception cause)
    {
        var detail = Words(cause);
        // The SDK lists all that it tried, line by line: the first sentence is the message.
        var said = detail.Contains('\n', StringComparison.Ordinal) ? detail.Split(". ", 2)[0] : detail;
        return new BackupSyncException(ErrorIds.PlaceFailed,
            $"{Location(place, key)} in the place {place.Name} cannot {action}: {said}{(said.EndsWith('.') ? "" : ".")}",
            Advice(place, cause), cause) { Detail = IsNoAnswer(cause) ? cause.Message : detail };
    }

    /// <summary>
    /// Whether it is an object that the server does not give out, such as one that is encrypted with somebody's own key, or archived.
    /// </summary>
    public static bool IsOfOneObject(BackupSyncException failure) =>
        failure.InnerException is AmazonServiceException
        {
            StatusCode: HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.NotFound,
        };

    public static string Location(S3PlaceConfig place, string? key) => $"s3://{place.Bucket}/{key ?? place.Prefix}";

    static string Server(S3PlaceConfig place) => place.Endpoint?.GetLeftPart(UriPartial.Authority) ?? "AWS";

    static string Words(Exception cause) => cause switch
    {
        // An answer without a body: the SDK's sentence for it would say nothing.
        AmazonServiceException { StatusCode: not 0 } e when string.IsNullOrEmpty(e.ErrorCode)
            || e.ErrorCode == e.StatusCode.ToString() => $"the server answers {(int)e.StatusCode} {e.StatusCode}",
        AmazonServiceException { ErrorCode: { Length: > 0 } code, Message: var message } => message.Contains(code,
            StringComparison.Ordinal)
            ? message
            : $"{code}: {message}",
        _ when Reason(cause) is { } reason => reason.Message,
        _ when IsNoAnswer(cause) => "what answers there is no S3 server",
        _ => cause.Message,
    };

    /// <summary>Whether the SDK could make nothing of what came: it was not an S3 server that answered.</summary>
    static bool IsNoAnswer(Exception cause) => cause is AmazonUnmarshallingException || !S3Bucket.IsRemote(cause) && Reason(cause) is null;

    /// <summary>What the line itself says, below the SDK's and HttpClient's own sentences.</summary>
    static Exception? Reason(Exception cause)
    {
        for (var e = cause; e is not null; e = e.InnerException)
        {
            if (e is SocketException or System.Security.Authentication.AuthenticationException or TimeoutException)
                return e;
            if (e is HttpRequestException && e.InnerException is null)
                return e;
        }
        return null;
    }

    static string Advice(S3PlaceConfig place, Exception cause) => (cause as AmazonServiceException)?.ErrorCode switch
    {
        _ when IsNoAnswer(cause) =>
            $"Check endpoint of the place {place.Name}: it has to be the address of the S3 API, not that of a console, a proxy or a "
                + "login page.",
        "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "InvalidToken" or "ExpiredToken" or "TokenRefreshRequired" =>
            $"Check accessKey and secretKey of the place {place.Name}; without them, those of this machine (AWS_ACCESS_KEY_ID, a "
                + "profile, its role).",
        "NoSuchBucket" => $"Create the bucket {place.Bucket}, or correct bucket, endpoint or region of the place {place.Name}.",
        "RequestTimeTooSkewed" => "Set this machine's clock: the server's differs by minutes.",
        "PermanentRedirect" or "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException" =>
            $"The bucket is in another region: correct region of the place {place.Name}.",
        "SlowDown" or "ServiceUnavailable" or "InternalError" or "RequestTimeout" => "The server is overloaded or disturbed. Try "
            + "again later.",
        "MethodNotAllowed" or "NotImplemented" => "This server lacks a part of S3. Remove unfinished uploads by its own means.",
        "QuotaExceeded" or "EntityTooLarge" or "XMinioStorageFull" => "Free space in the bucket, or raise its quota.",
        _ => ByStatus(place, cause),
    };

    static string ByStatus(S3PlaceConfig place, Exception cause) => (cause as AmazonServiceException)?.StatusCode switch
    {
        HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized =>
            $"Check accessKey and secretKey of the place {place.Name}, and that they may list the bucket, and get, put and delete "
                + $"below {Location(place, null)} (s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload).",
        >= HttpStatusCode.InternalServerError => "The server is overloaded or disturbed. Try again later.",
        null when cause is AmazonClientException =>
            $"Check region, endpoint, accessKey and secretKey of the place {place.Name}; what it lacks is taken from this machine "
                + "(AWS_REGION, AWS_ACCESS_KEY_ID, a profile, its role).",
        _ when Reason(cause) is TimeoutException =>
            $"Check that {Server(place)} can be reached from this machine; raise limits.connect of the place {place.Name} for one that "
                + "is slow.",
        _ when Reason(cause) is not null => $"Check that {Server(place)} can be reached from this machine, then try again.",
        _ => $"Try again; if it stays so, check the place {place.Name} in the configuration.",
    };
}
