using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// One exported, consistent view of a database
/// (https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION). Fingerprints are read from it by
/// several sessions, and pg_dump reads the same one, however busy the database is.
/// </summary>
/// <remarks>
/// The session that holds it reads no table, so that it can be held for hours and nobody waits for it: whoever wanted a table for himself
/// would have to, and pg_dump would wait behind him, and every reader behind both.
/// </remarks>
sealed class Snapshot : IAsyncDisposable
{
    const string Begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

    /// <summary>
    /// A standby shows what it has replayed, however late it is: the last transaction of its primary that it knows of. Where it has
    /// replayed none since its start, it has at least come to its last restartpoint.
    /// </summary>
    const string AsOf = """
        CASE WHEN pg_catalog.pg_is_in_recovery()
             THEN least(now(), coalesce(pg_catalog.pg_last_xact_replay_timestamp(), (SELECT checkpoint_time
                 FROM pg_catalog.pg_control_checkpoint())))
             ELSE now() END
        """;

    readonly Func<CancellationToken, Task<PgSession>> _open;
    readonly SessionGroup _sessions;
    readonly SemaphoreSlim _holderIsFree = new(1, 1);
    CatalogFilter _filter = CatalogFilter.None;
    CatalogState? _state;

    Snapshot(Func<CancellationToken, Task<PgSession>> open, SessionGroup sessions, string id, DateTimeOffset taken, string serverEncoding)
    {
        (_open, _sessions) = (open, sessions);
        Session = sessions.Sessions[0];
        Id = id;
        Taken = taken;
        ServerEncoding = serverEncoding;
    }

    /// <summary>What pg_dump takes as <c>--snapshot</c>; good as long as this object lives.</summary>
    public string Id { get; }

    /// <summary>As of when it shows the database, by the server's clock, in UTC; of a standby, what it had replayed.</summary>
    public DateTimeOffset Taken { get; }

    /// <summary>The database's encoding, by PostgreSQL's name for it.</summary>
    public string ServerEncoding { get; }

    /// <param name="sessions">How many sessions, at least 1: the first holds it.</param>
    /// <param name="beforehand">What is to be asked before anything is seen.</param>
    /// <param name="lockTimeout">
    /// How long its sessions wait for a lock, unless <see cref="DeadlockTimeout"/> asks for less; null for what all of ours do.
    /// </param>
    public static async Task<Snapshot> TakeAsync(
        PgLogin login, int sessions, TimeSpan connectLimit, CancellationToken cancellationToken,
        Func<PgSession, CancellationToken, Task>? beforehand = null,
        TimeSpan? lockTimeout = null)
    {
        var group = await SessionGroup.OpenAsync(OpenAsync, sessions, cancellationToken);
        try
        {
            var holder = group.Sessions[0];
            if (beforehand is not null)
                await beforehand(holder, cancellationToken);
            await holder.ExecuteAsync(Begin, cancellationToken);
            var row = (await holder.RowsAsync(
                $"SELECT pg_catalog.pg_export_snapshot(), pg_catalog.to_char(({AsOf}) AT TIME ZONE 'UTC', "
                    + "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), pg_catalog.current_setting('server_encoding')",
                cancellationToken))[0];
            var snapshot = new Snapshot(OpenAsync, group, row.Text(0), row.Time(1), row.Text(2));
            await group.ExecuteAsync(snapshot.BeginReading, cancellationToken, first: 1);
            return snapshot;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }

        async Task<PgSession> OpenAsync(CancellationToken stop)
        {
            var session = await PgConnector.OpenAsync(login, connectLimit, onRetry: null, stop);
            var own = lockTimeout is { } limit ? $"SET lock_timeout = {(long)limit.TotalMilliseconds}; " : "";
            return await session.ReadyAsync(own + DeadlockTimeout.ShortenLockTimeout, stop);
        }
    }

    /// <summary>Opens one more session that sees it, for the caller to close.</summary>
    public async Task<PgSession> OpenReaderAsync(CancellationToken cancellationToken)
    {
        var session = await _open(cancellationToken);
        return await session.ReadyAsync(BeginReading, cancellationToken);
    }

    /// <summary>Begins a transaction that sees it.</summary>
    public string BeginReading => $"{Begin}; SET TRANSACTION SNAPSHOT {Sql.Literal(Id)}";

    /// <summary>Gives back the locks on what a session has read, which sees the same afterwards. In one round trip.</summary>
    public Task RenewAsync(PgSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync($"COMMIT; {BeginReading}", cancellationToken);

    /// <summary>
    /// Reads the fingerprint with all sessions but the one that holds the snapshot; afterwards they are closed. What was read is what the
    /// snapshot shows, which is made sure of.
    /// </summary>
    /// <exception cref="SnapshotOutdatedException">
    /// The database was changed in a way that shows through the snapshot: it is worth nothing.
    /// </exception>
    public async Task<DatabaseFingerprint> FingerprintAsync(
        FingerprintMethod method, CatalogFilter filter, FingerprintReader.OnTable? onTable, CancellationToken cancellationToken)
    {
        var readers = Sessions.Skip(1).Select(s => new SnapshotReader(this, s)).ToList();
        await RememberStateAsync(readers[0], filter, cancellationToken);
        var fingerprint = await FingerprintReader.ReadAsync(readers, method, filter, onTable, cancellationToken,
            $"{Session.Login.Label}: the role '{Session.Login.Address.User}'");
        await readers[0].ReleaseAsync(cancellationToken);
        await EnsureUnchangedAsync(readers[0].Session, cancellationToken);
        await _sessions.KeepAsync(1); // their connections are pg_dump's from here on
        return fingerprint;
    }

    /// <summary>Keeps in mind what the catalog says in this snapshot, for <see cref="EnsureUnchangedAsync"/>.</summary>
    /// <param name="reader">Sees the snapshot.</param>
    public async Task RememberStateAsync(IQueryRunner reader, CatalogFilter filter, CancellationToken cancellationToken)
    {
        _filter = filter;
        _state = await CatalogState.ReadAsync(reader, filter, cancellationToken);
    }

    /// <summary>
    /// Some commands show through every snapshot (https://www.postgresql.org/docs/current/mvcc-caveats.html): a table that was emptied or
    /// rewritten is empty to who reads it with an older one, and names are always those of now. Who has read, or holds locks on all he
    /// is going to read, asks here whether there was any.
    /// </summary>
    /// <param name="through">A session that is in no transaction.</param>
    /// <exception cref="SnapshotOutdatedException">There was; which is said.</exception>
    public async Task EnsureUnchangedAsync(PgSession through, CancellationToken cancellationToken)
    {
        var known = _state ?? throw new InvalidOperationException("What the catalog said in the snapshot was not read.");
        if (known.FirstDifference(await CatalogState.ReadAsync(through, _filter, cancellationToken)) is { } difference)
            throw new SnapshotOutdatedException(
                $"{through.Login.Label}: {difference} while it was read, which shows through every snapshot.");
    }

    /// <summary>
    /// A schema can be renamed although its tables are locked, and another take its name: to be called when pg_dump has read all.
    /// </summary>
    /// <exception cref="SnapshotOutdatedException">One was renamed.</exception>
    public async Task EnsureNamesAsync(PgSession through, CancellationToken cancellationToken)
    {
        if (_state!.FirstRenamed(await CatalogState.ReadAsync(through, _filter, cancellationToken)) is { } difference)
            throw new SnapshotOutdatedException($"{through.Login.Label}: {difference} while it was dumped.");
    }

    /// <summary>
    /// To be called when pg_dump has the snapshot, and locks on all tables: nobody else has to hold it from now on.
    /// Its session is in no transaction afterwards.
    /// </summary>
    /// <exception cref="SnapshotOutdatedException">
    /// The tables that pg_dump is about to read are not those of the snapshot any more.
    /// </exception>
    public Task HandOverAsync(CancellationToken cancellationToken) => AskAsync(async holder =>
    {
        await holder.ExecuteAsync("COMMIT", cancellationToken);
        await EnsureUnchangedAsync(holder, cancellationToken);
        return true;
    }, cancellationToken);

    /// <summary>
    /// Uses the session that holds the snapshot, which others may want as well. It is to read no table before
    /// <see cref="HandOverAsync"/>.
    /// </summary>
    public async Task<T> AskAsync<T>(Func<PgSession, Task<T>> ask, CancellationToken cancellationToken)
    {
        await _holderIsFree.WaitAsync(cancellationToken);
        try
        {
            return await ask(Session);
        }
        finally
        {
            _holderIsFree.Release();
        }
    }

    /// <summary>All sessions that see it.</summary>
    public IReadOnlyList<PgSession> Sessions => _sessions.Sessions;

    /// <summary>Those of them that may read tables.</summary>
    public IReadOnlyList<PgSession> Readers => [.. Sessions.Skip(1)];

    /// <summary>The session that holds the snapshot.</summary>
    public PgSession Session { get; }

    /// <summary>Whether <see cref="EnsureUnchangedAsync"/> has something to compare with.</summary>
    public bool IsStateKnown => _state is not null;

    public async ValueTask DisposeAsync()
    {
        await _sessions.DisposeAsync();
        _holderIsFree.Dispose();
    }
}
