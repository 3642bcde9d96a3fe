using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.Archiving;
using BackupSync.Operations.Publishing;
using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Sandbox;
using BackupSync.Verification;

namespace BackupSync.Operations.Prove;

/// <summary>
/// Restores a backup on trial: into a throw-away server on this machine, or into a new database beside a named one. Every
/// row is compared with the snapshot the backup was taken from; nothing of it stays.
/// </summary>
sealed class Drill : IAsyncDisposable
{
    readonly RunContext _run;
    readonly RunSettings _settings;
    readonly StoredBackup _backup;
    readonly SandboxServer? _sandbox;
    readonly TargetSide _target;

    /// <summary>What differs from the server that the backup is of, though nothing need have come of it.</summary>
    readonly List<string> _otherwise = [];

    readonly BackupFindings _findings;

    Drill(
        RunContext run, BackupFindings findings, RunSettings settings, StoredBackup backup, SandboxServer? sandbox, Endpoint database)
    {
        (_run, _findings, _settings, _backup, _sandbox) = (run, findings, settings, backup, sandbox);
        _target = new TargetSide(run, findings.Trial, database, settings);
    }

    /// <summary>There is always a way to what a backup holds.</summary>
    internal static readonly string SkipAdvice = $"A restore with {Spelling.SkipRefused} leaves out and names what the server refuses, and "
        + "brings back all rows: a check that they break is NOT VALID then.";

    BackupManifest Manifest => _backup.Manifest;

    /// <param name="begun">When the backup began to be opened: fetching and checking it are part of a recovery.</param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.VerificationFailed"/>, BackupInvalid: the backup does not bring back what it should, and nothing but itself
    /// is to blame. <see cref="ErrorIds.NotProven"/>: it is whole, but could not be restored here.
    /// </exception>
    public static async Task<RecoveryResult> RunAsync(
        RunContext run, BackupFindings findings, ProveRequest request, StoredBackup backup, long begun, StepScope scope,
        CancellationToken cancellationToken)
    {
        if (request.On is not null)
            Guards.EnsureMayBeTarget(request.On);
        try
        {
            await using var drill = await PrepareAsync(run, findings, request, backup, cancellationToken);
            await drill.RestoreAsync(scope, cancellationToken);
            var recovery = RecoveryOf(run.Clock, begun, backup.Manifest, request.Tier);
            var content = backup.Manifest.Fingerprint;
            scope.Note = $"{Quantity.Of(content.Tables.Count, "table")}, {Quantity.Of(content.TotalRows(), "row")} equal, "
                + $"restored into PostgreSQL "
                + $"{drill._target.Facts.Version}; recovery took {Durations.Show(TimeSpan.FromSeconds(recovery.Seconds))}";
            return recovery;
        }
        catch (BackupSyncException failure) when (!ErrorIds.IsVerdict(failure.ErrorId)
            && failure.ErrorId is not (ErrorIds.RunInProgress or ErrorIds.PassphraseWrong))
        {
            // What is wrong with the file itself goes before what is wrong here.
            await IntegrityCheck.RunAsync(backup, request.Settings.Tools, scope, cancellationToken);
            scope.Note = null;
            throw new BackupSyncException(ErrorIds.NotProven, $"{backup.Manifest.File} was not proven here: {failure.Message}",
                ("The file is whole: it was read to its end. "
                    + $"{(failure.ErrorId == ErrorIds.RestoreFailed ? SkipAdvice + " " : "")}{failure.Advice}").TrimEnd(), failure)
            { Detail = failure.Detail };
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _target.DisposeAsync();
        if (_sandbox is not null)
            await _sandbox.DisposeAsync();
    }

    /// <summary>A database to restore beside, as much like the backup's own as this machine or the named server allows.</summary>
    static async Task<Drill> PrepareAsync(
        RunContext run, BackupFindings findings, ProveRequest request, StoredBackup backup, CancellationToken cancellationToken)
    {
        var settings = request.Settings;
        if (request.On is not null)
            return new Drill(run, findings, settings, backup, null, request.On);
        var sandbox = await SandboxServer.StartAsync(new SandboxOptions
        {
            Name = "drill", Tools = settings.Tools, Major = backup.Manifest.ServerMajor, OrNewer = true,
            Limit = TimeSpan.FromMinutes(2), OnMessage = run.Info,
        }, cancellationToken);
        try
        {
            var drill = new Drill(run, findings, settings, backup, sandbox,
                new Endpoint
                {
                    Name = "sandbox",
                    Role = DatabaseRole.Development,
                    Address = sandbox.Address.WithDatabase(DrillDatabase.Name),
                });
            await using var session = await PgConnector.OpenAsync(
                drill._target.Login.WithDatabase("postgres"), settings.Limits.Connect, run.Info, cancellationToken);
            await DrillDatabase.CreateAsync(session, backup, drill.Differs, cancellationToken);
            return drill;
        }
        catch
        {
            await sandbox.DisposeAsync();
            throw;
        }
    }

    void Differs(string what)
    {
        _otherwise.Add(what);
        _run.Warn($"{Manifest.File}: {what}");
    }

    async Task RestoreAsync(StepScope scope, CancellationToken cancellationToken)
    {
        if (!await _target.TryLockAsync(cancellationToken))
            throw new BackupSyncException(
                ErrorIds.RunInProgress, $"Another run on {_target.Login.Label} is in progress.", "Wait for it to end, then run again.");
        await _target.ConnectAsync(cancellationToken);
        var content = Manifest.Fingerprint;
        await using var publisher = await PublishChoice.MakeAsync(
            _run, _target, PublishMode.Swap, NewContent.Of(content, head: null), cancellationToken);
        await _target.DisconnectAsync();
        var tools = await new ToolLocator(_settings.Tools).FindAsync(Math.Max(Manifest.ToolMajor, _target.Facts.Major), cancellationToken);
        _findings.ToolVersion = tools.Version.ToString();
        if (publisher.Mode == PublishMode.Transaction)
            ToolChoice.EnsureMayRunScripts(tools);
        try
        {
            var archive = await _backup.ExtractAsync(cancellationToken);
            var listing = await PgRestore.ListAsync(tools, archive, cancellationToken);
            await RestoreWithRolesAsync(
                publisher, new PublishContent(archive, listing, content, tools, _settings.Parallel), scope, cancellationToken);
            var restored = await publisher.FingerprintAsync(content.Method,
                (table, done, all, read) => scope.Progress((double)done / all, table, read?.Rows), cancellationToken);
            EnsureEqual(restored, publisher.Tolerance);
        }
        finally
        {
            // Also where the run was stopped: the trial's database must not stay.
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            await publisher.UndoAsync(limit.Token);
        }
    }

    /// <summary>A throw-away server has the roles that stand beside the backup; where they do not, those that are asked for.</summary>
    async Task RestoreWithRolesAsync(IPublisher publisher, PublishContent content, StepScope scope, CancellationToken cancellationToken)
    {
        var created = new HashSet<string>();
        while (true)
        {
            try
            {
                await publisher.RestoreAsync(content, scope, cancellationToken);
                return;
            }
            catch (BackupSyncException failure) when (_sandbox is not null && DrillDatabase.MissingRole(failure) is { } role
                && created.Add(role))
            {
                await publisher.UndoAsync(cancellationToken);
                await _target.Lock.Session.ExecuteAsync($"CREATE ROLE {Sql.Identifier(role)} NOLOGIN", cancellationToken);
            }
        }
    }

    /// <summary>
    /// As a restore does. The file is to blame for rows that differ where nothing else does, and no expression made them.
    /// </summary>
    void EnsureEqual(DatabaseFingerprint restored, ComparisonTolerance tolerance)
    {
        var content = Manifest.Fingerprint;
        try
        {
            FingerprintComparison.EnsureEqual(content, restored, tolerance, Manifest.File, "what was restored", _run.Warn);
        }
        catch (BackupSyncException different) when (!IsLikeTheOriginal
            || !IsOfRows(FingerprintComparison.Compare(content, restored, tolerance)))
        {
            var why = _otherwise.Count > 0 ? $" {string.Join(' ', _otherwise)}"
                : _target.Facts.Major == Manifest.ServerMajor
                    ? ""
                    : $" The backup is of PostgreSQL {Manifest.ServerVersion}, and was restored into {_target.Facts.Version}.";
            throw new BackupSyncException(ErrorIds.RestoreFailed, different.Message + why,
                _target.Facts.Major == Manifest.ServerMajor
                    ? different.Advice
                    : InstallAdvice.ForServer(Manifest.ServerMajor), different) { Detail = different.Detail };
        }
    }

    bool IsLikeTheOriginal =>
        _sandbox is not null && _target.Facts.Major == Manifest.ServerMajor && Manifest.Options is not null && _otherwise.Count == 0;

    bool IsOfRows(IEnumerable<FingerprintDifference> differences) => differences.Any(d =>
        d.Subject is "large objects" || (d.Subject.StartsWith("table ", StringComparison.Ordinal)
            && !Manifest.Fingerprint.HasColumnThatIs(d.Subject["table ".Length..], " generated ")));

    /// <summary>What was measured against the objectives of the database's tier.</summary>
    /// <remarks>The moment of a snapshot is its server's, so a fresh one may seem to come from the future.</remarks>
    /// <param name="begun">A timestamp of the clock's: when the recovery began.</param>
    public static RecoveryResult RecoveryOf(TimeProvider clock, long begun, BackupManifest manifest, TierConfig? tier)
    {
        var duration = clock.GetElapsedTime(begun);
        var age = clock.GetUtcNow() - duration - manifest.Created;
        return new RecoveryResult(
            Math.Round(duration.TotalSeconds, 3), Math.Round(Math.Max(0, age.TotalSeconds), 3), tier?.Name, tier?.Rto?.TotalSeconds,
            tier?.Rpo?.TotalSeconds);
    }
}
