using BackupSync.Postgres;

namespace BackupSync.Comparison;

/// <summary>Work on two databases at the same time.</summary>
static class BothSides
{
    /// <summary>The first failure stops the other side, and is thrown: nobody waits for an answer that is of no use any more.</summary>
    public static async Task<(T Source, T Target)> RunAsync<T>(
        Func<CancellationToken, Task<T>> source, Func<CancellationToken, Task<T>> target, CancellationToken cancellationToken)
    {
        var results = new T[2];
        await WorkSharing.RunAsync([0, 1], [(Side: 0, Work: source), (Side: 1, Work: target)],
            async (_, side, stop) => results[side.Side] = await side.Work(stop), cancellationToken);
        return (results[0], results[1]);
    }

    public static Task RunAsync(Func<CancellationToken, Task> source, Func<CancellationToken, Task> target, CancellationToken cancellationToken) =>
        WorkSharing.RunAsync([0, 1], [source, target], (_, work, stop) => work(stop), cancellationToken);

    public static Task<(List<string?[]> Source, List<string?[]> Target)> RowsAsync(
        IQueryRunner source, IQueryRunner target, string select, CancellationToken cancellationToken) =>
        RunAsync(stop => source.RowsAsync(select, stop), stop => target.RowsAsync(select, stop), cancellationToken);
}
