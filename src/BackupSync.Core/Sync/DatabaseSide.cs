using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Sync;

/// <summary>One of the two databases of a run: how to get in, what it is, and the snapshot that its backup is taken from.</summary>
abstract class DatabaseSide(RunContext run, JobConfig job, DatabaseConfig database, PgLogin login) : IAsyncDisposable
{
    PgSession? _session;
    DatabaseFacts? _facts;
    Snapshot? _snapshot;

    protected RunContext Run { get; } = run;
    public JobConfig Job { get; } = job;
    public PgLogin Login { get; private set; } = login;
    public DatabaseFacts Facts => _facts ?? throw new InvalidOperationException($"{Login.Label} was not looked at.");

    /// <summary>For questions before anything is begun: open from connecting to <see cref="DisconnectAsync"/>.</summary>
    public PgSession Session => _session ?? throw new InvalidOperationException($"{Login.Label} is not connected.");

    /// <summary>What the database held at the moment of the snapshot.</summary>
    public DatabaseFingerprint Content { get; protected set; } = null!;

    /// <summary>Closes <see cref="Session"/>: the source has few to give, and one on the target would block the rename that publishes it.</summary>
    public async Task DisconnectAsync()
    {
        await (_session?.DisposeAsync() ?? ValueTask.CompletedTask);
        _session = null;
    }

    /// <summary>Lets go of the snapshot, and with it of the locks on the tables it has read.</summary>
    public async Task ReleaseSnapshotAsync()
    {
        await (_snapshot?.DisposeAsync() ?? ValueTask.CompletedTask);
        _snapshot = null;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await DisconnectAsync();
        await ReleaseSnapshotAsync();
    }

    /// <summary>Connects and learns what the database is.</summary>
    protected async Task<DatabaseFacts> OpenAsync(CancellationToken cancellationToken)
    {
        if (database.Address.IsPooled)
            Run.Warn($"{Login.Label}: its URL leads to a connection pooler, which offers no snapshots; the direct host {Login.Address.Host} is used instead.");
        _session = await PgConnector.OpenAsync(Login, Job.Limits.Connect, Run.Info, cancellationToken);
        Login = _session.PinnedLogin;
        return _facts = await DatabaseFacts.ReadAsync(_session, database.Provider, cancellationToken);
    }

    /// <summary>Takes the snapshot that the backup will share, and reads the fingerprint from it.</summary>
    protected async Task ReadSnapshotAsync(
        int sessions, FingerprintMethod method, CatalogFilter filter, FingerprintReader.OnTable? onTable, CancellationToken cancellationToken)
    {
        Content = await (await TakeSnapshotAsync(sessions, cancellationToken)).FingerprintAsync(method, filter, onTable, cancellationToken);
    }

    protected async Task<Snapshot> TakeSnapshotAsync(int sessions, CancellationToken cancellationToken, Func<PgSession, CancellationToken, Task>? beforehand = null)
    {
        await ReleaseSnapshotAsync();
        return _snapshot = await Snapshot.TakeAsync(Login with { ReadOnly = true }, sessions, Job.Limits.Connect, cancellationToken, beforehand);
    }

    /// <summary>When the snapshot was taken, by the server's clock.</summary>
    protected DateTimeOffset? SnapshotTime => _snapshot?.Taken;

    /// <summary>Backs up what the snapshot shows, and lets go of it.</summary>
    protected async Task<BackupFile> BackUpAsync(
        BackupLabel label, ExcludedObjects excluded, PgToolset tools, StepScope scope, CancellationToken cancellationToken)
    {
        var request = new ArchiveRequest
        {
            Label = label,
            Job = Job.Name,
            RunId = Run.RunId,
            Database = database,
            Login = Login,
            Facts = Facts,
            Snapshot = _snapshot!,
            Fingerprint = Content,
            Excluded = excluded,
            Tools = tools,
            Compression = Job.Backups.Compression,
            Directory = Job.Backups.Directory,
            Warn = Run.Warn,
            MinimumSize = Job.Guards.MinimumBackupSize,
            // A source goes on while it is dumped.
            AfterDump = async (fingerprint, stop) =>
                Content = await FingerprintReader.WithLatestSequencesAsync(fingerprint, _snapshot!.Session, excluded.Filter, stop),
        };
        var backup = await ArchiveWriter.WriteAsync(request, scope, cancellationToken);
        await ReleaseSnapshotAsync();
        return backup;
    }
}
