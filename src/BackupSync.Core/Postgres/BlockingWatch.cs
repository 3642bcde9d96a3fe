using System.Diagnostics;
using System.Globalization;

namespace BackupSync.Postgres;

/// <summary>
/// Sees to it that nobody waits for a run of ours longer than a limit: asks twice a second who waits behind its sessions, directly or behind
/// others who do, and ends them all when the limit is reached. The server itself sees no deadlock where its two ends meet in our process.
/// </summary>
sealed class BlockingWatch : IAsyncDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    readonly Func<Func<PgSession, Task<bool>>, CancellationToken, Task<bool>> _ask;
    readonly Func<CancellationToken, Task<PgSession>> _reopen;
    readonly TimeSpan _limit;
    readonly Action _onGivenWay;
    readonly CancellationTokenSource _end = new();
    readonly Dictionary<string, long> _firstSeen = [];
    readonly Task _watching;
    bool _ended;

    BlockingWatch(
        Func<Func<PgSession, Task<bool>>, CancellationToken, Task<bool>> ask, Func<CancellationToken, Task<PgSession>> reopen, TimeSpan limit, Action onGivenWay)
    {
        (_ask, _reopen, _limit, _onGivenWay) = (ask, reopen, limit - Interval, onGivenWay);
        _watching = WatchAsync();
    }

    /// <summary>Who had to wait too long; null while nobody has.</summary>
    public BlockedStatement? Blocked { get; private set; }

    /// <param name="ask">Lends a session of the run's own, which stays until the others have been ended.</param>
    /// <param name="reopen">Opens another one of the same name and on the same database, should that one be lost.</param>
    /// <param name="limit">How long others may have to wait.</param>
    /// <param name="onGivenWay">Called when all other sessions of the run on the database were ended.</param>
    public static BlockingWatch Start(
        Func<Func<PgSession, Task<bool>>, CancellationToken, Task<bool>> ask, Func<CancellationToken, Task<PgSession>> reopen, TimeSpan limit, Action onGivenWay) =>
        new(ask, reopen, limit, onGivenWay);

    /// <summary>Who had to wait is still known afterwards.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ended, true))
            return;
        await _end.CancelAsync();
        await _watching;
        _end.Dispose();
    }

    async Task WatchAsync()
    {
        await using var own = new OwnSession(_reopen);
        var ask = _ask;
        while (true)
        {
            try
            {
                do
                    await Task.Delay(Interval, _end.Token);
                while (!await ask(session => LookAsync(session, _end.Token), _end.Token));
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
            catch (PgQueryException waited) when (waited.SqlState == Npgsql.PostgresErrorCodes.LockNotAvailable)
            {
                // Who asks waits himself: for a lock on the catalog, behind which everybody does, those who log in included.
                Blocked = BlockedStatement.OfCatalog;
                break;
            }
            catch (BackupSyncException)
            {
                // What holds locks may well go on when the session that watched is gone.
                switch (await own.OpenAsync(_end.Token))
                {
                    case true:
                        ask = (look, _) => look(own.Session!);
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

    /// <returns>Whether everything was let go.</returns>
    async Task<bool> LookAsync(PgSession session, CancellationToken cancellationToken)
    {
        var name = session.Login.ApplicationName;
        await session.ExecuteAsync("SELECT pg_catalog.pg_stat_clear_snapshot()", cancellationToken);
        var waiting = await session.RowsAsync(Waiting(name), cancellationToken);
        var now = Stopwatch.GetTimestamp();
        var keys = waiting.Select(w => $"{w[0]} {w[1]}").ToHashSet();
        foreach (var gone in _firstSeen.Keys.Except(keys).ToList())
            _firstSeen.Remove(gone);
        foreach (var key in keys)
            _firstSeen.TryAdd(key, now);
        if (waiting.FirstOrDefault(w => Stopwatch.GetElapsedTime(_firstSeen[$"{w[0]} {w[1]}"], now) >= _limit) is not { } row)
            return false;
        Blocked = await DescribeAsync(session, row, cancellationToken);
        await session.RowsAsync(End(name), cancellationToken);
        await session.ExecuteAsync("ROLLBACK", cancellationToken);
        return true;
    }

    /// <summary>Names are in catalogs, which may be what the one who waits wants to lock.</summary>
    static async Task<BlockedStatement> DescribeAsync(PgSession session, string?[] row, CancellationToken cancellationToken)
    {
        var (role, relation) = ("", (string?)null);
        try
        {
            await session.ExecuteAsync("SET lock_timeout = 200", cancellationToken);
            var names = (await session.RowsAsync($"SELECT pg_catalog.pg_get_userbyid({row[2] ?? "0"}), {(row[4] is { } oid ? $"{oid}::pg_catalog.regclass::text" : "NULL")}", cancellationToken))[0];
            (role, relation) = (names[0] ?? "", names[1]);
        }
        catch (PgQueryException locked) when (locked.SqlState == Npgsql.PostgresErrorCodes.LockNotAvailable)
        {
            await session.ExecuteAsync("ROLLBACK", cancellationToken);
            relation = row[4] is { } oid ? $"the relation with oid {oid}" : null;
        }
        return BlockedStatement.Of(int.Parse(row[0]!, CultureInfo.InvariantCulture), role, row[3], relation, row[5]);
    }

    /// <summary>The session that watches when the one it was lent is gone.</summary>
    sealed class OwnSession(Func<CancellationToken, Task<PgSession>> reopen) : IAsyncDisposable
    {
        /// <summary>Who logs in waits for nothing but a lock on the catalog as long as this.</summary>
        static readonly TimeSpan LoginLimit = TimeSpan.FromSeconds(5);

        public PgSession? Session { get; private set; }

        /// <returns>False where the server does not answer in time; null where there is none, or nobody wants to know.</returns>
        public async Task<bool?> OpenAsync(CancellationToken cancellationToken)
        {
            await DisposeAsync();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(LoginLimit);
            try
            {
                Session = await reopen(limit.Token);
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

    // No catalog is read here, not even by a view or a cast: it may be the very thing that others wait for. What a role may not see of other
    // roles' sessions is their statements, not that they wait.
    static string Ours(string name) => $"""
        SELECT s.pid FROM pg_catalog.pg_stat_get_activity(NULL) s WHERE s.application_name = {Sql.Literal(name)}
        """;

    static string Waiting(string name) => $"""
        WITH RECURSIVE ours AS MATERIALIZED ({Ours(name)}),
        waiting AS MATERIALIZED (
            SELECT l.pid, pg_catalog.concat_ws(' ', l.locktype, l.database, l.relation, l.mode, pg_catalog.to_jsonb(l) ->> 'waitstart') AS what,
                   CASE WHEN l.locktype IN ('relation', 'extend', 'page', 'tuple') THEN l.relation END AS relation, pg_catalog.pg_blocking_pids(l.pid) AS blockers
            FROM pg_catalog.pg_lock_status() l WHERE NOT l.granted AND l.pid NOT IN (SELECT pid FROM ours)),
        behind(pid) AS (
            SELECT w.pid FROM waiting w WHERE w.blockers && (SELECT pg_catalog.array_agg(pid) FROM ours)
            UNION
            SELECT w.pid FROM behind b JOIN waiting w ON b.pid = ANY (w.blockers))
        SELECT w.pid, w.what, s.usesysid, s.application_name, w.relation, s.query
        FROM waiting w JOIN behind b ON b.pid = w.pid LEFT JOIN pg_catalog.pg_stat_get_activity(NULL) s ON s.pid = w.pid
        ORDER BY NOT w.blockers && (SELECT pg_catalog.array_agg(pid) FROM ours)
        """;

    // In this database, and not the session that holds a lock on a target, which stands for the whole run.
    static string End(string name) => $"""
        SELECT pg_catalog.pg_terminate_backend(o.pid) FROM ({Ours(name)} AND s.pid <> pg_catalog.pg_backend_pid()
            AND s.datid = (SELECT m.datid FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) m)) o
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_lock_status() l WHERE l.pid = o.pid AND l.locktype = 'advisory')
        """;
}
