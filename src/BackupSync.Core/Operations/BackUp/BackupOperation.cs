using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Encryption;
using BackupSync.Files;
using BackupSync.Operations.Archiving;
using BackupSync.Operations.Expire;
using BackupSync.Operations.Prove;
using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Places;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.BackUp;

/// <summary>Takes a backup of one database, proves it, and brings it to its places.</summary>
sealed class BackupOperation(RunContext run, BackupRequest request) : IOperation
{
    /// <summary>How long a place may take to tell its names: a backup is not to wait for what is not there.</summary>
    static readonly TimeSpan NamesLimit = TimeSpan.FromSeconds(10);

    readonly BackupSteps _steps = new(request);
    readonly RunSettings _settings = request.Settings;
    readonly BackupOrder _order = request.Order;
    readonly string _folder = request.Settings.Folder;
    readonly HashSet<string> _takenNames = [];
    readonly BackupFindings _findings = new();
    PgToolset? _tools;
    EncryptionKeys? _keys;

    public IReadOnlyList<Step> Steps => _steps.All;
    public RunFindings Findings => _findings;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var source = new SourceSide(
            run, _findings.Source, request.Database, _settings, new ExcludeConfig(), $"backupsync:backup:{run.RunId}");
        if (_order.File is not null)
        {
            await TakeAsync(source, cancellationToken);
            return;
        }
        _findings.HeldBy = [];
        IDisposable? held = null;
        await run.StepAsync(_steps.Lock, (_, _) =>
        {
            held = FolderLock.TryTake(_folder);
            _findings.Skipped = held is null;
            return Task.CompletedTask;
        }, cancellationToken);
        if (held is null)
            return;
        using (held)
        {
            Leftovers.ClearFiles(_folder, run);
            await TakeAsync(source, cancellationToken);
            _findings.HeldBy.Add(_order.Local.Title);
            var notProven = await ProveAsync(cancellationToken);
            _findings.IsGood = true;
            await StoreAsync(cancellationToken);
            if (notProven is not null)
                throw notProven;
            if (_order.Keep is { } keep)
                await BackupCleanUp.RunAsync(run, keep, IsOfSamePlan, _order.Places, _settings.Signing, cancellationToken);
        }
    }

    bool IsOfSamePlan(BackupFile other) =>
        other.Kind == _order.Kind && other.Job == _settings.Job && other.Database == request.Database.Name;

    async Task TakeAsync(SourceSide source, CancellationToken cancellationToken)
    {
        await run.StepAsync(_steps.Check, (scope, ct) => CheckAsync(source, scope, ct), cancellationToken);
        await new SnapshotAttempts(run, source).RunAsync(async ct =>
        {
            await run.StepAsync(_steps.Statistics, (scope, stop) => ReadStatisticsAsync(source, scope, stop), ct);
            await run.StepAsync(_steps.Dump, (scope, stop) => source.DumpAsync(Label(), _tools!, scope, stop), ct);
        }, cancellationToken);
    }

    BackupFile Backup => _findings.Source.Backup!;

    BackupHandle Handle => new(Backup, new FolderPlaceConfig { Name = _order.Local.Name, Directory = _folder }, _settings.Encryption);

    ProveRequest Proof => new()
    {
        Backup = Handle, How = _order.Verify, Settings = _settings, Tier = request.Database.Tier,
    };

    BackupLabel Label() =>
        new(_order.Kind, _order.Tag, _order.Pinned, _order.KeepDays, _keys, WithGlobals: true, Path.GetFileName(_order.File),
            _takenNames);

    async Task CheckAsync(SourceSide source, StepScope scope, CancellationToken cancellationToken)
    {
        // Before anything is read: a passphrase that is not there must not be found out about after an hour.
        const int Files = 2; // the archive and the roles
        _keys = _settings.Encryption is { } encryption ? EncryptionKeys.New(encryption.Passphrase, _settings.IsSigned, Files) : null;
        if (_keys is null && _order.Places.FirstOrDefault(p => p is not FolderPlaceConfig) is { } elsewhere)
            run.Warn(
                $"The backup leaves this machine for {elsewhere.Name} unencrypted: name a passphrase under encryption in the "
                    + "configuration.");
        WarnOfFirstEncryption();
        await source.ConnectAsync(cancellationToken);
        _tools = await ToolChoice.ForDumpAsync(new ToolLocator(_settings.Tools), source.Facts, source.Login.Label, run, cancellationToken);
        _findings.ToolVersion = _tools.Version.ToString();
        Prechecks.EnsureDiskSpace(_folder, source.Facts.Size);
        await Prechecks.WarnOfDumpLocksAsync(source, source.Filter, run, cancellationToken);
        await source.FindNamedRolesAsync(cancellationToken);
        await source.DisconnectAsync();
        foreach (var place in _order.Places.Where(p => p != _order.Local))
            await ReadTakenNamesAsync(place, cancellationToken);
        scope.Note = $"{source.Facts.Version}, tools {_tools.Version}{(_keys is null ? "" : ", encrypted")}";
    }

    /// <summary>Names tell seconds: one that is free here can be another backup's there.</summary>
    async Task ReadTakenNamesAsync(PlaceConfig place, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(NamesLimit);
        try
        {
            _takenNames.UnionWith(await BackupStore.NamesAsync(place, request.Database.Name, limit.Token));
        }
        catch (Exception e) when (e is BackupSyncException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // Storing tells what is wrong with the place, when the backup is good; and it replaces no other.
        }
    }

    /// <summary>Once for each database and folder, when there is still time to write the passphrase down.</summary>
    void WarnOfFirstEncryption()
    {
        if (_keys is null || _order.File is not null || RunHistory.Read(_folder).Any(r => r.SourceBackup is { Encrypted: true }))
            return;
        run.Warn($"The backups of {request.Database.Name} are encrypted from now on. Without the passphrase nobody can bring "
            + "them back: keep it where it survives the loss of this machine and of the databases.");
    }

    async Task ReadStatisticsAsync(SourceSide source, StepScope scope, CancellationToken cancellationToken)
    {
        await source.ReadAsync(FingerprintReader.MethodFor(content: true, source.Facts.Major), scope, cancellationToken);
        Guards.EnsureNotEmpty(source.Content, source.Login.Label);
        scope.Note = ReportedTables.Describe(source.Content.RowsByTable(), []);
    }

    /// <summary>Before it goes anywhere: what turns out to be bad here need not be carried about.</summary>
    /// <returns>Why it could not be proven; it is whole then, and to be stored for all that. Null where it was, or need not be.</returns>
    async Task<BackupSyncException?> ProveAsync(CancellationToken cancellationToken)
    {
        if (_order.Verify == BackupProof.None)
            return null;
        try
        {
            await run.StepAsync(_steps.Prove, (scope, ct) => BackupProver.ProveAsync(run, _findings, Proof, scope, ct),
                cancellationToken);
            return null;
        }
        catch (BackupSyncException failure) when (failure.ErrorId == ErrorIds.NotProven)
        {
            return failure;
        }
    }

    async Task StoreAsync(CancellationToken cancellationToken)
    {
        var local = Backup;
        BackupSyncException? problem = null;
        foreach (var place in _order.Places.Where(p => p != _order.Local))
        {
            try
            {
                await run.StepAsync(_steps.StoreIn(place),
                    (scope, ct) => BackupCopy.RunAsync(Handle, place, request.Database.Name, scope, ct), cancellationToken);
                _findings.HeldBy!.Add(place.Title);
            }
            catch (BackupSyncException failure)
            {
                if (problem is not null)
                    run.Warn($"{place.Name}: {failure.Message}");
                // The others are still to have it.
                var which = _order.Places.Contains(_order.Local) ? $"{request.Database.Name} {Spelling.Latest}"
                    : $"{Spelling.Path} {local.Path}";
                problem ??= new BackupSyncException(failure
                    .ErrorId, $"{failure.Message} The backup itself is good and stays in {local.Path}.",
                    $"{(failure.Advice is { Length: > 0 } advice ? $"{advice} Then copy it" : "When that is mended, copy it")}: "
                    + $"{Spelling.CopyBackup} {which} {Spelling.To} {place.Name}", failure) { Detail = failure.Detail };
            }
        }
        if (problem is not null)
            throw problem;
        if (_order.Places.Contains(_order.Local))
            return;
        var done = new RetentionDecision(local.Path, local.Size, true, "stored elsewhere", local)
        {
            Companions = [.. ManifestStore.Read(local.Path).Companions.Select(c => c.File)],
        };
        await Retention.ApplyAsync(Handle.Place, [done], warn: null, cancellationToken);
        _findings.HeldBy!.Remove(_order.Local.Title);
        await using var first = BackupPlaces.Open(_order.Places[0]);
        _findings.Source.Backup = await BackupStore.ReadAsync(first, $"{request.Database.Name}/{local.FileName}", cancellationToken);
    }
}
