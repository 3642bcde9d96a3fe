using BackupSync.Configuration;
using BackupSync.Operations.Incremental;
using BackupSync.Operations.Sides;
using BackupSync.Runs;

namespace BackupSync.Operations.FullSync;

/// <summary>Makes a target a verified copy of its source: by what has changed, or by everything.</summary>
sealed class SyncOperation(RunContext run, SyncRequest request) : IOperation
{
    readonly SyncFindings _findings = new();

    public IReadOnlyList<Step> Steps { get; } = [.. StepsOf(request), .. MayBecomeFull(request) ? new SyncSteps(request).All : []];
    public RunFindings Findings => _findings;

    /// <summary>The steps of the way that is asked for.</summary>
    public static IReadOnlyList<Step> StepsOf(SyncRequest request) =>
        request.Mode == SyncMode.Incremental ? new IncrementalSteps(request).All : new SyncSteps(request).All;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Guards.EnsureMayBeTarget(request.Target);
        Guards.EnsureNotSameAddress(request.Source, request.Target);
        if (request.Mode == SyncMode.Incremental)
        {
            if (await new IncrementalSync(run, _findings, request).RunAsync(cancellationToken) is not { } reason)
                return;
            run.Warn($"{reason} A full sync follows.");
            _findings.Changes = null;
        }
        await new FullSync(run, _findings, request).RunAsync(cancellationToken);
    }

    static bool MayBecomeFull(SyncRequest request) =>
        request.Mode == SyncMode.Incremental && (request.MayBecomeFull || request.MayFill);
}
