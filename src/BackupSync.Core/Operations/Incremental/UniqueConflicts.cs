using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>Where rows of a table hold unique values that staged rows are to get.</summary>
sealed class UniqueConflicts(StagedChanges staged, PgSession target)
{
    /// <summary>The pairs of a row <c>t</c> and a staged row <c>s</c>, another one, that are in each other's way.</summary>
    public string Of(UniqueIndex index)
    {
        var columns = staged.Table.HasKey ? staged.Table.KeyList() : "1";
        return $"FROM {InTarget(index, columns)} AS t JOIN {InStaged(index, columns)} AS s ON {index.Same}"
            + (staged.Table.HasKey ? $" WHERE NOT ({staged.Table.SameKey("t", "s")})" : "");
    }

    /// <summary>The table's rows, with what the index holds for them.</summary>
    public string InTarget(UniqueIndex index, string columns) =>
        $"(SELECT {columns}, {index.Values} FROM {index.Partition ?? staged.Table.Table.Rows} {index.Where})";

    /// <summary>The staged rows, with what the index would hold for them.</summary>
    public string InStaged(UniqueIndex index, string columns) =>
        $"(SELECT {columns}, {index.Values} FROM {staged.Rows.Name} {index.StagedWhere})";

    public async Task<bool> AreThereAsync(UniqueIndex index, CancellationToken cancellationToken) =>
        (await target.RowsAsync($"SELECT 1 {Of(index)} LIMIT 1", cancellationToken)).Count > 0;

    /// <summary>
    /// The keys of rows in the target that hold a unique value which a staged row is to get, and of which nothing is staged.
    /// </summary>
    public async Task<IReadOnlyList<string>> UnstagedAsync(IReadOnlyList<UniqueIndex> indexes, CancellationToken cancellationToken)
    {
        var table = staged.Table;
        var found = new HashSet<string>();
        foreach (var index in staged.Rows.AreThere ? indexes : [])
        {
            var isNotToGo = staged.Deletions.AreThere
                ? $"AND NOT EXISTS (SELECT FROM {staged.Deletions.Name} AS k WHERE {table.SameKey("k", "t")})"
                : "";
            await foreach (var key in target.LinesAsync($"SELECT {table.KeyList("t.")} {Of(index)} {isNotToGo} "
                + $"AND NOT EXISTS (SELECT FROM {staged.Rows.Name} AS s2 WHERE {table.SameKey("s2", "t")})", cancellationToken))
            {
                found.Add(key);
            }
        }
        return [.. found];
    }
}
