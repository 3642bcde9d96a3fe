using BackupSync.Archives;
using BackupSync.Configuration;
using BackupSync.Operations.Archiving;
using BackupSync.Operations.Sides;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Restore;

/// <summary>Restores some tables of a backup into a database that stays as it is otherwise.</summary>
sealed class TableRestoreOperation(RunContext run, RestoreRequest request) : RestoreOperation(run, request)
{
    TableSelection? _selection;
    string _encoding = "";

    protected override async Task OpenAsync(StepScope scope, CancellationToken cancellationToken)
    {
        Guards.EnsureMaySkip(Request);
        Stored = await RestoreSource.OpenAsync(Backup, ct => StoredBackup.OpenAsync(Backup, scope, ct), cancellationToken);
        Findings.Source.Backup = Backup.File;
        await using var archive = await Stored.OpenArchiveAsync(cancellationToken);
        var head = await Task.Run(() => new ArchiveReader(archive, cancellationToken).Head, CancellationToken.None);
        _selection = TableSelection.Of(head, Manifest, Request.Tables);
        _encoding = head.Encoding;
        Findings.Source.Content = Manifest.Fingerprint with { Tables = _selection.Content };
    }

    protected override async Task<string> CheckTargetAsync(TargetSide target, CancellationToken cancellationToken)
    {
        var tables = await TargetTables.FindAsync(target.Session, _selection!, cancellationToken);
        await ForeignKeys.ReadAsync(target.Session, tables.Oids, cancellationToken);
        return string.Join(", ", _selection!.Content.Keys);
    }

    protected override async Task ReadStatisticsAsync(TargetSide target, CancellationToken cancellationToken)
    {
        await target.ReadAsync(FingerprintReader.MethodFor(content: true, target.Facts.Major), cancellationToken);
        Findings.Target.Before = target.Before with { Tables = target.Before.Tables.Where(t => _selection!.Content.ContainsKey(t.Key))
            .ToDictionary() };
    }

    protected override async Task ReplaceAsync(TargetSide target, CancellationToken cancellationToken)
    {
        var attempts = new SnapshotAttempts(Run, target);
        await attempts.RunAsync(ct => ReplaceAsync(target, attempts, ct), cancellationToken);
        Findings.Target.Publish = PublishMode.Transaction;
    }

    async Task ReplaceAsync(TargetSide target, SnapshotAttempts attempts, CancellationToken cancellationToken)
    {
        await using var replacement = new TableReplacement(Run, target, Stored!, _selection!, Tools);
        try
        {
            await attempts.KnowingWhyAsync(() => ReplaceAsync(target, replacement, cancellationToken));
        }
        catch (Exception failure) when (attempts.WillTryAgain(failure))
        {
            await replacement.AbandonAsync();
            throw;
        }
        catch (Exception failure)
        {
            await replacement.RollBackAsync(attempts.Explained(failure), Findings.Target.SafetyBackup!.Path);
            throw;
        }
    }

    async Task ReplaceAsync(TargetSide target, TableReplacement replacement, CancellationToken cancellationToken)
    {
        await Run.StepAsync(Steps.RestoreTables,
            (scope, ct) => replacement.RestoreAsync(_encoding, scope, ct), cancellationToken);
        DatabaseFingerprint? restored = null;
        await Run.StepAsync(Steps.VerifyTables,
            async (scope, ct) => restored = await replacement.VerifyAsync(scope, ct), cancellationToken);
        await Run.StepAsync(Steps.PublishTables,
            (_, ct) => replacement.CommitAsync(ct), cancellationToken);
        Findings.Target.IsVerified = true;
        Findings.Target.After = restored;
    }
}
