using BackupSync.Backups;
using BackupSync.Runs;

namespace BackupSync.Operations.BackUp;

/// <summary>Changes what a backup says about itself besides its data. Its archive is not touched, nor are copies in other places.</summary>
static class BackupLabels
{
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.NotAuthenticated"/>: it is not known to be ours, or its signature could not be renewed.
    /// <see cref="ErrorIds.BackupNotFound"/>: it has gone meanwhile, and another has its name.
    /// </exception>
    public static async Task<BackupFile> ChangeAsync(
        BackupHandle handle, LabelChange change, StepScope scope, CancellationToken cancellationToken)
    {
        await using var held = await HeldManifest.TakeAsync(handle, cancellationToken);
        var (manifest, name) = (held.Manifest, handle.File.Path);
        if (manifest.NotAuthenticated is { } doubt && !handle.Unauthenticated)
            throw new BackupSyncException(
                ErrorIds.NotAuthenticated, $"{name} is not authenticated: {doubt}.",
                (handle.File with { NotAuthenticated = doubt }).UnauthenticatedAdvice);
        // To sign it would vouch for all of it; to write it unsigned would hide that it was altered.
        if (ManifestStore.CannotRenew(manifest, handle.Encryption) is { } problem)
            throw new BackupSyncException(
                ErrorIds.NotAuthenticated, $"The manifest of {name} is not written anew: it is signed, and {problem}.",
                "Use a configuration that has the passphrase which it was signed with.");

        var changed = change.ApplyTo(manifest);
        if (changed == manifest)
        {
            scope.Note = $"{manifest.File} is so already";
        }
        else
        {
            await held.WriteAsync(ManifestStore.Renew(changed, handle.Encryption), cancellationToken);
            scope.Note = $"{manifest.File}: {change}";
        }
        return handle.File with
        {
            Tag = changed.Tag, Pinned = changed.Pinned, KeepDays = changed.KeepDays, NotAuthenticated = manifest.NotAuthenticated,
            Proof = manifest.Proof,
        };
    }
}
