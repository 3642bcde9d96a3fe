using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Sides;

/// <summary>
/// What is done on one snapshot of each database, or in one transaction on the target, done again on new ones when others had to wait
/// for it, or when the database was changed under it: production never waits for a copy, and a copy is a state that its database has
/// had.
/// </summary>
sealed class SnapshotAttempts(RunContext run, params IReadOnlyList<DatabaseSide> sides)
{
    const int Most = 4;

    CancellationToken _outer;
    int _tries;

    /// <summary>Whether what has failed is going to be done once more.</summary>
    public bool WillTryAgain(Exception failure) => _tries < Most && !_outer.IsCancellationRequested && ReasonOf(failure) is not null;

    /// <summary>A failure, or why it came about: what gives way is cancelled, as by somebody's Ctrl+C.</summary>
    public Exception Explained(Exception failure) => _outer.IsCancellationRequested ? failure : ReasonOf(failure) ?? failure;

    /// <summary>Does what may fail because others had to wait: when it has failed, it is known whether that is why.</summary>
    public async Task<T> KnowingWhyAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch
        {
            foreach (var side in sides)
                await side.EndWatchAsync();
            throw;
        }
    }

    /// <inheritdoc cref="KnowingWhyAsync{T}"/>
    public Task KnowingWhyAsync(Func<Task> work) => KnowingWhyAsync(async () =>
    {
        await work();
        return true;
    });

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
                await KnowingWhyAsync(() => attempt(stop.Token));
                return;
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested && ReasonOf(failure) is { } reason)
            {
                foreach (var side in sides)
                    await side.ReleaseSnapshotAsync();
                if (_tries == Most)
                    throw reason;
                run.Warn($"{reason.Message} It begins anew.");
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
                return new BackupSyncException(ErrorIds
                    .GaveWay, $"{side.Login.Label}: the run has given way, for others had to wait for it: {blocked}.",
                    "Run it when it is quiet. If the copy matters more than who waits for it: limits.blocking: wait; of a restore, "
                        + $"{Spelling.OthersWait}.", failure);
            }
        }
        return SnapshotFailure.ReasonOf(failure);
    }
}
