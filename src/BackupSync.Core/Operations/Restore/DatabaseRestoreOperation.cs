using BackupSync.Archives;
using BackupSync.Configuration;
using BackupSync.Operations.Archiving;
using BackupSync.Operations.Prove;
using BackupSync.Operations.Publishing;
using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Restore;

/// <summary>Publishes a backup on a database: a sync whose source is a file.</summary>
sealed class DatabaseRestoreOperation(RunContext run, RestoreRequest request) : RestoreOperation(run, request)
{
    string? _archive;
    ArchiveListing? _listing;

    protected override async Task OpenAsync(StepScope scope, CancellationToken cancellationToken)
    {
        (_archive, _listing) = await RestoreSource.OpenAsync(Backup, async ct =>
        {
            Stored = await StoredBackup.OpenAsync(Backup, scope, ct);
            var archive = await Stored.ExtractAsync(ct);
            var reading = await new ToolLocator(Settings.Tools).FindAsync(Manifest.ToolMajor, ct);
            return (archive, await PgRestore.ListAsync(reading, archive, ct));
        }, cancellationToken);
        Findings.Source.Content = Manifest.Fingerprint;
        Findings.Source.Backup = Backup.File;
    }

    protected override async Task<string> CheckTargetAsync(TargetSide target, CancellationToken cancellationToken)
    {
        if (Manifest.NamedRoles is { } roles)
            await Prechecks.EnsureRolesExistAsync(roles, target, cancellationToken);
        await using var archive = await Stored!.OpenArchiveAsync(cancellationToken);
        var head = await Task.Run(() => new ArchiveReader(archive, cancellationToken).Head, CancellationToken.None);
        var content = NewContent.Of(Manifest.Fingerprint, head);
        Publisher = await PublishChoice.MakeAsync(Run, target, Request.Publish, content, cancellationToken);
        if (Publisher.Mode == PublishMode.Swap)
            await PoolerPause.EnsureUsableAsync(Tools, Request.Target, cancellationToken);
        else
            ToolChoice.EnsureMayRunScripts(Tools);
        if (Request.SkipRefused && Publisher.Mode != PublishMode.Swap)
        {
            throw new BackupSyncException(
                ErrorIds.NotSupported,
                $"{target.Login.Label} can only be published in one transaction, which ends with the first object that is refused.",
                "Give the role what a swap needs (docs/privileges.md lists it), or restore to another database, of a role that has it.");
        }
        return $"tools {Tools.Version}, publish by {Publisher.Mode.ToString().ToLowerInvariant()}";
    }

    protected override async Task ReadStatisticsAsync(TargetSide target, CancellationToken cancellationToken)
    {
        await target.ReadAsync(Manifest.Fingerprint.Method, cancellationToken);
        // Such as the safety backup of a run that was killed before it changed anything.
        if (FingerprintComparison.Compare(Manifest.Fingerprint, target.Before, new ComparisonTolerance()).Count == 0)
            Run.Warn($"{target.Login.Label} holds already what {Backup.File.FileName} holds: this restore changes nothing. Earlier "
                + $"backups are told by {Spelling.ListBackups}.");
    }

    protected override async Task ReplaceAsync(TargetSide target, CancellationToken cancellationToken)
    {
        // What is refused is told in the archive's order, and by one worker: the words of several mix.
        var content = new PublishContent(_archive!, _listing!, Manifest.Fingerprint, Tools, Request.SkipRefused ? 1 : Settings.Parallel)
        {
            SkipRefused = Request.SkipRefused,
        };
        try
        {
            await new Replacement(Run, target, Publisher!, Steps.Replace(Publisher!.Mode), Request.Verify.Report)
            {
                WhenChecked = Created is { } created ? created.PublishAsync : null,
            }.RunAsync(content, Findings.Target.SafetyBackup, cancellationToken);
        }
        catch (BackupSyncException refused) when (refused.ErrorId == ErrorIds.RestoreFailed && !Request.SkipRefused
            && Publisher!.Mode == PublishMode.Swap)
        {
            throw new BackupSyncException(refused.ErrorId, refused.Message, $"{refused.Advice} {Drill.SkipAdvice}".TrimStart(), refused)
            {
                Detail = refused.Detail,
            };
        }
    }
}
