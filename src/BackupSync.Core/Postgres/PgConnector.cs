using System.Diagnostics;

namespace BackupSync.Postgres;

/// <summary>Opens sessions the patient way: a suspended compute takes seconds to wake, a restarting server as well.</summary>
static class PgConnector
{
    /// <param name="limit">How long to keep trying.</param>
    /// <param name="onRetry">Told why the last try failed.</param>
    /// <param name="mayBeShared">As for <see cref="PgSession.OpenAsync"/>.</param>
    /// <exception cref="BackupSyncException">It did not work within the limit, or never will.</exception>
    public static async Task<PgSession> OpenAsync(
        PgLogin login,
        TimeSpan limit,
        Action<string>? onRetry,
        CancellationToken cancellationToken,
        bool mayBeShared = false)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var begun = Stopwatch.GetTimestamp();
        deadline.CancelAfter(limit);
        var pause = TimeSpan.FromMilliseconds(250);
        BackupSyncException? last = null;
        while (true)
        {
            try
            {
                return await PgSession.OpenAsync(login, deadline.Token, login.Address.ConnectTimeout ?? limit, mayBeShared);
            }
            catch (BackupSyncException failure) when (PgErrors.IsTransient(failure))
            {
                last = failure;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw last ?? NoAnswer(login, limit);
            }
            onRetry?.Invoke($"{last.Message} Trying again for up to "
                + $"{Math.Max(0, Math.Ceiling((limit - Stopwatch.GetElapsedTime(begun)).TotalSeconds)):0} s more.");
            try
            {
                await Task.Delay(pause, deadline.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw last;
            }
            pause = TimeSpan.FromMilliseconds(Math.Min(pause.TotalMilliseconds * 2, 4000));
        }
    }

    static BackupSyncException NoAnswer(PgLogin login, TimeSpan limit) => new(
        ErrorIds.ConnectionFailed,
        $"{login.Label}: {login.Address.Host}:{login.Address.Port} did not answer within {Durations.Show(limit)}.",
        "Check host and port, the network and the server; raise limits.connect for a compute that is slow to wake.");
}
