namespace BackupSync.Operations.Incremental;

/// <summary>A row of the target refers to one that the source has deleted.</summary>
sealed class RowInTheWayException(
    string message,
    string advice,
    Exception? inner) : BackupSyncException(ErrorIds.RestoreFailed, message, advice, inner)
{
    /// <summary>Whether it is known to be a row that stays; else the source may have changed it, and no stamp told.</summary>
    public required bool IsCertain { get; init; }
}
