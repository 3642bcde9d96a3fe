using BackupSync.Runs;

namespace BackupSync.Operations.Sides;

/// <summary>Brings a target back when a run has failed, whichever way it publishes, and keeps what came of it.</summary>
/// <param name="limit">Bringing it back must not be cut short by the limits that the run itself ran into.</param>
sealed class Rollback(RunContext run, TargetSide target, TimeSpan limit)
{
    /// <param name="undo">Brings it back; gives what there is to say of it.</param>
    /// <param name="isUntouched">
    /// Whether nothing of the run can be visible, so that the target is what it was also where <paramref name="undo"/> fails.
    /// </param>
    /// <param name="wayBack">Where the content of before is; null where nowhere.</param>
    public async Task RunAsync(
        Exception failure, Func<StepScope, CancellationToken, Task<string>> undo, Func<bool> isUntouched, string? wayBack)
    {
        var (label, findings) = (target.Login.Label, target.Findings);
        using var time = new CancellationTokenSource(limit, run.Clock);
        run.Error(failure is OperationCanceledException ? "The run was stopped." : failure.Message);
        findings.Rollback = RollbackState.Failed;
        try
        {
            await run.StepAsync(
                SideSteps.RollBack(label), async (scope, ct) => findings.RollbackNote = await undo(scope, ct), time.Token);
            findings.Rollback = RollbackState.Succeeded;
            run.Info($"Rollback successful - {LogNames.Of(label)} database preserved");
        }
        catch (Exception undone) when (isUntouched() && undone is BackupSyncException or OperationCanceledException)
        {
            // Only the clearing up is left to the next run.
            findings.Rollback = RollbackState.Succeeded;
            findings.RollbackNote = $"Nothing was published, so {label} is what it was; this could not be confirmed: {undone.Message} "
                + "The next run clears what is left.";
            run.Warn(findings.RollbackNote);
        }
        catch (Exception undone)
        {
            findings.RollbackNote = undone.Message + (wayBack is null ? ""
                : $" The content of before is in {wayBack}: {Spelling.RestoreBackup} brings it back.");
            run.Error($"Rollback FAILED: {findings.RollbackNote}");
        }
    }
}
