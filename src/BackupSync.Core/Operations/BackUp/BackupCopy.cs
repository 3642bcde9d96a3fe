using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Operations.Archiving;
using BackupSync.Places;
using BackupSync.Runs;

namespace BackupSync.Operations.BackUp;

/// <summary>Brings a backup to another place, as it is stored. The manifest comes last, so what is half there is no backup.</summary>
static class BackupCopy
{
    static readonly TimeSpan UndoLimit = TimeSpan.FromSeconds(15);

    /// <param name="database">The configuration's name of the database, which is the folder of its backups in a place.</param>
    public static async Task<BackupFile> RunAsync(
        BackupHandle from,
        PlaceConfig to,
        string database,
        StepScope scope,
        CancellationToken cancellationToken)
    {
        await using var stored = await StoredBackup.OpenAsync(from, scope, cancellationToken);
        await using var source = from.OpenPlace();
        await using var target = BackupPlaces.Open(to);
        var manifest = stored.Manifest;
        var key = $"{database}/{manifest.File}";
        if (RealPath.IsSame(target.LocationOf(key), source.LocationOf(from.Key)))
            throw new BackupSyncException(ErrorIds.UnknownName, $"{manifest.File} is in {to.Name} already.", "Name another place.");

        bool isNew;
        await using (var there = await target.OpenAsync(key + ManifestStore.Suffix, cancellationToken))
            isNew = there is null;
        if (!isNew)
            await EnsureIsNoOtherAsync(target, key, manifest, cancellationToken);
        var copied = new List<string>();
        try
        {
            using var staging = StagingFolder.Create(manifest.Companions.Sum(c => c.Size));
            foreach (var companion in manifest.Companions)
            {
                var original = BackupStore.Sibling(from.Key, companion.File);
                var file = await BackupStore.FetchAsync(source, original, staging, onProgress: null, cancellationToken)
                    ?? throw new BackupSyncException(
                        ErrorIds.BackupInvalid,
                        $"{source.LocationOf(original)} is missing, which the backup's manifest names.",
                        "Use another backup.");
                if (await target.StoreAsync(
                    BackupStore.Sibling(key, companion.File), file, companion.Sha256, null, cancellationToken, replace: !isNew))
                    copied.Add(BackupStore.Sibling(key, companion.File));
            }
            if (await target.StoreAsync(key, stored.Path, manifest.Sha256,
                bytes => scope.Progress(
                    (double)bytes / Math.Max(1, manifest.Size), manifest.File, bytes: bytes), cancellationToken, replace: !isNew))
                copied.Add(key);
            await WriteManifestAsync(target, key, stored, isNew, cancellationToken);
        }
        catch when (isNew)
        {
            await UndoAsync(target, key, copied);
            throw;
        }
        if (target.Caveat is { } caveat)
            scope.Warn(caveat);
        scope.Note = $"{target.LocationOf(key)}, {ByteSizes.Show(manifest.Size)}";
        return await BackupStore.ReadAsync(target, key, cancellationToken);
    }

    static async Task WriteManifestAsync(
        IBackupPlace target,
        string key,
        StoredBackup stored,
        bool isNew,
        CancellationToken cancellationToken)
    {
        try
        {
            await BackupStore.WriteManifestAsync(target, key, stored.ManifestBytes, replace: !isNew, cancellationToken);
        }
        catch (TakenKeyException)
        {
            // Another process has copied the same backup meanwhile, and may have written down what it found out about it.
            await EnsureIsNoOtherAsync(target, key, stored.Manifest, cancellationToken);
        }
    }

    /// <summary>Of two backups with one name the second must not take the place of the first.</summary>
    static async Task EnsureIsNoOtherAsync(IBackupPlace target, string key, BackupManifest manifest, CancellationToken cancellationToken)
    {
        BackupManifest there;
        try
        {
            there = await BackupStore.ReadManifestAsync(target, key, cancellationToken);
        }
        catch (BackupSyncException damaged) when (damaged.ErrorId == ErrorIds.BackupInvalid)
        {
            return; // a copy that cannot be used any more is what copying once more mends
        }
        // The run as well: of a database that rests, archives of one second are the same to the byte, and pins and tags may differ.
        if ((there.Sha256, there.RunId) != (manifest.Sha256, manifest.RunId))
        {
            throw new BackupSyncException(ErrorIds.PlaceFailed,
                $"{target.Name} has another backup with the name {manifest.File}, taken by run {there.RunId}: it is not replaced by "
                    + $"that of run {manifest.RunId}.",
                $"Move {target.LocationOf(key)} and the files beside it that begin with its name to another folder, or name "
                    + "another place.");
        }
    }

    /// <summary>Without a manifest nobody would ever remove them. Where that fails too, the cause is the one to tell.</summary>
    static async Task UndoAsync(IBackupPlace target, string archive, IEnumerable<string> keys)
    {
        using var limit = new CancellationTokenSource(UndoLimit);
        try
        {
            await using (var finished = await target.OpenAsync(archive + ManifestStore.Suffix, limit.Token))
            {
                if (finished is not null)
                    return; // another process has copied the same backup meanwhile: they are its files as well
            }
            foreach (var key in keys)
                await target.DeleteAsync(key, limit.Token);
        }
        catch (Exception e) when (e is BackupSyncException or OperationCanceledException)
        {
            // The place does not answer any more: what is there has no manifest, and is told wherever it is listed.
        }
    }
}
