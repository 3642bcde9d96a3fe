using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// What of the catalog decides how a snapshot's rows read, although it is always the catalog of now that decides: each table's name,
/// file, columns and (where rows are read through it) partitions, and the labels of enums. And what there is of indexes, triggers and
/// statistics, of which pg_dump asks for the texts of now.
/// </summary>
sealed class CatalogState
{
    readonly Dictionary<(string Kind, uint Oid), CatalogQueries.StateOfObject> _entries;

    CatalogState(IEnumerable<CatalogQueries.StateOfObject> entries) => _entries = entries.ToDictionary(e => (e.Kind, e.Oid));

    public static async Task<CatalogState> ReadAsync(IQueryRunner runner, CatalogFilter filter, CancellationToken cancellationToken) =>
        new((await runner.RowsAsync(CatalogQueries.State(filter), cancellationToken)).Select(CatalogQueries.StateOfObject.Of));

    /// <summary>
    /// What of this is not so any more, as the beginning of a sentence; null where all is. What has come into being since is nobody's
    /// business.
    /// </summary>
    public string? FirstDifference(CatalogState now)
    {
        foreach (var (key, was) in _entries)
        {
            var name = was.Name.Display;
            if (!now._entries.TryGetValue(key, out var entry))
                return $"{name} was dropped";
            if (was == entry)
                continue;
            return was.Name != entry.Name ? $"{name} was renamed"
                : was.IsOfEnum ? $"a value of {name} was renamed"
                : was.File != entry.File ? $"{name} was emptied or rewritten (by TRUNCATE, VACUUM FULL, CLUSTER or ALTER TABLE)"
                : was.Partitions != entry.Partitions ? $"the partitions of {name} were changed"
                : $"the columns of {name} were changed";
        }
        return null;
    }

    /// <summary>The same for names alone.</summary>
    public string? FirstRenamed(CatalogState now) =>
        _entries.FirstOrDefault(e => now._entries.TryGetValue(e.Key, out var entry) && e.Value.Name != entry.Name).Value is { } was
            ? $"{was.Name.Display} was renamed"
            : null;
}
