namespace BackupSync.Operations.Incremental;

/// <summary>
/// Changes by a column of stamps: rows that were written since the last run say so. Those that were deleted say nothing, and are found
/// by their keys.
/// </summary>
/// <param name="isStampedSince">A condition on rows.</param>
/// <param name="keys">Finds the rows that were deleted; null where they stay.</param>
sealed class StampChangeSource(string isStampedSince, ContentChangeSource? keys) : IChangeSource
{
    public async Task<FoundChanges> FindAsync(ComparingLane lane, ChangeStager stager, CancellationToken cancellationToken)
    {
        await stager.TakeAsync($"WHERE {isStampedSince}", cancellationToken);
        return keys is null ? FoundChanges.None : await keys.FindAsync(lane, stager, cancellationToken);
    }
}
