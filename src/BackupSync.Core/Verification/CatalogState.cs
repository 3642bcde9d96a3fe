using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// What of the catalog decides how a snapshot's rows read, although it is always the catalog of now that decides: each table's name,
/// file, columns and (where rows are read through it) partitions, and the labels of enums.
/// </summary>
sealed class CatalogState
{
    readonly Dictionary<string, string?[]> _entries;

    CatalogState(Dictionary<string, string?[]> entries) => _entries = entries;

    public static async Task<CatalogState> ReadAsync(IQueryRunner runner, CatalogFilter filter, CancellationToken cancellationToken) =>
        new((await runner.RowsAsync(CatalogQueries.State(filter), cancellationToken)).ToDictionary(r => $"{r[0]} {r[1]}"));

    /// <summary>
    /// What of this is not so any more, as the beginning of a sentence; null where all is. What has come into being since is nobody's
    /// business.
    /// </summary>
    public string? FirstDifference(CatalogState now)
    {
        foreach (var (key, was) in _entries)
        {
            var name = Sql.Display(was[2]!, was[3]!);
            if (!now._entries.TryGetValue(key, out var entry))
                return $"{name} was dropped";
            if (was.AsSpan().SequenceEqual(entry))
                continue;
            return IsRenamed(was, entry) ? $"{name} was renamed"
                : was[0] == "enum" ? $"a value of {name} was renamed"
                : was[4] != entry[4] ? $"{name} was emptied or rewritten (by TRUNCATE, VACUUM FULL, CLUSTER or ALTER TABLE)"
                : was[5] != entry[5] ? $"the partitions of {name} were changed"
                : $"the columns of {name} were changed";
        }
        return null;
    }

    /// <summary>The same for names alone.</summary>
    public string? FirstRenamed(CatalogState now) =>
        _entries.FirstOrDefault(e => now._entries.TryGetValue(e.Key, out var entry) && IsRenamed(e.Value, entry)).Value is { } was
            ? $"{Sql.Display(was[2]!, was[3]!)} was renamed"
            : null;

    static bool IsRenamed(string?[] was, string?[] now) => (was[2], was[3]) != (now[2], now[3]);
}
