using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.Archiving;
using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// Replaces the target's content: restore out of sight, verify, publish, check; and, whatever goes wrong in between, bring
/// back what was there. A sync and the restore of a safety backup both end here.
/// </summary>
/// <param name="report">Tables whose row counts are named.</param>
sealed class Replacement(RunContext run, TargetSide target, IPublisher publisher, ReplacementSteps steps, IReadOnlyList<string> report)
{
    /// <summary>Bringing the target back must not be cut short by the limits that the run itself ran into.</summary>
    static readonly TimeSpan RollbackGrace = TimeSpan.FromMinutes(2);

    readonly RunSettings _settings = target.Settings;
    bool _publishBegun;

    /// <summary>What is left to do when what is published was checked; where it fails, all is undone.</summary>
    public Func<CancellationToken, Task>? WhenChecked { get; init; }

    /// <param name="safetyBackup">What to restore from should nothing else bring the target back.</param>
    public async Task RunAsync(PublishContent content, BackupFile? safetyBackup, CancellationToken cancellationToken)
    {
        foreach (var guard in target.Before.Objects.Keys
            .Where(o => o.StartsWith("event trigger ", StringComparison.Ordinal) && !content.Content.Objects.ContainsKey(o)))
            run.Warn($"{target.Login.Label}: the {guard} goes, for the content that replaces the target's has none of this name.");
        try
        {
            await PublishAsync(content, cancellationToken);
            await run.StepAsync(steps.CheckPublished, async (scope, ct) =>
            {
                await CheckPublishedAsync(content.Content, scope, ct);
                await (WhenChecked?.Invoke(ct) ?? Task.CompletedTask);
            }, cancellationToken);
        }
        catch (Exception failure)
        {
            await RollBackAsync(failure, safetyBackup, content.Tools);
            throw;
        }
    }

    /// <summary>What is restored beside the target is in nobody's way. A transaction on the target is, and gives way.</summary>
    async Task PublishAsync(PublishContent content, CancellationToken cancellationToken)
    {
        if (publisher.Mode == PublishMode.Swap)
        {
            await PublishOnceAsync(content, cancellationToken);
            return;
        }
        var attempts = new SnapshotAttempts(run, target);
        await attempts.RunAsync(async ct =>
        {
            await target.WatchAsync(ct);
            try
            {
                await attempts.KnowingWhyAsync(() => PublishOnceAsync(content, ct));
            }
            catch (Exception failure) when (attempts.WillTryAgain(failure))
            {
                using var limit = new CancellationTokenSource(RollbackGrace);
                await publisher.UndoAsync(limit.Token);
                _publishBegun = false;
                throw;
            }
        }, cancellationToken);
    }

    async Task PublishOnceAsync(PublishContent content, CancellationToken cancellationToken)
    {
        await run.StepAsync(steps.Restore,
            (scope, ct) => publisher.RestoreAsync(content, scope, ct), cancellationToken);
        await run.StepAsync(steps.Verify,
            (scope, ct) => VerifyAsync(content.Content, scope, ct), cancellationToken);
        await run.StepAsync(steps.Publish,
            (_, ct) => PublishAsync(ct), cancellationToken);
        target.Findings.Publish = publisher.Mode;
    }

    async Task VerifyAsync(DatabaseFingerprint expected, StepScope scope, CancellationToken cancellationToken)
    {
        var restored = await publisher.FingerprintAsync(expected.Method,
            (table, done, all, read) => scope.Progress((double)done / all, table, read?.Rows), cancellationToken);
        EnsureEqual(expected, restored, "what was restored");
        target.Findings.IsVerified = true;
        scope.Note = $"{Quantity.Of(restored.Tables.Count, "table")}, {Quantity.Of(restored.TotalRows(), "row")}"
            + $"{(expected.Method == FingerprintMethod.RowsOnly ? "" : ", content")} equal";
    }

    Task PublishAsync(CancellationToken cancellationToken)
    {
        // The way back has to be there before it may be needed.
        KeptFiles.EnsureThere(target.Findings.SafetyBackup);
        _publishBegun = true;
        return publisher.PublishAsync(cancellationToken);
    }

    async Task CheckPublishedAsync(DatabaseFingerprint expected, StepScope scope, CancellationToken cancellationToken)
    {
        await using var session = await PgConnector.OpenAsync(target.Login, _settings.Limits.Connect, run.Info, cancellationToken);
        // Content and details were compared before; rows and objects tell whether this is that database.
        var published = await FingerprintReader.ReadAsync(
            [session], FingerprintMethod.RowsOnly, CatalogFilter.None, null, cancellationToken, withDetails: false);
        EnsureEqual(expected, published, "what is published");
        target.Findings.After = published;
        var rows = ReportedTables.Describe(published.RowsByTable(), report);
        scope.Note = rows;
        run.InfoOfNote($"{LogNames.Of(target.Login.Label)} verification: {rows}");
    }

    void EnsureEqual(DatabaseFingerprint expected, DatabaseFingerprint actual, string what) =>
        FingerprintComparison.EnsureEqual(expected, actual, publisher.Tolerance, target.Login.Label, what, run.Warn);

    Task RollBackAsync(Exception failure, BackupFile? safetyBackup, PgToolset tools) =>
        new Rollback(run, target, _settings.Limits.Restore + RollbackGrace).RunAsync(failure, async (scope, ct) =>
        {
            run.Error(_publishBegun && !target.IsUnseen
                ? $"ROLLING BACK: undoing what was published on {target.Login.Label}..."
                : $"ROLLING BACK: throwing away what was restored; {target.Login.Label} was not touched...");
            var undone = await publisher.UndoAsync(ct);
            if (target.IsUnseen)
            {
                target.Findings.After = target.Before;
                return $"{target.Login.Label} was not there, and nothing of this run was seen.";
            }
            if (undone == UndoResult.NeedsSafetyBackup && !await IsAsBeforeAsync(ct))
                await RestoreSafetyBackupAsync(safetyBackup ?? throw NothingToRestore(), tools, scope, ct);
            return await ConfirmAsync(ct);
        }, () => !_publishBegun || target.IsUnseen, safetyBackup?.Path);

    /// <summary>The last resort: by the same steps, from the file.</summary>
    async Task RestoreSafetyBackupAsync(BackupFile safetyBackup, PgToolset tools, StepScope scope, CancellationToken cancellationToken)
    {
        run.Error("ROLLING BACK: Restoring from safety backup...");
        await using var stored = await StoredBackup.OpenAsync(
            new BackupHandle(safetyBackup, FolderPlaceConfig.At(_settings.Folder), _settings.Encryption), scope, cancellationToken);
        var archive = await stored.ExtractAsync(cancellationToken);
        var listing = await PgRestore.ListAsync(tools, archive, cancellationToken);
        await using var again = new TransactionPublisher(run, target);
        await again.RestoreAsync(new PublishContent(archive, listing, target.Before, tools, _settings.Parallel), scope, cancellationToken);
        var restored = await again.FingerprintAsync(target.Before.Method, (_, _, _, _) => { }, cancellationToken);
        EnsureEqual(target.Before, restored, "what was restored from the safety backup");
        await again.PublishAsync(cancellationToken);
    }

    BackupSyncException NothingToRestore() => new(
        ErrorIds.RollbackFailed, $"{target.Login.Label} was empty before, so there is no safety backup to restore.");

    async Task<string> ConfirmAsync(CancellationToken cancellationToken)
    {
        var label = target.Login.Label;
        if (await IsAsBeforeAsync(cancellationToken))
            return $"Rolled back; {label} was compared and holds what it held before.";
        var note = $"Rolled back; {label} differs from what it held when the run began: other sessions have written to it meanwhile.";
        run.Warn(note);
        return note;
    }

    async Task<bool> IsAsBeforeAsync(CancellationToken cancellationToken)
    {
        await using var session = await PgConnector.OpenAsync(target.Login, _settings.Limits.Connect, run.Info, cancellationToken);
        var now = await FingerprintReader.ReadAsync([session], target.Before.Method, CatalogFilter.None, null, cancellationToken);
        target.Findings.After = now;
        return FingerprintComparison.Compare(target.Before, now, new ComparisonTolerance()).Count == 0;
    }
}
