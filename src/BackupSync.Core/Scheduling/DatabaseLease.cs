using BackupSync.Postgres;
using BackupSync.Verification;
using Npgsql;

namespace BackupSync.Scheduling;

/// <summary>
/// The lease of several machines: a row in a database, with its holder, a number that grows with each holder, until when it is held by
/// the server's clock, and how far schedules were followed, for who comes next. It is renewed three times within its length; who cannot
/// renew it in time stops by its own clock before another can take it.
/// </summary>
/// <param name="name">What it is for: services of one name exclude each other. Asked each time, for configurations are read anew.</param>
/// <param name="holder">Who takes it, for people: host and process.</param>
/// <param name="scheduler">What is remembered is its; null for nothing.</param>
sealed class DatabaseLease(PgLogin login, Func<string> name, string holder, TimeProvider clock, Scheduler? scheduler = null) : IServiceLease
{
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(30);

    /// <summary>What a request may take; its answer counts from when it was sent.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(8);

    const string Table = $"{CatalogQueries.StateSchema}.{CatalogQueries.LeaseTable}";

    const string Create = $"""
        CREATE SCHEMA IF NOT EXISTS {CatalogQueries.StateSchema};
        CREATE TABLE IF NOT EXISTS {Table} (
            name text PRIMARY KEY, holder text NOT NULL, fence bigint NOT NULL, until timestamptz NOT NULL);
        ALTER TABLE {Table} ADD COLUMN IF NOT EXISTS progress text;
        """;

    /// <summary>One statement, so that of two who come at once one waits for the other, and sees what it has done.</summary>
    const string Take = $"""
        INSERT INTO {Table} AS l (name, holder, fence, until, progress)
        VALUES ($1, $2, 1, pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $3), NULLIF($4, ''))
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
            fence = l.fence + CASE WHEN l.holder = excluded.holder THEN 0 ELSE 1 END,
            progress = CASE WHEN l.holder = excluded.holder AND excluded.progress IS NOT NULL THEN excluded.progress ELSE l.progress END
        WHERE l.holder = excluded.holder OR l.until < pg_catalog.clock_timestamp()
        RETURNING fence
        """;

    const string Progress = $"SELECT progress FROM {Table} WHERE name = $1";

    const string Holder = $"SELECT holder FROM {Table} WHERE name = $1";

    const string GiveBack = $"UPDATE {Table} SET until = '-infinity' WHERE name = $1 AND holder = $2 RETURNING fence";

    /// <summary>No two services are called the same, not even two of one process number in two containers.</summary>
    readonly string _holder = $"{holder} {RunTag.NewRunId()}";
    (long Stamp, DateTimeOffset Time)? _taken;
    string _name = "";
    string _noted = "";

    public TimeSpan Renewal => Length / 3;

    public long Fence { get; private set; }

    public string? Problem { get; private set; }

    public bool IsHeld => HeldFor < Length;

    /// <summary>By both clocks of this machine: one of them stands still while it sleeps, the other may be set.</summary>
    TimeSpan HeldFor => _taken is not { } taken ? TimeSpan.MaxValue
        : TimeSpan.FromTicks(Math.Max(clock.GetElapsedTime(taken.Stamp).Ticks, (clock.GetUtcNow() - taken.Time).Ticks));

    public async Task<string?> HoldAsync(CancellationToken cancellationToken)
    {
        var asked = (clock.GetTimestamp(), clock.GetUtcNow());
        // One that is for other jobs now is left to be over by itself: who has not read them yet must not take it for a moment.
        if (name() is var wanted && wanted != _name)
            (_name, _taken, _noted, Fence) = (wanted, null, "", 0);
        try
        {
            await using var session = await PgConnector.OpenAsync(login, Limit, onRetry: null, cancellationToken);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Limit);
            var progress = Fence == 0 ? "" : scheduler?.Remembered() ?? "";
            var fence = await TakeAsync(session, progress == _noted ? "" : progress, limit.Token);
            Problem = null;
            if (fence is null)
            {
                (_taken, _noted, Fence) = (null, "", 0);
                return await session.ScalarAsync<string?>(Holder, limit.Token, _name) ?? "nobody any more";
            }
            // Who comes next goes on where the one before was.
            if (fence != Fence && await session.ScalarAsync<string?>(Progress, limit.Token, _name) is { } before)
                scheduler?.Recall(before);
            (Fence, _taken, _noted) = (fence.Value, asked, progress);
            return null;
        }
        catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            // It is ours as long as nobody else can have taken it.
            if (HeldFor < Length - Limit)
                return null;
            _taken = null;
            Problem = failure.Message;
            return $"nobody that is known: {failure.Message}";
        }
    }

    /// <summary>Its table is made only where there is none: a role that may not make one can use one that was made for it.</summary>
    async Task<long?> TakeAsync(PgSession session, string progress, CancellationToken cancellationToken)
    {
        try
        {
            return await TakeAsync();
        }
        catch (PgQueryException missing) when (missing.SqlState
            is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedColumn)
        {
            await session.ExecuteAsync(Create, cancellationToken);
            return await TakeAsync();
        }

        Task<long?> TakeAsync() => session.ScalarAsync<long?>(Take, cancellationToken, _name, _holder, Length.TotalSeconds, progress);
    }

    public async ValueTask DisposeAsync()
    {
        if (_taken is null)
            return;
        try
        {
            using var limit = new CancellationTokenSource(Limit, clock);
            await using var session = await PgConnector.OpenAsync(login, Limit, onRetry: null, limit.Token);
            await session.ScalarAsync<long?>(GiveBack, limit.Token, _name, _holder);
        }
        catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException)
        {
            // It is over by itself in a moment.
        }
    }
}
