using BackupSync.Backups;
using BackupSync.Encryption;
using BackupSync.Operations.Archiving;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Sides;

/// <summary>One of the two databases of a run: how to get in, what it is, and the snapshot that its backup is taken from.</summary>
abstract class DatabaseSide(RunContext run, Endpoint database, RunSettings settings, PgLogin login) : IAsyncDisposable
{
    PgSession? _session;
    DatabaseFacts? _facts;
    Snapshot? _snapshot;
    BlockingWatch? _watch;

    protected RunContext Run { get; } = run;
    public Endpoint Database { get; } = database;
    public RunSettings Settings { get; } = settings;
    public PgLogin Login { get; protected set; } = login;
    public DatabaseFacts Facts => _facts ?? throw new InvalidOperationException($"{Login.Label} was not looked at.");

    /// <summary>
    /// For questions before anything is begun: open from connecting to <see cref="DisconnectAsync"/>, or the first watch.
    /// </summary>
    public PgSession Session => _session ?? throw new InvalidOperationException($"{Login.Label} is not connected.");

    /// <summary>What the database held at the moment of the snapshot.</summary>
    public DatabaseFingerprint Content { get; protected set; } = null!;

    /// <summary>Roles that policies, user mappings and values name; null where nobody has asked.</summary>
    public IReadOnlyList<string>? NamedRoles { get; protected set; }

    /// <summary>
    /// Closes <see cref="Session"/>: the source has few to give, and one on the target would block the rename that publishes it.
    /// </summary>
    public async Task DisconnectAsync()
    {
        await (_session?.DisposeAsync() ?? ValueTask.CompletedTask);
        _session = null;
    }

    /// <summary>Nothing more is asked by <see cref="Session"/>: it becomes the one that watches, or is closed where none will.</summary>
    public Task LeaveToWatchAsync() => Settings.Limits.Blocking is null ? DisconnectAsync() : Task.CompletedTask;

    /// <summary>Called when others had to wait too long, and all that is done on the snapshot has been ended in the server.</summary>
    public Action OnGivenWay { get; set; } = () => { };

    /// <summary>Who had to wait too long for what was done on the last snapshot; null where nobody had.</summary>
    public BlockedStatement? GaveWayTo => _watch?.Blocked;

    /// <summary>The session that watches; none where nothing is watched.</summary>
    public IReadOnlyList<int> Watchers => _watch?.ProcessId is { } watcher ? [watcher] : [];

    public ValueTask EndWatchAsync() => _watch?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>From now on what the run does here, beside any snapshot, gives way to others; by a session of its own.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        await EndWatchAsync();
        _watch = null;
        if (Settings.Limits.Blocking is { } limit)
        {
            (var idle, _session) = (_session, null);
            _watch = await BlockingWatch.StartAsync(Login, idle, Settings.Limits.Connect, Run.Info, limit, OnGivenWay, cancellationToken);
        }
    }

    /// <summary>
    /// To be called right before the commit of what was watched: nobody ends a session that commits, which would leave everybody
    /// guessing.
    /// </summary>
    /// <param name="execute">Executes a statement in the transaction that is to be committed.</param>
    /// <exception cref="OperationCanceledException">It has given way already.</exception>
    public async Task EndWatchToCommitAsync(Func<string, CancellationToken, Task> execute, CancellationToken cancellationToken)
    {
        // Our process may be stopped before the commit.
        if (Settings.Limits.Blocking is { } limit)
            await execute($"SET LOCAL idle_in_transaction_session_timeout = {(long)limit.TotalMilliseconds}", cancellationToken);
        await EndWatchAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (GaveWayTo is not null)
            throw new OperationCanceledException();
    }

    /// <summary>Waits until nobody has a table of the database for himself, or waits for one, for half a minute at most.</summary>
    public async Task AwaitQuietAsync(CancellationToken cancellationToken)
    {
        _watch = null;
        await using var session = await PgConnector.OpenAsync(
            Login with { ReadOnly = true }, Settings.Limits.Connect, Run.Info, cancellationToken);
        for (var waited = TimeSpan.Zero; waited < LongestQuiet; waited += QuietInterval)
        {
            await Task.Delay(QuietInterval, cancellationToken);
            if ((await session.RowsAsync(Exclusive, cancellationToken)).Count == 0)
                return;
        }
    }

    static readonly TimeSpan LongestQuiet = TimeSpan.FromSeconds(30), QuietInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Tables that nobody else can see yet, or that are a session's own, do not count.</summary>
    const string Exclusive = """
        SELECT 1 FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
        WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
            AND c.oid >= 16384
          AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
        LIMIT 1
        """;

    /// <summary>Lets go of the snapshot. What it had to give way to is known until <see cref="AwaitQuietAsync"/>.</summary>
    public async Task ReleaseSnapshotAsync()
    {
        await EndWatchAsync();
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
        if (Database.Address.IsPooled)
            Run.Warn($"{Login.Label}: its URL leads to a connection pooler, which offers no snapshots; the direct host "
                + $"{Login.Address.Host} is used instead.");
        _session = await PgConnector.OpenAsync(Login, Settings.Limits.Connect, Run.Info, cancellationToken);
        Login = _session.PinnedLogin;
        _facts = await DatabaseFacts.ReadAsync(_session, Database.Provider, cancellationToken);
        Login = Login.For(_facts, _session);
        if (!_facts.MessagesAreEnglish)
        {
            Run.Warn($"{Login.Label}: the server's messages are not in English (lc_messages is {_facts.Messages}): where a failure is "
                + "known by its words alone, the run ends instead of beginning anew, and a restore leaves out nothing that the server "
                + $"refuses. As a superuser: ALTER ROLE {Sql.Identifier(_facts.Role)} SET lc_messages = 'C'.");
        }
        return _facts;
    }

    /// <summary>Takes the snapshot that the backup will share, and reads the fingerprint from it.</summary>
    /// <param name="sessions">The one that holds the snapshot included, so at least 2; the one that watches comes on top.</param>
    protected async Task ReadSnapshotAsync(
        int sessions, FingerprintMethod method, CatalogFilter filter, FingerprintReader.OnTable? onTable,
        CancellationToken cancellationToken)
    {
        var snapshot = await TakeSnapshotAsync(sessions, cancellationToken);
        Content = await snapshot.FingerprintAsync(method, filter, onTable, cancellationToken);
    }

    /// <summary>From now on what is done on the snapshot gives way to others.</summary>
    /// <param name="sessions">As for <see cref="ReadSnapshotAsync"/>.</param>
    protected async Task<Snapshot> TakeSnapshotAsync(
        int sessions, CancellationToken cancellationToken, Func<PgSession, CancellationToken, Task>? beforehand = null)
    {
        await ReleaseSnapshotAsync();
        Facts.Engine.EnsureHas(EngineCapabilities.ExportedSnapshot, Login.Label);
        var snapshot = _snapshot = await Snapshot.TakeAsync(
            Login with { ReadOnly = true }, sessions, Settings.Limits.Connect, cancellationToken, beforehand, Settings.Limits.LockTimeout);
        await WatchAsync(cancellationToken);
        return snapshot;
    }

    /// <summary>When the snapshot was taken, by the server's clock.</summary>
    protected DateTimeOffset? SnapshotTime => _snapshot?.Taken;

    /// <summary>
    /// Null where there is no passphrase. One that should be here and is not ends no run: what is not signed can be restored.
    /// </summary>
    ManifestKey? SigningKey()
    {
        if (Settings.Signing is { Problem: { } problem })
            Run.Warn($"The backup is not signed, so a restore will ask for {Spelling.Unauthenticated}: {problem.Message}");
        return Settings.IsSigned ? ManifestKey.Of(Settings.Signing!.Passphrase) : null;
    }

    /// <summary>Backs up what the snapshot shows, and lets go of it.</summary>
    protected async Task<BackupFile> BackUpAsync(
        BackupLabel label, ExcludedObjects excluded, PgToolset tools, StepScope scope, CancellationToken cancellationToken)
    {
        Facts.Engine.EnsureHas(EngineCapabilities.Archives, Login.Label);
        var request = new ArchiveRequest
        {
            Label = label,
            NamedRoles = NamedRoles,
            Job = Settings.Job,
            RunId = Run.RunId,
            Database = Database,
            Login = Login,
            Facts = Facts,
            Snapshot = _snapshot!,
            Fingerprint = Content,
            Excluded = excluded,
            Tools = tools,
            Compression = Settings.Compression,
            Directory = Settings.Folder,
            Warn = Run.Warn,
            SignWith = SigningKey(),
            MinimumSize = Settings.MinimumBackupSize,
            LockTimeout = Settings.Limits.LockTimeout,
            AfterDump = async (head, stop) => Content = await _snapshot!.AskAsync(async session =>
            {
                await _snapshot.EnsureNamesAsync(session, stop);
                return head.SequencesInto(Content);
            }, stop),
        };
        var backup = await ArchiveWriter.WriteAsync(request, scope, cancellationToken);
        await ReleaseSnapshotAsync();
        return backup;
    }
}
