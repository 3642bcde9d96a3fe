using System.Text.RegularExpressions;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;
using Npgsql;

namespace BackupSync.Sync;

/// <summary>
/// What is done on one snapshot of each database, done again on new ones when others had to wait for it, or when the database was changed
/// under it: production never waits for a copy, and a copy is a state that its database has had.
/// </summary>
sealed partial class SnapshotAttempts(RunContext run, params IReadOnlyList<DatabaseSide> sides)
{
    const int Most = 4;

    /// <summary>
    /// Whether an error that tells of something that is not there is taken for a change of what is read. Where something is written as well, it
    /// may be the rows' or the target's own.
    /// </summary>
    public bool BelievesErrors { get; init; } = true;

    CancellationToken _outer;
    int _tries;

    /// <summary>Whether what has failed is going to be done once more.</summary>
    public bool WillTryAgain(Exception failure) => _tries < Most && !_outer.IsCancellationRequested && ReasonOf(failure) is not null;

    public async Task RunAsync(Func<CancellationToken, Task> attempt, CancellationToken cancellationToken)
    {
        _outer = cancellationToken;
        for (_tries = 1; ; _tries++)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            foreach (var side in sides)
                side.OnGivenWay = stop.Cancel;
            try
            {
                await attempt(stop.Token);
                return;
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested && ReasonOf(failure) is { } reason)
            {
                foreach (var side in sides)
                    await side.ReleaseSnapshotAsync();
                if (_tries == Most)
                    throw reason;
                run.Warn($"{reason.Message} {(BelievesErrors ? "The run begins anew with a new snapshot." : "It begins anew.")}");
                run.BeginAnew();
            }
            finally
            {
                foreach (var side in sides)
                    await side.EndWatchAsync();
            }
            foreach (var side in sides)
                await side.AwaitQuietAsync(cancellationToken);
        }
    }

    /// <summary>Why it may go better with a new snapshot; null where it would not.</summary>
    BackupSyncException? ReasonOf(Exception failure)
    {
        foreach (var side in sides)
        {
            if (side.GaveWayTo is { } blocked)
            {
                return new BackupSyncException(ErrorIds.GaveWay, $"{side.Login.Label}: the run has given way, for others had to wait for it: {blocked}.",
                    "Run it when no migration runs; limits.blocking: wait if the copy matters more than who waits for it.", failure);
            }
        }
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SnapshotOutdatedException outdated:
                    return outdated;
                case PgQueryException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected } locked:
                    return failure as BackupSyncException ?? locked;
                case PgQueryException { SqlState: { } state } refused when BelievesErrors && IsOfChange(state, refused.Message):
                    return new SnapshotOutdatedException($"{refused.Message} Something was dropped or changed while it was read, it seems.", refused);
            }
        }
        return null;
    }

    static bool IsOfChange(string sqlState, string message) =>
        Changed.Contains(sqlState) || (sqlState == PostgresErrorCodes.InternalError && GoneMessage().IsMatch(message));

    static readonly HashSet<string> Changed =
    [
        PostgresErrorCodes.UndefinedTable, PostgresErrorCodes.UndefinedColumn, PostgresErrorCodes.UndefinedFunction, PostgresErrorCodes.UndefinedObject,
        PostgresErrorCodes.InvalidSchemaName,
    ];

    /// <summary>What the server says of an object that is gone.</summary>
    [GeneratedRegex("could not open relation with OID|cache lookup failed for|could not find (parent )?(tuple|row|entry) for")]
    private static partial Regex GoneMessage();
}
