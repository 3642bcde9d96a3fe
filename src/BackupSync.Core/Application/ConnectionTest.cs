using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>Whether a database can be reached, and what it is.</summary>
public static class ConnectionTest
{
    /// <summary>Does not throw where the database cannot be reached: the result says why.</summary>
    /// <param name="database">Which one.</param>
    /// <param name="limit">How long to keep trying: a suspended compute takes seconds to wake.</param>
    /// <param name="cancellationToken">Stops the test at once.</param>
    public static async Task<ConnectionTestResult> RunAsync(DatabaseConfig database, TimeSpan limit, CancellationToken cancellationToken)
    {
        string? where = null;
        try
        {
            var address = database.Address;
            where = $"{address.Host}:{address.Port}/{address.Database}";
            var clock = Stopwatch.StartNew();
            var login = new PgLogin(database.Name, address, "backupsync:test", ReadOnly: true);
            await using var session = await PgConnector.OpenAsync(login, limit, onRetry: null, cancellationToken, mayBeShared: true);
            var connected = clock.Elapsed;
            // Gone with the transaction: what were set for longer, the application would have that gets the session next.
            if (session.IsShared)
                await session.ExecuteAsync("BEGIN READ ONLY; SET LOCAL search_path = ''", cancellationToken);
            var facts = await DatabaseFacts.ReadAsync(session, database.Provider, cancellationToken);
            clock.Restart();
            await session.ScalarAsync<int>("SELECT 1", cancellationToken);
            var latency = clock.Elapsed;
            if (session.IsShared)
                await session.ExecuteAsync("COMMIT", cancellationToken);
            return new ConnectionTestResult
            {
                Name = database.Name,
                State = ConnectionState.Connected,
                Role = database.Role,
                Address = where,
                LatencyMs = Math.Round(latency.TotalMilliseconds, 2),
                ConnectMs = Math.Round(connected.TotalMilliseconds, 1),
                ServerVersion = facts.Version,
                Provider = facts.Provider,
                Size = facts.Size,
                ConnectionsUsed = facts.ConnectionsUsed,
                ConnectionsLimit = facts.ConnectionsLimit,
                Warnings = [.. OfPooler(address, session), .. OfKinds(facts)],
            };
        }
        catch (BackupSyncException failure)
        {
            return new ConnectionTestResult
            {
                Name = database.Name,
                State = ConnectionState.Failed,
                Role = database.Role,
                Address = where,
                Error = new RunError(failure.ErrorId, null, failure.Message, failure.Detail, failure.Advice, null),
            };
        }
    }

    /// <summary>For a question's sake alone: what cannot be reached by then is told by what follows it.</summary>
    public static Task<ConnectionTestResult> LookAsync(DatabaseConfig database, CancellationToken cancellationToken) =>
        RunAsync(database, TimeSpan.FromSeconds(15), cancellationToken);

    static string[] OfPooler(DatabaseAddress address, PgSession session) => address.IsPooled
        ? [$"{address.Host} is a connection pooler; a sync uses the direct host {address.Unpooled().Host} instead."]
        : session.IsShared
        ? [$"{address.Host}:{address.Port} is a connection pooler that shares the server's sessions among its clients: syncs, backups "
            + "and comparisons need the direct address of the server."]
        : [];

    static string[] OfKinds(DatabaseFacts facts) => facts.MayRestrictKinds ? [] :
    [
        $"PostgreSQL {facts.Version} lacks the setting restrict_nonsystem_relation_kind (CVE-2024-7348): "
        + "BackupSync looks itself at what it is about to read, pg_dump does not. Who owns a sequence can exchange it for a view "
        + $"while it is dumped, and so have his own functions run as {facts.Role}. "
        + "Update the server (13.16, 14.13, 15.8, 16.4 and all from 17 on have it), "
        + "or read as a role that may do no more than the owners of the sequences.",
    ];
}

public enum ConnectionState
{
    Connected,
    Failed,
}

/// <summary>The answer of <see cref="ConnectionTest"/>; facts are null where the database was not reached.</summary>
public sealed record ConnectionTestResult
{
    public required string Name { get; init; }
    public required ConnectionState State { get; init; }
    public DatabaseRole Role { get; init; }

    /// <summary>Whether the server has answered that it has no such database.</summary>
    internal bool IsMissing => Error?.Id == ErrorIds.DatabaseMissing;

    /// <summary>Host, port and database; never the password.</summary>
    public string? Address { get; init; }

    /// <summary>One round trip on an open connection, in milliseconds.</summary>
    public double? LatencyMs { get; init; }

    /// <summary>Opening the connection, in milliseconds: a suspended Neon compute takes seconds.</summary>
    public double? ConnectMs { get; init; }
    public string? ServerVersion { get; init; }
    public DatabaseProvider? Provider { get; init; }

    /// <summary>In bytes.</summary>
    public long? Size { get; init; }

    /// <summary>Client connections on the whole server.</summary>
    public int? ConnectionsUsed { get; init; }

    /// <summary>What this role may use: <c>max_connections</c> less what is reserved for others.</summary>
    public int? ConnectionsLimit { get; init; }

    /// <summary>Both, such as <c>12/100</c>.</summary>
    [JsonIgnore]
    public string? Connections =>
        ConnectionsUsed is { } used ? string.Create(CultureInfo.InvariantCulture, $"{used}/{ConnectionsLimit}") : null;
    public IReadOnlyList<string> Warnings { get; init; } = [];
    public RunError? Error { get; init; }
}
