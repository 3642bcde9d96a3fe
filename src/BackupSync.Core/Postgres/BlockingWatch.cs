using Npgsql;

namespace BackupSync.Postgres;

/// <summary>
/// Sees to it that nobody waits for a run of ours longer than a limit: looks twice a second who waits behind its sessions, directly or
/// behind others who do, and ends them all when the limit is reached. The server itself sees no deadlock where its two ends meet in our
/// process.
/// </summary>
/// <remarks>
/// The server looks, in a loop that tells us and then ends our sessions itself: our process may be stopped, or the line to it silent,
/// and what we have locked would stay locked for as long as that lasts.
/// </remarks>
sealed class BlockingWatch : IAsyncDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>For what the server is asked when the watch ends.</summary>
    static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    readonly OwnSession _own;
    readonly BlockingQueries _queries;
    readonly Action _onGivenWay;
    readonly CancellationTokenSource _end = new();
    readonly Task _watching;
    bool _withoutPlpgsql, _ended;
    string _seen = "{}";

    BlockingWatch(OwnSession own, TimeSpan limit, Action onGivenWay)
    {
        (_own, _onGivenWay) = (own, onGivenWay);
        _queries = new BlockingQueries(LongestWaitFor(limit), Interval);
        _watching = WatchAsync();
    }

    /// <summary>
    /// Who waits is seen half a second late at worst, as is that he has waited long enough; and the server leaves us a second.
    /// </summary>
    static TimeSpan LongestWaitFor(TimeSpan limit) => limit > 2 * BlockingQueries.Grace ? limit - BlockingQueries.Grace : limit / 2;

    /// <summary>Who had to wait too long; null while nobody has.</summary>
    public BlockedStatement? Blocked { get; private set; }

    /// <summary>The session that watches; null afterwards.</summary>
    public int? ProcessId => _own.Session?.ProcessId;

    /// <summary>Watches by a session of the same name as those that are watched, on the same database.</summary>
    /// <param name="session">One that nobody else uses any more, which is this one's from now on; null to open one.</param>
    /// <param name="connectLimit">How long to keep trying.</param>
    /// <param name="limit">How long others may have to wait.</param>
    /// <param name="onGivenWay">Called when all other sessions of the run on the database were ended.</param>
    public static async Task<BlockingWatch> StartAsync(
        PgLogin login, PgSession? session, TimeSpan connectLimit, Action<string>? onRetry, TimeSpan limit, Action onGivenWay,
        CancellationToken cancellationToken)
    {
        session ??= await PgConnector.OpenAsync(login, connectLimit, onRetry, cancellationToken);
        return new(new OwnSession(login, session), limit, onGivenWay);
    }

    /// <summary>Who had to wait is still known afterwards; and it is known whether the server has ended our sessions.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ended, true))
        {
            await _watching;
            return;
        }
        await _end.CancelAsync();
        await _watching;
        _end.Dispose();
    }

    async Task WatchAsync()
    {
        await using var own = _own;
        while (true)
        {
            try
            {
                while (!await (_withoutPlpgsql ? AskInTurnsAsync() : LeaveToServerAsync()))
                    await Task.Delay(Interval, _end.Token);
                break;
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                return;
            }
            catch (BackupSyncException) when (_end.IsCancellationRequested)
            {
                return;
            }
            catch (PgQueryException refused) when (!_withoutPlpgsql
                && refused.SqlState is PostgresErrorCodes.UndefinedObject or PostgresErrorCodes.InsufficientPrivilege)
            {
                _withoutPlpgsql = true; // there is none, or not for this role
            }
            catch (PgQueryException waited) when (waited.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                // Who asks waits himself: for a lock on the catalog, behind which everybody does, those who log in included.
                Blocked = BlockedStatement.OfCatalog;
                break;
            }
            catch (Exception lost) when (lost is BackupSyncException or OperationCanceledException)
            {
                // What holds locks may well go on when the session that watched is gone.
                switch (await own.OpenAsync(_end.Token))
                {
                    case true:
                        continue;
                    case false:
                        Blocked = BlockedStatement.OfCatalog; // the server is there, and lets nobody in
                        break;
                    default:
                        return; // the server is gone, or nobody wants to know any more
                }
                break;
            }
        }
        _onGivenWay();
    }

    /// <returns>Whether everything was let go; false where there is nothing more to watch, or nobody wants to know any more.</returns>
    async Task<bool> LeaveToServerAsync()
    {
        var session = _own.Session!;
        using var told = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        var telling = Task.CompletedTask;
        try
        {
            await session.ListenAsync(
                _queries.Loop, said => telling = said == BlockingQueries.Late ? told.CancelAsync() : telling, told.Token);
        }
        catch (OperationCanceledException)
        {
            // The server has told us, and left the rest to us for a moment; or the watch was ended.
        }
        await telling;
        using var limit = new CancellationTokenSource(AnswerLimit);
        return await session.AskServerAsync(BlockingQueries.WhoIsLate, limit.Token) is [var late, ..]
            && await GiveWayAsync(session, BlockingQueries.Waiting.Of(late, 0), limit.Token);
    }

    /// <returns>As <see cref="LeaveToServerAsync"/>.</returns>
    async Task<bool> AskInTurnsAsync()
    {
        var session = _own.Session!;
        while (true)
        {
            var row = (await session.AskServerAsync(_queries.LoopFrom(_seen), _end.Token))[0];
            _seen = row.Text(0);
            if (row.TextOrNull(1) is not null)
                return await GiveWayAsync(session, BlockingQueries.Waiting.Of(row, 1), _end.Token);
        }
    }

    async Task<bool> GiveWayAsync(PgSession session, BlockingQueries.Waiting late, CancellationToken cancellationToken)
    {
        Blocked = await DescribeAsync(session, late, cancellationToken);
        await session.AskServerAsync(BlockingQueries.EndOthers, cancellationToken);
        await session.ExecuteAsync("ROLLBACK", cancellationToken);
        return true;
    }

    /// <summary>Names are in catalogs, which may be what the one who waits wants to lock.</summary>
    static async Task<BlockedStatement> DescribeAsync(PgSession session, BlockingQueries.Waiting late, CancellationToken cancellationToken)
    {
        if (late.IsOfCatalog)
            return BlockedStatement.OfCatalog;
        var (role, relation) = ("", (string?)null);
        try
        {
            await session.ExecuteAsync("SET lock_timeout = 200", cancellationToken);
            var names = (await session.RowsAsync(
                $"SELECT pg_catalog.pg_get_userbyid({late.RoleOid ?? "0"}), "
                    + $"{(late.RelationOid is { } oid ? $"{oid}::pg_catalog.regclass::text" : "NULL")}", cancellationToken))[0];
            (role, relation) = (names.TextOrNull(0) ?? "", names.TextOrNull(1));
        }
        catch (PgQueryException locked) when (locked.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await session.ExecuteAsync("ROLLBACK", cancellationToken);
            relation = late.RelationOid is { } oid ? $"the relation with oid {oid}" : null;
        }
        return BlockedStatement.Of(late.Process, role, late.Application, relation, late.Statement);
    }

    /// <summary>The session that watches; none when it is lost.</summary>
    sealed class OwnSession(PgLogin login, PgSession? session) : IAsyncDisposable
    {
        /// <summary>Who logs in waits for nothing but a lock on the catalog as long as this.</summary>
        static readonly TimeSpan LoginLimit = TimeSpan.FromSeconds(5);

        public PgSession? Session { get; private set; } = session;

        /// <returns>False where the server does not answer in time; null where there is none, or nobody wants to know.</returns>
        public async Task<bool?> OpenAsync(CancellationToken cancellationToken)
        {
            await DisposeAsync();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(LoginLimit);
            try
            {
                Session = await PgSession.OpenAsync(login, limit.Token);
                return true;
            }
            catch (OperationCanceledException)
            {
                return cancellationToken.IsCancellationRequested ? null : false;
            }
            catch (BackupSyncException)
            {
                return null;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await (Session?.DisposeAsync() ?? ValueTask.CompletedTask);
            Session = null;
        }
    }
}
