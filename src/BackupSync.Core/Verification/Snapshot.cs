using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// One exported, consistent view of a database (https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION).
/// Fingerprints are read from it by several sessions, and pg_dump reads the same one, however busy the database is.
/// </summary>
sealed class Snapshot : IAsyncDisposable
{
    readonly PgSession _holder;
    readonly List<PgSession> _readers;

    Snapshot(PgSession holder, List<PgSession> readers, string id, DateTimeOffset taken)
    {
        _holder = holder;
        _readers = readers;
        Id = id;
        Taken = taken;
    }

    /// <summary>What pg_dump takes as <c>--snapshot</c>; good as long as this object lives.</summary>
    public string Id { get; }

    /// <summary>By the server's clock, in UTC.</summary>
    public DateTimeOffset Taken { get; }

    /// <param name="sessions">How many sessions read it, at least 1.</param>
    /// <param name="beforehand">What is to be asked before anything is seen.</param>
    public static async Task<Snapshot> TakeAsync(
        PgLogin login, int sessions, TimeSpan connectLimit, CancellationToken cancellationToken, Func<PgSession, CancellationToken, Task>? beforehand = null)
    {
        var holder = await PgConnector.OpenAsync(login, connectLimit, onRetry: null, cancellationToken);
        var readers = new List<PgSession>();
        try
        {
            if (beforehand is not null)
                await beforehand(holder, cancellationToken);
            await holder.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", cancellationToken);
            var row = (await holder.RowsAsync(
                "SELECT pg_catalog.pg_export_snapshot(), pg_catalog.to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')", cancellationToken))[0];
            for (var i = 1; i < sessions; i++)
            {
                readers.Add(await PgConnector.OpenAsync(login, connectLimit, onRetry: null, cancellationToken));
                await readers[^1].ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", cancellationToken);
                await readers[^1].ExecuteAsync($"SET TRANSACTION SNAPSHOT {Sql.Literal(row[0]!)}", cancellationToken);
            }
            return new Snapshot(holder, readers, row[0]!, DateTimeOffset.Parse(row[1]!, System.Globalization.CultureInfo.InvariantCulture));
        }
        catch
        {
            foreach (var reader in readers)
                await reader.DisposeAsync();
            await holder.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the fingerprint with all sessions; afterwards all but the one that holds the snapshot are closed.</summary>
    public async Task<DatabaseFingerprint> FingerprintAsync(
        FingerprintMethod method, CatalogFilter filter, FingerprintReader.OnTable? onTable, CancellationToken cancellationToken)
    {
        var fingerprint = await FingerprintReader.ReadAsync(Sessions, method, filter, onTable, cancellationToken,
            $"{_holder.Login.Label}: the role '{_holder.Login.Address.User}'");
        await CloseReadersAsync(); // their connections are pg_dump's from here on
        return fingerprint;
    }

    /// <summary>All sessions that see it.</summary>
    public IReadOnlyList<PgSession> Sessions => [_holder, .. _readers];

    /// <summary>The session that holds the snapshot, for other questions about the same moment.</summary>
    public PgSession Session => _holder;

    public async ValueTask DisposeAsync()
    {
        await CloseReadersAsync();
        await _holder.DisposeAsync();
    }

    async Task CloseReadersAsync()
    {
        foreach (var reader in _readers)
            await reader.DisposeAsync();
        _readers.Clear();
    }
}
