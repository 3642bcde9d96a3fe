using BackupSync.Backups;
using BackupSync.Operations.Archiving;
using BackupSync.Operations.Expire;
using BackupSync.Operations.Prove;
using BackupSync.Operations.Publishing;
using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Restore;

/// <summary>
/// What all restores have in common: nothing of the target is touched before the backup is known to be usable and a safety backup is
/// taken.
/// </summary>
abstract class RestoreOperation(RunContext run, RestoreRequest request) : IOperation
{
    PgToolset? _tools;
    PgToolset? _dumping;

    protected RunContext Run { get; } = run;
    protected RestoreRequest Request { get; } = request;
    protected RestoreSteps Steps { get; } = new(request);
    protected RestoreFindings Findings { get; } = new();
    IReadOnlyList<Step> IOperation.Steps => Steps.All;
    RunFindings IOperation.Findings => Findings;
    protected RunSettings Settings => Request.Settings;
    protected BackupHandle Backup => Request.Backup;

    /// <summary>Set by <see cref="OpenAsync"/>.</summary>
    protected StoredBackup? Stored { get; set; }
    protected BackupManifest Manifest => Stored!.Manifest;
    protected PgToolset Tools => _tools!;

    /// <summary>Null where the target is there already.</summary>
    protected CreatedTarget? Created { get; private set; }

    /// <summary>Null where nothing of before is kept but the safety backup.</summary>
    protected IPublisher? Publisher { get; set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var begun = Run.Clock.GetTimestamp();
        Guards.EnsureMayBeTarget(Request.Target, Request.AllowProduction);
        await using var target = new TargetSide(Run, Findings.Target, Request.Target, Settings);

        await Run.StepAsync(Steps.Lock, async (_, ct) => Findings.Skipped = !await target.TryLockAsync(ct), cancellationToken);
        if (Findings.Skipped)
            return;
        try
        {
            await Run.StepAsync(Steps.Check, (scope, ct) => CheckAsync(target, scope, ct), cancellationToken);
            await new SnapshotAttempts(Run, target).RunAsync(stop => BackUpAsync(target, stop), cancellationToken);

            await using var publisher = Publisher;
            await ReplaceAsync(target, cancellationToken);
            Findings.Recovery = Drill.RecoveryOf(Run.Clock, begun, Manifest, Request.Target.Tier);
            await CleanUp.RunAsync(Run, Steps.CleanUp, Settings, Request.KeepDays, publisher);
        }
        catch when (Created is not null)
        {
            await Created.RemoveAsync();
            throw;
        }
        finally
        {
            await (Stored?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    /// <summary>Whatever can be wrong with the backup itself shows here, before the target is connected to.</summary>
    protected abstract Task OpenAsync(StepScope scope, CancellationToken cancellationToken);

    /// <summary>Whether the target, which is connected, can take it.</summary>
    /// <returns>What there is to tell of it, as the end of a sentence.</returns>
    protected abstract Task<string> CheckTargetAsync(TargetSide target, CancellationToken cancellationToken);

    /// <summary>Reads what the run's record is to have as the target's content of before.</summary>
    protected abstract Task ReadStatisticsAsync(TargetSide target, CancellationToken cancellationToken);

    /// <summary>Restores, verifies, publishes; undoes it on any failure.</summary>
    protected abstract Task ReplaceAsync(TargetSide target, CancellationToken cancellationToken);

    /// <summary>Of what the target holds now. One that was not there holds nothing that a backup could bring back.</summary>
    async Task BackUpAsync(TargetSide target, CancellationToken cancellationToken)
    {
        await Run.StepAsync(Steps.Statistics, async (scope, ct) =>
            {
                await ReadStatisticsAsync(target, ct);
                scope.Note = ReportedTables.Describe(Findings.Target.Before!.RowsByTable(), Request.Verify.Report);
            }, cancellationToken);
        if (Created is not null)
            await target.ReleaseSnapshotAsync();
        else
            await Run.StepAsync(Steps.SafetyBackup, (scope, ct) => target.TakeSafetyBackupAsync(_dumping!, scope, ct), cancellationToken);
    }

    async Task CheckAsync(TargetSide target, StepScope scope, CancellationToken cancellationToken)
    {
        await OpenAsync(scope, cancellationToken);
        await target.ConnectOrCreateAsync(Request.Tables.Count > 0 ? null : async ct =>
        {
            Created = new CreatedTarget(Run, target);
            await Created.CreateAsync(Stored!, ct);
        }, cancellationToken);
        Leftovers.ClearFiles(Settings.Folder, Run);
        var locator = new ToolLocator(Settings.Tools);
        _dumping = await ToolChoice.ForDumpAsync(locator, target.Facts, target.Login.Label, Run, cancellationToken);
        _tools = Manifest.ToolMajor <= _dumping.Version.Major
            ? _dumping
            : await locator.FindAsync(Manifest.ToolMajor, cancellationToken, Run.Warn);
        Findings.ToolVersion = _tools.Version.ToString();
        Prechecks.WarnOfOlderTarget(Manifest.ServerMajor, Manifest.ServerVersion, Backup.File.FileName, target, Run);
        await Prechecks.WarnOfDumpLocksAsync(target, CatalogFilter.None, Run, cancellationToken);
        var note = await CheckTargetAsync(target, cancellationToken);
        await target.DisconnectAsync();
        Prechecks.EnsureDiskSpace(Settings.Folder, 0, target.Facts.Size);
        scope.Note = $"{Backup.File.FileName} of {Manifest.Created:yyyy-MM-dd HH:mm:ss}Z is whole; {note}";
    }
}
