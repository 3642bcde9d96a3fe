using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// One exported, consistent view of a database (https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION).
/// Fingerprints are read from it by several sessions, and pg_dump reads the same one, however busy the database is.
/// </summary>
sealed class Snapshot : IAsyncDisposable
{
    const string Begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

    readonly SessionGroup _sessions;

    Snapshot(SessionGroup sessions, string id, DateTimeOffset taken)
    {
        _sessions = sessions;
        Session = sessions.Sessions[0];
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
        var group = await SessionGroup.OpenAsync(login, sessions, connectLimit, cancellationToken);
        try
        {
            var holder = group.Sessions[0];
            if (beforehand is not null)
                await beforehand(holder, cancellationToken);
            await holder.ExecuteAsync(Begin, cancellationToken);
            var row = (await holder.RowsAsync(
                "SELECT pg_catalog.pg_export_snapshot(), pg_catalog.to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')", cancellationToken))[0];
            await group.ExecuteAsync($"{Begin}; SET TRANSACTION SNAPSHOT {Sql.Literal(row[0]!)}", cancellationToken, first: 1);
            return new Snapshot(group, row[0]!, DateTimeOffset.Parse(row[1]!, System.Globalization.CultureInfo.InvariantCulture));
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the fingerprint with all sessions; afterwards all but the one that holds the snapshot are closed.</summary>
    public async Task<DatabaseFingerprint> FingerprintAsync(
        FingerprintMethod method, CatalogFilter filter, FingerprintReader.OnTable? onTable, CancellationToken cancellationToken)
    {
        var fingerprint = await FingerprintReader.ReadAsync(Sessions, method, filter, onTable, cancellationToken,
            $"{Session.Login.Label}: the role '{Session.Login.Address.User}'");
        await _sessions.KeepAsync(1); // their connections are pg_dump's from here on
        return fingerprint;
    }

    /// <summary>All sessions that see it.</summary>
    public IReadOnlyList<PgSession> Sessions => _sessions.Sessions;

    /// <summary>The session that holds the snapshot, for other questions about the same moment.</summary>
    public PgSession Session { get; }

    /// <summary>Tells all sessions a setting.</summary>
    public Task SetAsync(string statement, CancellationToken cancellationToken) => _sessions.ExecuteAsync(statement, cancellationToken);

    public ValueTask DisposeAsync() => _sessions.DisposeAsync();
}
