using BackupSync.Postgres;

namespace BackupSync.Comparison;

/// <summary>One question to two databases at the same time: see <see cref="TaskGroup"/>.</summary>
static class BothSides
{
    public static async Task<(T Source, T Target)> RunAsync<T>(
        Func<CancellationToken, Task<T>> source, Func<CancellationToken, Task<T>> target, CancellationToken cancellationToken)
    {
        var results = new T[2];
        await TaskGroup.RunAsync(
            cancellationToken, async stop => results[0] = await source(stop), async stop => results[1] = await target(stop));
        return (results[0], results[1]);
    }

    public static Task<(List<Row> Source, List<Row> Target)> RowsAsync(
        IQueryRunner source, IQueryRunner target, string select, CancellationToken cancellationToken) =>
        RunAsync(stop => source.RowsAsync(select, stop), stop => target.RowsAsync(select, stop), cancellationToken);
}
