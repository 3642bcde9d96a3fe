namespace BackupSync.Runs;

/// <summary>What a run does: <see cref="RecordedRun"/> times its steps, and makes the result of what it has found.</summary>
interface IOperation
{
    /// <summary>Every step that it may take on its way, in their order: what a plan shows. It may take no other.</summary>
    IReadOnlyList<Step> Steps { get; }

    RunFindings Findings { get; }

    Task RunAsync(CancellationToken cancellationToken);
}
