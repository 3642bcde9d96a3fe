using BackupSync.Configuration;
using BackupSync.Operations.Sides;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Brings a target up to date by what has changed on its source: all that is read is one snapshot, and all that is
/// written, with the notes for the next run, one transaction.
/// </summary>
sealed class IncrementalSync(RunContext run, SyncFindings findings, SyncRequest request)
{
    readonly IncrementalSteps _steps = new(request);

    /// <returns>Why only a full sync will do; null where none is needed.</returns>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        findings.Mode = SyncMode.Incremental;
        SyncState.Prepare();
        await using var target = new TargetSide(run, findings.Target, request.Target, request.Settings);
        await using var source = new SourceSide(
            run, findings.Source, request.Source, request.Settings, request.Exclude, target.Tag.ApplicationName);

        await run.StepAsync(_steps.Lock, async (_, ct) => findings.Skipped = !await target.TryLockAsync(ct), cancellationToken);
        if (findings.Skipped)
            return null;
        await run.StepAsync(_steps.Check, (scope, ct) => CheckAsync(source, target, scope, ct), cancellationToken);
        await run.StepAsync(_steps.ProveDifferent, (_, ct) => Guards.ProveDifferentAsync(source, target, ct), cancellationToken);

        string? reason = null;
        var attempts = new SnapshotAttempts(run, source, target);
        await attempts.RunAsync(async ct => reason = await RunOnceAsync(attempts, source, target, ct), cancellationToken);
        return reason;
    }

    /// <returns>As <see cref="RunAsync"/>.</returns>
    async Task<string?> RunOnceAsync(SnapshotAttempts attempts, SourceSide source, TargetSide target, CancellationToken cancellationToken)
    {
        // By stamps where there are any; should what these tell not be all, by content.
        var doubt = request.FullVerify ? "the whole content was asked for" : null;
        while (true)
        {
            await using var attempt = new IncrementalAttempt(run, findings, source, target, request, doubt);
            try
            {
                return await AttemptAsync(attempt, attempts, cancellationToken);
            }
            catch (BackupSyncException refused) when (attempt.MergeBegun && !attempt.CommitBegun && IsAboutRows(refused)
                && !cancellationToken.IsCancellationRequested
                && (MayBeTheStamps(attempt, refused) || attempt.MayBecomeFull))
            {
                if (!MayBeTheStamps(attempt, refused))
                    return refused.Message;
                doubt = "what the stamps tell may not be all that has changed";
                run.Warn($"{refused.Message} What the stamps tell may not be all that has changed, so the content is compared.");
            }
            catch (Exception failure) when (!attempt.CommitBegun && attempts.WillTryAgain(failure))
            {
                await attempt.AbandonAsync();
                throw;
            }
            catch (Exception failure) when (attempt.MergeBegun)
            {
                await attempt.RollBackAsync(attempts.Explained(failure));
                throw;
            }
        }
    }

    async Task<string?> AttemptAsync(IncrementalAttempt attempt, SnapshotAttempts attempts, CancellationToken cancellationToken)
    {
        try
        {
            return await attempts.KnowingWhyAsync(() => AttemptAsync(attempt, cancellationToken));
        }
        catch (Exception failure) when (!attempt.CommitBegun && !cancellationToken.IsCancellationRequested
            && !attempts.WillTryAgain(failure))
        {
            // A table that is gone, or another by now, fails in many ways.
            await attempt.EnsureUnchangedAsync(cancellationToken);
            throw;
        }
    }

    async Task<string?> AttemptAsync(IncrementalAttempt attempt, CancellationToken cancellationToken)
    {
        string? reason = null;
        await run.StepAsync(_steps.Compare, async (scope, ct) => reason = await attempt.CompareAsync(scope, ct), cancellationToken);
        if (reason is not null)
            return reason;
        await run.StepAsync(_steps.Merge, attempt.MergeAsync, cancellationToken);
        await run.StepAsync(_steps.Verify, attempt.VerifyAsync, cancellationToken);
        await run.StepAsync(_steps.Publish, (_, ct) => attempt.CommitAsync(ct), cancellationToken);
        return null;
    }

    static bool MayBeTheStamps(IncrementalAttempt attempt, BackupSyncException failure) =>
        attempt.ReliesOnStamps && failure is not RowInTheWayException { IsCertain: true };

    /// <summary>Whether the rows themselves are the cause: a constraint that they break, or a difference that remains.</summary>
    static bool IsAboutRows(BackupSyncException failure) =>
        failure is ConstraintInTheWayException or RowInTheWayException || failure.ErrorId == ErrorIds.VerificationFailed
            || Refusal(failure)?.StartsWith("23", StringComparison.Ordinal) == true;

    static string? Refusal(Exception failure) =>
        failure is PgQueryException refused ? refused.SqlState : failure.InnerException is { } inner ? Refusal(inner) : null;

    async Task CheckAsync(SourceSide source, TargetSide target, StepScope scope, CancellationToken cancellationToken)
    {
        await TaskGroup.RunAsync(cancellationToken, target.ConnectAsync, source.ConnectAsync);
        await Leftovers.ClearSessionsAsync(source.Session, target.Tag, run, cancellationToken);
        await SyncState.EnsureMayWriteAsync(target, cancellationToken);
        await Prechecks.WarnOfEventTriggersAsync(target, run, cancellationToken);
        if (request.Tables.Count == 0)
        {
            await TaskGroup.RunAsync(cancellationToken,
                ct => Prechecks.EnsureMayReadLargeObjectsAsync(source, ct), ct => Prechecks.EnsureMayReadLargeObjectsAsync(target, ct));
            await Prechecks.WarnOfLocksAsync(target, CatalogFilter.None, "the run", run, cancellationToken);
        }
        scope.Note = $"{source.Facts.Version} → {target.Facts.Version}";
    }
}
