using System.Diagnostics;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Recovery;
using BackupSync.Runs;
using BackupSync.Sync.Publishing;

namespace BackupSync.Sync;

/// <summary>Publishes a backup on a job's target: a sync whose source is a file.</summary>
sealed class RestorePipeline(RunContext run, JobConfig job, BackupHandle backup, RunOptions options) : IPipeline
{
    StoredBackup? _stored;
    string? _archive;
    ArchiveListing? _listing;
    PgToolset? _tools;
    IPublisher? _publisher;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        Guards.EnsureMayBeTarget(job.TargetDatabase, options.AllowProduction);
        await using var target = new TargetSide(run, job);

        await run.StepAsync(RunStep.Lock, $"Lock {target.Login.Label}", job.Limits.Connect * 2,
            async (_, ct) => run.Record.Skipped = !await target.TryLockAsync(ct), cancellationToken);
        if (run.Record.Skipped)
            return;
        try
        {
            await run.StepAsync(RunStep.Check, $"Check {backup.File.FileName} and {target.Login.Label}", null,
                (scope, ct) => CheckAsync(target, scope, ct), cancellationToken);
            await run.StepAsync(RunStep.Statistics, $"Read the statistics of {target.Login.Label}", null,
                async (scope, ct) =>
                {
                    await target.ReadAsync(_stored!.Manifest.Fingerprint.Method, ct);
                    scope.Note = ReportedTables.Describe(target.Before.RowsByTable(), job.Verify.Report);
                }, cancellationToken);
            await run.StepAsync(RunStep.SafetyBackup, $"Safety backup of {target.Login.Label}", job.Limits.SafetyBackup,
                (scope, ct) => target.TakeSafetyBackupAsync(_tools!, scope, ct), cancellationToken);

            await using var publisher = _publisher!;
            await new Replacement(run, target, publisher).RunAsync(
                new PublishContent(_archive!, _listing!, _stored!.Manifest.Fingerprint, _tools!, job.Parallel), run.Record.SafetyBackup, cancellationToken);
            run.Record.Recovery = Drill.RecoveryOf(Stopwatch.GetElapsedTime(begun), _stored.Manifest, job.TargetDatabase.Tier);
            await CleanUp.RunAsync(run, job, publisher);
        }
        finally
        {
            await (_stored?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    async Task CheckAsync(TargetSide target, StepScope scope, CancellationToken cancellationToken)
    {
        (_archive, _listing) = await RestoreSource.OpenAsync(backup, ct => OpenAsync(scope, ct), cancellationToken);
        var manifest = _stored!.Manifest;
        run.Record.Source = manifest.Fingerprint;
        run.Record.SourceBackup = backup.File;
        await target.ConnectAsync(cancellationToken);
        Leftovers.ClearFiles(job.Backups.Directory, run);
        _tools = await new ToolLocator(job.Tools).FindAsync(Math.Max(manifest.ToolMajor, target.Facts.Major), cancellationToken);
        run.Record.ToolVersion = _tools.Version.ToString();
        _publisher = await PublishChoice.MakeAsync(run, target, manifest.Fingerprint.Extensions(), cancellationToken);
        await target.DisconnectAsync();
        Prechecks.EnsureDiskSpace(job.Backups.Directory, 0, target.Facts.Size);
        scope.Note = $"{backup.File.FileName} of {manifest.Created:yyyy-MM-dd HH:mm:ss}Z is whole; tools {_tools.Version}, publish by {_publisher.Mode.ToString().ToLowerInvariant()}";
    }

    /// <summary>Whatever can be wrong with the backup itself shows here, before the target is connected to.</summary>
    async Task<(string Archive, ArchiveListing Listing)> OpenAsync(StepScope scope, CancellationToken cancellationToken)
    {
        _stored = await StoredBackup.OpenAsync(backup, scope, cancellationToken);
        var archive = await _stored.ExtractAsync(cancellationToken);
        var reading = await new ToolLocator(job.Tools).FindAsync(_stored.Manifest.ToolMajor, cancellationToken);
        return (archive, await PgRestore.ListAsync(reading, archive, cancellationToken));
    }
}
