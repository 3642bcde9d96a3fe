using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.Archiving;
using BackupSync.Operations.Expire;
using BackupSync.Operations.Incremental;
using BackupSync.Operations.Prove;
using BackupSync.Operations.Publishing;
using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.FullSync;

/// <summary>Makes a target a verified copy of its source by copying everything.</summary>
sealed class FullSync(RunContext run, SyncFindings findings, SyncRequest request)
{
    readonly SyncSteps _steps = new(request);
    readonly RunSettings _settings = request.Settings;
    RunTools? _tools;
    IPublisher? _publisher;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        findings.Mode = SyncMode.Full;
        await using var target = new TargetSide(run, findings.Target, request.Target, _settings);
        await using var source = new SourceSide(
            run, findings.Source, request.Source, _settings, request.Exclude, target.Tag.ApplicationName);

        await run.StepAsync(_steps.Lock, async (_, ct) => findings.Skipped = !await target.TryLockAsync(ct), cancellationToken);
        if (findings.Skipped)
            return;
        await run.StepAsync(_steps.Check, (scope, ct) => CheckAsync(source, target, scope, ct), cancellationToken);
        await run.StepAsync(_steps.ProveDifferent, (_, ct) => Guards.ProveDifferentAsync(source, target, ct), cancellationToken);
        await new SnapshotAttempts(run, source, target).RunAsync(async ct =>
        {
            await run.StepAsync(_steps.Statistics, (scope, stop) => ReadStatisticsAsync(source, target, scope, stop), ct);
            await DumpAndBackUpAsync(source, target, ct);
        }, cancellationToken);

        await using var publisher = _publisher!;
        await ReplaceAsync(publisher, await ContentAsync(source, cancellationToken), target, cancellationToken);
        if (request.IsFollowedByIncremental)
            await LeaveNotesAsync(source.Content, target, cancellationToken);
        await CleanUp.RunAsync(run, _steps.CleanUp, _settings, request.KeepDays, publisher);
    }

    async Task CheckAsync(SourceSide source, TargetSide target, StepScope scope, CancellationToken cancellationToken)
    {
        await target.ConnectAsync(cancellationToken);
        Leftovers.ClearFiles(_settings.Folder, run);
        await source.ConnectAsync(cancellationToken);
        await Leftovers.ClearSessionsAsync(source.Session, target.Tag, run, cancellationToken);
        _tools = await ToolChoice.ForAsync(request, source.Facts, target, run, cancellationToken);
        findings.ToolVersion = _tools.Restore.Version.ToString();
        Prechecks.WarnOfOlderTarget(source.Facts.Major, source.Facts.Version, source.Login.Label, target, run);
        if (target.Facts.Major < source.Facts.Major)
            await NamedOption.EnsureKnownAsync(source, target, cancellationToken);
        await Prechecks.EnsureNothingNeededIsLeftOutAsync(source, cancellationToken);
        await Prechecks.WarnOfDumpLocksAsync(source, source.Filter, run, cancellationToken);
        await Prechecks.WarnOfDumpLocksAsync(target, CatalogFilter.None, run, cancellationToken);
        _publisher = await PublishChoice.MakeAsync(
            run, target, request.Publish, await NewContent.ReadAsync(source.Session, cancellationToken), cancellationToken);
        if (_publisher.Mode == PublishMode.Swap)
            await PoolerPause.EnsureUsableAsync(_tools.Restore, request.Target, cancellationToken);
        else
            ToolChoice.EnsureMayRunScripts(_tools.Restore);
        await Prechecks.EnsureRolesExistAsync(await source.FindNamedRolesAsync(cancellationToken), target, cancellationToken);
        Prechecks.EnsureMayReadBack(await source.ForcedRowSecurityAsync(cancellationToken), target);
        Prechecks.EnsureDiskSpace(_settings.Folder, source.Facts.Size, target.Facts.Size);
        scope.Note = $"{source.Facts.Version} → {target.Facts.Version}, tools {_tools.Restore.Version}, publish by "
            + $"{_publisher.Mode.ToString().ToLowerInvariant()}";
    }

    async Task ReadStatisticsAsync(SourceSide source, TargetSide target, StepScope scope, CancellationToken cancellationToken)
    {
        var method = FingerprintReader.MethodFor(request.Verify.Content, source.Facts.Major, target.Facts.Major);
        await TaskGroup.RunAsync(cancellationToken,
            ct => source.ReadAsync(method, scope, ct),
            ct => target.ReadAsync(method, ct));
        Guards.EnsureNotEmpty(source.Content, source.Login.Label);
        if (Guards.EnsureNotShrunken(source.Content, target.Before, request) is { } lifted)
        {
            findings.Forced = true;
            run.Warn($"Forced: {lifted}");
        }
        scope.Note = ReportedTables.Describe(source.Content.RowsByTable(), request.Verify.Report);
        run.InfoOfNote($"{LogNames.Of(source.Login.Label)} statistics: {scope.Note}");
    }

    /// <summary>Both are good before anything else happens; one that fails stops the other.</summary>
    Task DumpAndBackUpAsync(SourceSide source, TargetSide target, CancellationToken cancellationToken) =>
        TaskGroup.RunAsync(cancellationToken,
            ct => run.StepAsync(_steps.Dump,
                (scope, limited) => source.DumpAsync(new BackupLabel(BackupKind.Source), _tools!.Source, scope, limited), ct),
            ct => _tools!.Target is { } tools
                ? run.StepAsync(_steps.SafetyBackup, (scope, limited) => target.TakeSafetyBackupAsync(tools, scope, limited), ct)
                : target.ReleaseSnapshotAsync());

    async Task ReplaceAsync(IPublisher publisher, PublishContent content, TargetSide target, CancellationToken cancellationToken)
    {
        try
        {
            await new Replacement(run, target, publisher, _steps.Replace(publisher.Mode), request.Verify.Report)
                .RunAsync(content, findings.Target.SafetyBackup, cancellationToken);
        }
        catch (BackupSyncException refused) when (refused.ErrorId == ErrorIds.RestoreFailed
            && KeptFiles.Missing(findings.Source.Backup) is { } missing)
        {
            throw KeptFiles.Gone(missing, refused);
        }
        catch (BackupSyncException refused) when (refused.ErrorId == ErrorIds.RestoreFailed && publisher.Mode == PublishMode.Swap)
        {
            throw new BackupSyncException(refused.ErrorId, refused.Message,
                $"{refused.Advice ?? "Mend on the source what the message names, and run again."} To have a copy before that: "
                    + $"{content.Archive} is a backup. {Drill.SkipAdvice}", refused)
            { Detail = refused.Detail };
        }
    }

    /// <summary>
    /// The next incremental run is to know what was the source's. Without that it takes what only the target has for the target's own,
    /// and never removes it.
    /// </summary>
    async Task LeaveNotesAsync(DatabaseFingerprint content, TargetSide target, CancellationToken cancellationToken)
    {
        try
        {
            await using var session = await PgConnector.OpenAsync(target.Login, _settings.Limits.Connect, run.Info, cancellationToken);
            await SyncState.WriteAfterFullAsync(
                session, content, findings.Source.SnapshotTime!.Value, _settings.Job, run.RunId, cancellationToken);
        }
        catch (BackupSyncException refused)
        {
            run.Warn($"{target.Login.Label}: the notes for the next incremental run could not be written: {refused.Message} Should the "
                + "source lose an object before that run, it stays on the target.");
        }
    }

    async Task<PublishContent> ContentAsync(SourceSide source, CancellationToken cancellationToken)
    {
        var archive = findings.Source.Backup!.Path;
        KeptFiles.EnsureThere(findings.Source.Backup);
        var listing = await PgRestore.ListAsync(_tools!.Restore, archive, cancellationToken);
        return new PublishContent(archive, listing, source.Content, _tools.Restore, _settings.Parallel);
    }
}
