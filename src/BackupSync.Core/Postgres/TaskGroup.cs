using System.Runtime.ExceptionServices;

namespace BackupSync.Postgres;

/// <summary>Runs work side by side. The first failure stops the others, is waited for with them, and is the one that is thrown.</summary>
static class TaskGroup
{
    public static async Task RunAsync(CancellationToken cancellationToken, params IReadOnlyList<Func<CancellationToken, Task>> work)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? first = null;
        await Task.WhenAll(work.Select(GuardedAsync));
        if (first is not null)
            ExceptionDispatchInfo.Throw(first);

        async Task GuardedAsync(Func<CancellationToken, Task> one)
        {
            try
            {
                await one(stop.Token);
            }
            catch (Exception failure)
            {
                Interlocked.CompareExchange(ref first, failure, null);
                await stop.CancelAsync();
            }
        }
    }
}
