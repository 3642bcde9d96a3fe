using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Operations.Archiving;

/// <summary>Where the same backup is that turned out to be bad in one place.</summary>
static class OtherCopies
{
    /// <summary>A place that does not answer must not hold up the failure that is to be told.</summary>
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>The same failure, whose advice names the copies that are not known to be bad.</summary>
    public static async Task<BackupSyncException> AdviseAsync(
        BackupSyncException failure, BackupHandle backup, CancellationToken cancellationToken, string? more = null)
    {
        var copies = await FindAsync(backup, cancellationToken);
        var advice = string.Join(' ', ((string?[])
        [
            failure.Advice, .. copies.Select(c => $"Its copy in {c.Place} is not known to be bad: {c.Path}."), more,
        ]).OfType<string>());
        return new BackupSyncException(failure.ErrorId, failure.Message, advice, failure) { Detail = failure.Detail };
    }

    static async Task<IReadOnlyList<BackupFile>> FindAsync(BackupHandle backup, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Limit);
        var found = await Task.WhenAll(backup.OtherPlaces.Select(p => FindAsync(p, backup, limited.Token)));
        return [.. found.OfType<BackupFile>()];
    }

    static async Task<BackupFile?> FindAsync(PlaceConfig place, BackupHandle backup, CancellationToken cancellationToken)
    {
        try
        {
            var there = await BackupStore.ListAsync(place, null, cancellationToken, [backup.File.Database], backup.Encryption);
            return there.FirstOrDefault(b => b.FileName == backup.File.FileName && b.RunId == backup.File.RunId
                && b is { NotAuthenticated: null, Proof: not { Bad: true } });
        }
        catch (Exception e) when (e is BackupSyncException or OperationCanceledException)
        {
            return null; // what is there is not known
        }
    }
}
