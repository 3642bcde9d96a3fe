using System.Collections.Concurrent;

namespace BackupSync.Postgres;

/// <summary>Shares work out among sessions: each takes the next item when it is done with its last.</summary>
static class WorkSharing
{
    /// <summary>The first failure stops the others, and is thrown.</summary>
    /// <param name="whenDone">Called when there is nothing left for one of them, while others may still be at work.</param>
    public static async Task RunAsync<TRunner, TItem>(
        IReadOnlyList<TRunner> runners, IEnumerable<TItem> items, Func<TRunner, TItem, CancellationToken, Task> work,
        CancellationToken cancellationToken,
        Func<TRunner, CancellationToken, Task>? whenDone = null)
    {
        var left = new ConcurrentQueue<TItem>(items);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? first = null;
        await Task.WhenAll(runners.Select(WorkAsync));
        if (first is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);

        async Task WorkAsync(TRunner runner)
        {
            try
            {
                while (left.TryDequeue(out var item))
                    await work(runner, item, stop.Token);
                if (whenDone is not null)
                    await whenDone(runner, stop.Token);
            }
            catch (Exception failure)
            {
                Interlocked.CompareExchange(ref first, failure, null);
                await stop.CancelAsync();
            }
        }
    }
}
