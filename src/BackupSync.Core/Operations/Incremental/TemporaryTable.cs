using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// A temporary table of the target's transaction, made when there is something to put into it: most tables have no changes, and it
/// takes several locks, of which a server has only so many.
/// </summary>
sealed class TemporaryTable(PgSession target, string name)
{
    /// <summary>As statements name it.</summary>
    public string Name { get; } = $"pg_temp.{name}";

    public bool IsThere { get; private set; }

    /// <param name="select">What it holds at first.</param>
    public Task MakeAsync(string select, CancellationToken cancellationToken) => DefineAsync(Creation(select), cancellationToken);

    /// <summary>Makes it in the place of the one that may be there.</summary>
    public Task MakeAnewAsync(string select, CancellationToken cancellationToken) =>
        DefineAsync($"DROP TABLE IF EXISTS {Name}; {Creation(select)}", cancellationToken);

    /// <summary>Makes it where it is not there.</summary>
    public Task EnsureAsync(string select, CancellationToken cancellationToken) =>
        IsThere ? Task.CompletedTask : MakeAsync(select, cancellationToken);

    /// <summary>As <see cref="EnsureAsync"/>, without rows.</summary>
    public Task EnsureEmptyAsync(string select, CancellationToken cancellationToken) =>
        EnsureAsync($"{select} WITH NO DATA", cancellationToken);

    public static async Task DropAsync(PgSession target, IReadOnlyList<TemporaryTable> tables, CancellationToken cancellationToken)
    {
        await target.DefineAsync($"DROP TABLE IF EXISTS {string.Join(", ", tables.Select(t => t.Name))}", cancellationToken);
        foreach (var table in tables)
            table.IsThere = false;
    }

    string Creation(string select) => $"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {select}";

    async Task DefineAsync(string statement, CancellationToken cancellationToken)
    {
        await target.DefineAsync(statement, cancellationToken);
        IsThere = true;
    }
}
