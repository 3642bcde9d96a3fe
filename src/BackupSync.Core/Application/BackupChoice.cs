using BackupSync.Backups;

namespace BackupSync.Application;

/// <summary>What a restore would take of a database's backups, and which newer ones it would not.</summary>
/// <param name="Backup">Null where none is good.</param>
/// <param name="Unauthenticated">Passed over, as they are not known to be ours.</param>
/// <param name="Damaged">Passed over, as they were found to be bad.</param>
sealed record BackupChoice(BackupFile? Backup, IReadOnlyList<BackupFile> Unauthenticated, IReadOnlyList<BackupFile> Damaged)
{
    /// <summary>A sentence for each.</summary>
    public IEnumerable<string> PassedOver =>
    [
        .. Unauthenticated.Select(b => $"Passed over: {b.Path} of {b.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC is not authenticated: "
            + $"{b.NotAuthenticated}."),
        .. Damaged.Select(b => $"Passed over: {b.Path} of {b.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC is newer, but damaged: "
            + $"{b.Proof!.Problem}"),
    ];
}
