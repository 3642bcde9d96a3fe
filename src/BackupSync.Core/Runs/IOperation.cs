namespace BackupSync.Runs;

/// <summary>What a run does: it is handed to the engine, which times its steps and makes the result of what it has found.</summary>
interface IOperation
{
    /// <summary>Every step that it may take on its way, in their order: what a plan shows. The engine lets it take no other.</summary>
    IReadOnlyList<Step> Steps { get; }

    RunFindings Findings { get; }

    Task RunAsync(CancellationToken cancellationToken);
}
