using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace BackupSync.Postgres;

/// <summary>
/// Whether a pooler hands a server's sessions from one client to the next, as PgBouncer does in transaction mode. What is set there is
/// set for the application that gets the session next, and nothing that belongs to a session (a lock, a snapshot) stays with who asked
/// for it.
/// </summary>
static class PoolerDetection
{
    /// <summary>For a second login: a pool that has but one session to give lets it wait.</summary>
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>How long what was found is believed: a pooler's configuration can change under a service.</summary>
    static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    /// <summary>By address: since when, as a timestamp of <see cref="Stopwatch"/>.</summary>
    static readonly ConcurrentDictionary<string, long> Own = [];

    /// <summary>
    /// To stand before what changes a session: fails where the session is not the one that the login was told of, as behind any pooler or
    /// proxy. In one round trip with the rest, so that a direct connection loses no time, and in one transaction: where it fails,
    /// nothing is set. Without JIT, whose library may be there and not to be loaded.
    /// </summary>
    public static string Gate(int processId) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"SET jit = off; SELECT 1 / (pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) {processId})::pg_catalog.int4;");

    public static bool IsGateShut(Exception failure) => failure is PostgresException { SqlState: PostgresErrorCodes.DivisionByZero };

    /// <summary>
    /// Whether it was found before that sessions of this address are one's own; Neon's proxy, but for its pooler, is known for it.
    /// </summary>
    public static bool AreKnownAsOwn(DatabaseAddress address) =>
        address.IsNeonDirect || (Own.TryGetValue(Key(address), out var since) && Stopwatch.GetElapsedTime(since) < Remembered);

    /// <summary>
    /// Asks two logins in turns which server session serves them: one's own stays the same, and is never the other's. Nothing is
    /// changed by that.
    /// </summary>
    /// <param name="first">Open.</param>
    public static async Task<bool> AreSharedAsync(
        NpgsqlConnection first,
        NpgsqlDataSource logins,
        DatabaseAddress address,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            await using var second = await logins.OpenConnectionAsync(limit.Token);
            var (one, other) = (await ServerProcessAsync(first, limit.Token), await ServerProcessAsync(second, limit.Token));
            // A pooler gives the session that was used last, or the one that was not used for longest, or any: no order of it survives
            // this.
            foreach (var connection in new[] { first, first, second, second, first, second, first, first, second, first })
            {
                if (one == other || await ServerProcessAsync(connection, limit.Token) != (connection == first ? one : other))
                    return true;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true; // not proven to be one's own
        }
        Own[Key(address)] = Stopwatch.GetTimestamp();
        return false;
    }

    static async Task<int> ServerProcessAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_catalog.pg_backend_pid()", connection);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    static string Key(DatabaseAddress address) => $"{string.Join(',', address.Hosts)}/{address.Database} {address.User}";
}
