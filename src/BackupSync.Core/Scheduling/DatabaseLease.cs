using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Scheduling;

/// <summary>
/// The lease of several machines: a row in a database, with its holder, a number that grows with each holder, and until when it is held by
/// the server's clock. It is renewed three times within its length; who cannot renew it in time stops by its own clock before another
/// can take it.
/// </summary>
/// <param name="name">What it is for: services of one name exclude each other.</param>
/// <param name="holder">Who takes it, for people: host and process.</param>
sealed class DatabaseLease(PgLogin login, string name, string holder, TimeProvider clock) : IServiceLease
{
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(30);

    /// <summary>What a request may take; its answer counts from when it was sent.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(8);

    const string Table = $"{CatalogQueries.StateSchema}.{CatalogQueries.LeaseTable}";

    const string Create = $"""
        CREATE SCHEMA IF NOT EXISTS {CatalogQueries.StateSchema};
        CREATE TABLE IF NOT EXISTS {Table} (
            name text PRIMARY KEY, holder text NOT NULL, fence bigint NOT NULL, until timestamptz NOT NULL);
        """;

    /// <summary>One statement, so that of two who come at once one waits for the other, and sees what it has done.</summary>
    const string Take = $"""
        INSERT INTO {Table} AS l (name, holder, fence, until)
        VALUES ($1, $2, 1, pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $3))
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
            fence = l.fence + CASE WHEN l.holder = excluded.holder THEN 0 ELSE 1 END
        WHERE l.holder = excluded.holder OR l.until < pg_catalog.clock_timestamp()
        RETURNING fence
        """;

    const string Holder = $"SELECT holder FROM {Table} WHERE name = $1";

    const string GiveBack = $"UPDATE {Table} SET until = '-infinity' WHERE name = $1 AND holder = $2 RETURNING fence";

    /// <summary>No two services are called the same, not even two of one process number in two containers.</summary>
    readonly string _holder = $"{holder} {RunTag.NewRunId()}";
    long? _taken;
    bool _isThere;

    public TimeSpan Renewal => Length / 3;

    public long Fence { get; private set; }

    public async Task<string?> HoldAsync(CancellationToken cancellationToken)
    {
        var asked = clock.GetTimestamp();
        try
        {
            await using var session = await PgConnector.OpenAsync(login, Limit, onRetry: null, cancellationToken);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Limit);
            if (!_isThere)
                await session.ExecuteAsync(Create, limit.Token);
            _isThere = true;
            if (await session.ScalarAsync<long?>(Take, limit.Token, name, _holder, Length.TotalSeconds) is { } fence)
            {
                (Fence, _taken) = (fence, asked);
                return null;
            }
            _taken = null;
            return await session.ScalarAsync<string?>(Holder, limit.Token, name)
                ?? "nobody any more";
        }
        catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            // It is ours as long as nobody else can have taken it.
            if (_taken is { } taken && clock.GetElapsedTime(taken) + Limit < Length)
                return null;
            _taken = null;
            return $"nobody that is known: {failure.Message}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_taken is null)
            return;
        try
        {
            using var limit = new CancellationTokenSource(Limit, clock);
            await using var session = await PgConnector.OpenAsync(login, Limit, onRetry: null, limit.Token);
            await session.ScalarAsync<long?>(GiveBack, limit.Token, name, _holder);
        }
        catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException)
        {
            // It is over by itself in a moment.
        }
    }
}
