using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <param name="Type">As a cast takes it.</param>
/// <param name="Equal">The operator by which the key's index tells values apart, spelled with its schema.</param>
/// <param name="Collate">A COLLATE clause where the column's collation is not its type's default; else empty.</param>
sealed record KeyColumn(string Name, string Type, string Equal, string Collate);

/// <summary>A table with what tells its rows apart.</summary>
/// <param name="Key">The columns of its primary key, or of a unique index that does as well; none where it has neither.</param>
/// <param name="KeyIndex">That index's name, in the table's schema.</param>
/// <param name="Estimate">About how many rows it has.</param>
sealed record KeyedTable(TableColumns Table, IReadOnlyList<KeyColumn> Key, string? KeyIndex, long Estimate)
{
    /// <summary>What a row takes on disk at the least: for tables whose rows nobody has counted.</summary>
    const int LeastRowBytes = 32;

    public string Name => Table.Key;
    public bool HasKey => Key.Count > 0;

    /// <summary>Whether the key is one WITHOUT OVERLAPS: no two rows have one, but its index is none that ON CONFLICT knows.</summary>
    public bool IsTemporal { get; init; }

    /// <summary>Names of ours in queries on the table begin like this, and none of its columns' does.</summary>
    public string Own { get; } = FreePrefix(Table.Columns);

    static string FreePrefix(IReadOnlyList<TableColumn> columns)
    {
        var prefix = "backupsync_";
        while (columns.Any(c => c.Name.StartsWith(prefix, StringComparison.Ordinal)))
            prefix += "_";
        return prefix;
    }

    /// <summary>The key's columns in its order.</summary>
    public IEnumerable<TableColumn> KeyTableColumns => Key.Select(k => Table.Columns.First(c => c.Name == k.Name));

    public string KeyList(string prefix = "") => string.Join(", ", Key.Select(k => prefix + Sql.Identifier(k.Name)));

    /// <summary>Whether two rows have one key; the columns of both have the names that the table's have.</summary>
    public string SameKey(string left, string right) =>
        string.Join(" AND ", Key.Select(k => $"{left}.{Sql.Identifier(k.Name)} {k.Equal} {right}.{Sql.Identifier(k.Name)}"));

    /// <summary>Keys as a row source named <paramref name="alias"/>, to be joined with the table by <see cref="SameKey"/>.</summary>
    /// <param name="keys">Each as <see cref="KeyDifference.Key"/> gives it.</param>
    public string KeysAsRows(IEnumerable<string> keys, string alias)
    {
        var values = keys.Select(CopyText.Fields).ToList();
        // Arrays of text: of a type that is an array itself there are none.
        var arrays = Key.Select((_, i) => Sql.TextArray(values.Select(v => v[i]!)));
        var columns = Key.Select((k, i) => $"c{i}::{k.Type}{(k.Collate.Length == 0 ? "" : " " + k.Collate)} AS {Sql.Identifier(k.Name)}");
        return $"(SELECT {string.Join(", ", columns)} FROM unnest({string.Join(", ", arrays)}) AS "
            + $"u({string.Join(", ", Key.Select((_, i) => $"c{i}"))})) AS {alias}";
    }

    /// <summary>All tables of a database that hold rows of their own, the largest first.</summary>
    public static async Task<IReadOnlyList<KeyedTable>> ReadAsync(
        IQueryRunner runner,
        CatalogFilter filter,
        CancellationToken cancellationToken)
    {
        var tables = await TableColumns.ReadAsync(runner, filter, cancellationToken);
        var keys = (await runner.RowsAsync(CatalogQueries.Keys(filter), cancellationToken)).Select(CatalogQueries.ColumnOfKey.Of)
            .ToLookup(k => k.Table);
        return [.. tables.Select(table =>
        {
            var key = keys[table.Oid].ToList();
            var first = key.FirstOrDefault();
            return new KeyedTable(table, [.. key.Select(k => new KeyColumn(k.Column, k.Type, k.Equal, k.Collate))], first?.Index,
                first?.Estimate is > 0 and var estimate ? estimate : table.Bytes / LeastRowBytes)
            { IsTemporal = first?.IsTemporal == true };
        })];
    }
}
