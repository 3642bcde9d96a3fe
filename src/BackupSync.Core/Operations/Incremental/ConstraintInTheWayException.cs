namespace BackupSync.Operations.Incremental;

/// <summary>Rows that the source holds cannot be written one by one where others are: a whole copy still can be made.</summary>
sealed class ConstraintInTheWayException(string message, string? advice = null)
    : BackupSyncException(ErrorIds.RestoreFailed, message, advice ?? $"Run once with {Spelling.ModeFull}.");
