using BackupSync.Backups;

namespace BackupSync.Application;

/// <summary>What a restore would take of a database's backups, and which newer ones it would not.</summary>
/// <param name="Backup">Null where none is good.</param>
/// <param name="Unauthenticated">Passed over, as they are not known to be ours.</param>
/// <param name="Damaged">Passed over, as they were found to be bad.</param>
/// <param name="IsFromTheFuture">Whether it is the newest by a moment that has not come yet.</param>
sealed record BackupChoice(
    BackupFile? Backup, IReadOnlyList<BackupFile> Unauthenticated, IReadOnlyList<BackupFile> Damaged, bool IsFromTheFuture)
{
    /// <summary>What to warn of, a sentence for each.</summary>
    public IEnumerable<string> Warnings =>
    [
        .. Unauthenticated.Select(b => $"Passed over: {b.Path} of {b.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC is not authenticated: "
            + $"{b.NotAuthenticated}."),
        .. Damaged.Select(b => $"Passed over: {b.Path} of {b.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC is newer, but damaged: "
            + $"{b.Proof!.Problem}"),
        .. IsFromTheFuture ? [FromTheFuture(Backup!)] : Array.Empty<string>(),
    ];

    /// <summary>What to warn of where the newest is one from the future.</summary>
    public static string FromTheFuture(BackupFile backup) =>
        $"{backup.Path} counts as the newest, but its moment, {backup.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, is {FutureMoment.Why}. "
            + $"Others may have been taken after it: list what there is with {Spelling.ListBackups}.";
}
