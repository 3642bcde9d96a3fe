namespace BackupSync.Runs;

/// <summary>
/// What an operation has found out and done so far. Each kind of operation has its own, which is asked how the run has ended, and
/// for what its result is to hold.
/// </summary>
abstract class RunFindings
{
    /// <summary>Another run is at work on the same; this one does nothing.</summary>
    public bool Skipped { get; set; }

    /// <summary>What was done to bring a target back, or why that failed; null where nothing had to be.</summary>
    public virtual string? RollbackNote => null;

    /// <param name="failure">What it failed of; null where it did not.</param>
    public virtual RunOutcome OutcomeOf(Exception? failure) => failure switch
    {
        null => Skipped ? RunOutcome.Skipped : RunOutcome.Succeeded,
        OperationCanceledException => RunOutcome.Cancelled,
        _ => RunOutcome.Aborted,
    };

    /// <summary>Adds what it knows to a result that says when and how the run has ended.</summary>
    public abstract RunResult AddTo(RunResult result);
}
