using System.Diagnostics;
using BackupSync.Archives;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Runs;
using BackupSync.Sync;
using BackupSync.Verification;

namespace BackupSync.Recovery;

/// <summary>Restores some tables of a backup into a database that stays as it is otherwise.</summary>
sealed class TableRestorePipeline(RunContext run, JobConfig job, BackupHandle backup, IReadOnlyList<string> patterns, RunOptions options) : IPipeline
{
    /// <summary>Bringing the target back must not be cut short by the limits that the run itself ran into.</summary>
    static readonly TimeSpan RollbackLimit = TimeSpan.FromMinutes(2);

    StoredBackup? _stored;
    PgToolset? _tools;
    TableSelection? _selection;
    string _encoding = "";

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
                (scope, ct) => ReadStatisticsAsync(target, scope, ct), cancellationToken);
            await run.StepAsync(RunStep.SafetyBackup, $"Safety backup of {target.Login.Label}", job.Limits.SafetyBackup,
                (scope, ct) => target.TakeSafetyBackupAsync(_tools!, scope, ct), cancellationToken);
            await ReplaceAsync(target, cancellationToken);
            run.Record.Recovery = Drill.RecoveryOf(Stopwatch.GetElapsedTime(begun), _stored!.Manifest, job.TargetDatabase.Tier);
            await CleanUp.RunAsync(run, job, publisher: null);
        }
        finally
        {
            await (_stored?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    async Task CheckAsync(TargetSide target, StepScope scope, CancellationToken cancellationToken)
    {
        _stored = await RestoreSource.OpenAsync(backup, ct => StoredBackup.OpenAsync(backup, scope, ct), cancellationToken);
        run.Record.SourceBackup = backup.File;
        var manifest = _stored.Manifest;
        await using (var archive = await _stored.OpenArchiveAsync(cancellationToken))
        {
            var head = await Task.Run(() => new ArchiveReader(archive, cancellationToken).Head, CancellationToken.None);
            _selection = TableSelection.Of(head, manifest, patterns);
            _encoding = head.Encoding;
        }
        run.Record.Source = manifest.Fingerprint with { Tables = _selection.Content };
        await target.ConnectAsync(cancellationToken);
        Leftovers.ClearFiles(job.Backups.Directory, run);
        _tools = await new ToolLocator(job.Tools).FindAsync(Math.Max(manifest.ToolMajor, target.Facts.Major), cancellationToken);
        run.Record.ToolVersion = _tools.Version.ToString();
        var tables = await TargetTables.FindAsync(target.Session, _selection, cancellationToken);
        await ForeignKeys.ReadAsync(target.Session, tables.Oids, cancellationToken);
        await target.DisconnectAsync();
        Prechecks.EnsureDiskSpace(job.Backups.Directory, 0, target.Facts.Size);
        scope.Note = $"{backup.File.FileName} of {manifest.Created:yyyy-MM-dd HH:mm:ss}Z is whole; {string.Join(", ", _selection.Content.Keys)}";
    }

    async Task ReadStatisticsAsync(TargetSide target, StepScope scope, CancellationToken cancellationToken)
    {
        await target.ReadAsync(FingerprintReader.MethodFor(content: true, target.Facts.Major), cancellationToken);
        run.Record.Before = target.Before with { Tables = target.Before.Tables.Where(t => _selection!.Content.ContainsKey(t.Key)).ToDictionary() };
        scope.Note = ReportedTables.Describe(run.Record.Before.RowsByTable(), job.Verify.Report);
    }

    async Task ReplaceAsync(TargetSide target, CancellationToken cancellationToken)
    {
        run.Record.Publish = PublishMode.Transaction;
        await using var replacement = new TableReplacement(run, target, _stored!, _selection!, _tools!);
        try
        {
            await run.StepAsync(RunStep.Restore, $"Restore into {target.Login.Label} (in one transaction)", job.Limits.Restore,
                (scope, ct) => replacement.RestoreAsync(_encoding, scope, ct), cancellationToken);
            DatabaseFingerprint? restored = null;
            await run.StepAsync(RunStep.Verify, "Verify before publishing", job.Limits.Restore,
                async (scope, ct) => restored = await replacement.VerifyAsync(scope, ct), cancellationToken);
            await run.StepAsync(RunStep.Publish, $"Publish {target.Login.Label}", job.Limits.Restore,
                (_, ct) => replacement.CommitAsync(ct), cancellationToken);
            run.Record.Verified = true;
            run.Record.After = restored;
        }
        catch (Exception failure)
        {
            await RollBackAsync(target, replacement, failure);
            throw;
        }
    }

    async Task RollBackAsync(TargetSide target, TableReplacement replacement, Exception failure)
    {
        using var limit = new CancellationTokenSource(RollbackLimit);
        var (label, safety) = (target.Login.Label, run.Record.SafetyBackup!.Path);
        run.Error(failure is OperationCanceledException ? "The run was stopped." : failure.Message);
        run.Record.Rollback = RollbackState.Failed;
        try
        {
            await run.StepAsync(RunStep.Rollback, $"Roll {label} back", null, async (_, ct) =>
            {
                if (await replacement.EndAsync(ct))
                    throw new BackupSyncException(ErrorIds.RollbackFailed, $"{label}: the server had committed before the connection was lost: the tables hold the backup's rows.");
            }, limit.Token);
            run.Record.Rollback = RollbackState.Succeeded;
            run.Record.RollbackNote = $"Rolled back; {label}'s server confirms that nothing of it was committed.";
            run.Info(run.Record.RollbackNote);
        }
        catch (Exception undone) when (!replacement.CommitBegun && undone is BackupSyncException or OperationCanceledException)
        {
            run.Record.Rollback = RollbackState.Succeeded;
            run.Record.RollbackNote = $"Nothing was committed, so {label} is what it was; this could not be confirmed: {undone.Message}";
            run.Warn(run.Record.RollbackNote);
        }
        catch (Exception undone)
        {
            run.Record.RollbackNote = $"{undone.Message} The content of before is in {safety}.";
            run.Error($"Rollback FAILED: {run.Record.RollbackNote}");
        }
    }
}
