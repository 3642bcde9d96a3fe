namespace BackupSync.Operations.Incremental;

/// <summary>
/// Finds what has changed of one table on the source since the target was like it, and hands it on. It does not know how rows are
/// written.
/// </summary>
interface IChangeSource
{
    /// <param name="lane">The sessions that both sides are read by.</param>
    /// <param name="stager">Takes the rows that are to be written, and the keys of those that are to go.</param>
    Task<FoundChanges> FindAsync(ComparingLane lane, ChangeStager stager, CancellationToken cancellationToken);
}
