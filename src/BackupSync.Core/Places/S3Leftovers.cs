using System.Net;
using Amazon.Runtime;
using Amazon.S3.Model;

namespace BackupSync.Places;

/// <summary>Parts of uploads whose process died: no listing shows them, and they are paid for until somebody removes them.</summary>
static class S3Leftovers
{
    /// <summary>Aborts the uploads below our prefix that were begun long ago, where the server lets us see them.</summary>
    public static async Task RemoveAsync(S3Bucket bucket, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var upload in await FindAsync(bucket, cancellationToken))
            {
                await bucket.AskAsync("be rid of its unfinished upload", upload.Key,
                    (client, idle) => client.AbortMultipartUploadAsync(
                        bucket.Name, upload.Key, upload.UploadId, idle.Token), cancellationToken);
            }
        }
        catch (BackupSyncException e) when (IsNotForUs(e))
        {
            // Not every server can list them, not every key may: the bucket's own rules are to expire them then.
        }
    }

    static async Task<IReadOnlyList<MultipartUpload>> FindAsync(S3Bucket bucket, CancellationToken cancellationToken)
    {
        var old = new List<MultipartUpload>();
        var page = new ListMultipartUploadsRequest { BucketName = bucket.Name, Prefix = bucket.Prefix };
        ListMultipartUploadsResponse answer;
        do
        {
            answer = await bucket.AskAsync(
                "be searched for unfinished uploads",
                null,
                (client, idle) => client.ListMultipartUploadsAsync(page, idle.Token),
                cancellationToken);
            // The server's clock and ours agree within minutes, else it would refuse us.
            old.AddRange(
                (answer.MultipartUploads ?? []).Where(u => DateTime.UtcNow - u.Initiated?.ToUniversalTime() > bucket.Limits.StaleUpload));
            (page.KeyMarker, page.UploadIdMarker) = (answer.NextKeyMarker, answer.NextUploadIdMarker);
        }
        while (answer.IsTruncated == true && page.KeyMarker is not null);
        return old;
    }

    /// <summary>The server cannot, we may not, or another one was faster.</summary>
    static bool IsNotForUs(BackupSyncException e) => e.InnerException is AmazonServiceException
    {
        StatusCode: HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed or HttpStatusCode.Forbidden
            or HttpStatusCode.NotFound or HttpStatusCode.BadRequest,
    };
}
