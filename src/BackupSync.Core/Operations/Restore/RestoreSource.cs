using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.Archiving;

namespace BackupSync.Operations.Restore;

/// <summary>Opens the backup that is to be restored.</summary>
static class RestoreSource
{
    /// <summary>What a backup itself can be wrong with, for this machine.</summary>
    static readonly string[] Unusable = [ErrorIds.BackupInvalid, ErrorIds.NotAuthenticated, ErrorIds.PassphraseWrong, ErrorIds
        .ToolMissing, ErrorIds.ToolTooOld];

    /// <param name="open">Everything that shows whether the backup can be used; nothing that touches the target.</param>
    /// <exception cref="BackupSyncException">
    /// As <paramref name="open"/>; of a backup that cannot be used, the advice names the next older.
    /// </exception>
    public static async Task<T> OpenAsync<T>(
        BackupHandle backup,
        Func<CancellationToken, Task<T>> open,
        CancellationToken cancellationToken)
    {
        try
        {
            return await open(cancellationToken);
        }
        catch (BackupSyncException unusable) when (Unusable.Contains(unusable.ErrorId))
        {
            throw await OtherCopies.AdviseAsync(unusable, backup, cancellationToken, await OlderAsync(backup, cancellationToken));
        }
    }

    /// <summary>Where to go on, in a sentence.</summary>
    static async Task<string> OlderAsync(BackupHandle backup, CancellationToken cancellationToken)
    {
        IReadOnlyList<BackupFile> all;
        try
        {
            all = backup.File.Place is null && backup.Place is FolderPlaceConfig folder
                ? BackupCatalog.List(folder.Directory, encryption: backup.Encryption)
                : await BackupStore.ListAsync(backup.Place, null, cancellationToken, encryption: backup.Encryption);
        }
        catch (BackupSyncException unlisted)
        {
            return $"What else there is cannot be told: {unlisted.Message}";
        }
        var older = all.FirstOrDefault(b => b.Database == backup.File.Database && b.Created < backup.File.Created
            && b is { NotAuthenticated: null, Proof: not { Bad: true } });
        return older is null ? "There is no older backup of it here: look in the other places."
            : $"The next older one is {older.Path} of {older.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC.";
    }
}
