using BackupSync.Backups;
using BackupSync.Encryption;
using BackupSync.Operations.Archiving;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Sides;

/// <summary>The database a run replaces: its lock, what it held before, its safety backup.</summary>
sealed class TargetSide : DatabaseSide
{
    TargetLock? _lock;

    public TargetSide(RunContext run, TargetFindings findings, Endpoint database, RunSettings settings)
        : this(run, findings, database, settings, new RunTag(database.Address.Unpooled(), run.RunId))
    {
    }

    TargetSide(RunContext run, TargetFindings findings, Endpoint database, RunSettings settings, RunTag tag)
        : base(run, database, settings,
            new PgLogin(database.Name, database.Address.Unpooled(), tag.ApplicationName, ReadOnly: false)) =>
        (Findings, Tag) = (findings, tag);

    public TargetFindings Findings { get; }

    public RunTag Tag { get; }
    public TargetLock Lock => _lock ?? throw new InvalidOperationException($"{Login.Label} is not locked.");

    /// <summary>What the target held when the run began.</summary>
    public DatabaseFingerprint Before => Content;

    /// <returns>False where another run holds the lock.</returns>
    public async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        _lock = await TargetLock.TryTakeAsync(Login, Tag, Settings.Limits.Connect, Run.Info, cancellationToken);
        return _lock is not null;
    }

    /// <summary>Clears what dead runs left, connects, and learns what the target is.</summary>
    public Task ConnectAsync(CancellationToken cancellationToken) => ConnectOrCreateAsync(null, cancellationToken);

    /// <summary>Whether it works on what stands in for a target that is not there: nobody else knows of it, and it holds nothing.</summary>
    public bool IsUnseen => Login.Address.Database == Tag.StandIn;

    /// <summary>From now on the run connects to the database of this name in the target's stead.</summary>
    public void WorkOn(string database) => Login = Login.WithDatabase(database);

    /// <param name="create">Creates what stands in for the target where there is none; null where it has to be there.</param>
    /// <inheritdoc cref="ConnectAsync"/>
    public async Task ConnectOrCreateAsync(Func<CancellationToken, Task>? create, CancellationToken cancellationToken)
    {
        await Leftovers.ClearOnTargetAsync(Lock.Session, Tag, Login.Address.Database, Run, cancellationToken);
        if (create is not null && !await DatabaseExists.AskAsync(Lock.Session, Login.Address.Database, cancellationToken))
            await create(cancellationToken);
        Findings.Facts = await OpenAsync(cancellationToken);
        if (Facts.InRecovery)
        {
            throw new BackupSyncException(ErrorIds.NotSupported, $"{Login.Label} is a standby in recovery: it cannot be written to.",
                "Promote it, or name its primary as the target.");
        }
        await Guards.EnsureIsNotProductionAsync(this, Run, cancellationToken);
    }

    /// <summary>Reads what the target holds from a snapshot, which is kept for the safety backup.</summary>
    public async Task ReadAsync(FingerprintMethod method, CancellationToken cancellationToken)
    {
        await ReadSnapshotAsync(1 + Settings.Parallel, method, CatalogFilter.None, onTable: null, cancellationToken);
        Findings.Before = Before;
    }

    public async Task TakeSafetyBackupAsync(PgToolset tools, StepScope scope, CancellationToken cancellationToken)
    {
        var keys = Settings.Encryption is { } encryption ? EncryptionKeys.New(encryption.Passphrase, Settings.IsSigned) : null;
        var label = new BackupLabel(BackupKind.Safety, Keys: keys);
        var backup = await BackUpAsync(label, ExcludedObjects.None, tools, scope, cancellationToken);
        Findings.SafetyBackup = backup;
        Run.InfoOfNote($"Safety backup created: {backup.FileName} ({ByteSizes.Show(backup.Size)})");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_lock is not null)
            await _lock.DisposeAsync();
    }
}
