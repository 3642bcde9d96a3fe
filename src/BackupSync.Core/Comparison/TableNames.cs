using System.Globalization;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>
/// Tables as people name them: with or without a schema, with <c>*</c> and <c>?</c>, or quoted where a name is not plain.
/// </summary>
static class TableNames
{
    /// <param name="key">As fingerprints have it.</param>
    public static bool Matches(string key, string pattern)
    {
        var (schema, name) = Sql.Parts(key);
        return key == pattern || Sql.Display(name) == pattern || NamePattern.Matches(schema, name, pattern);
    }

    /// <summary>
    /// By the oids of partitions, the keys of the tables that they are partitions of: who names such a table means its partitions.
    /// </summary>
    public static async Task<ILookup<uint, string>> ParentsAsync(IQueryRunner database, CancellationToken cancellationToken) =>
        (await database.RowsAsync(CatalogQueries.PartitionAncestors, cancellationToken)).ToLookup(
            r => uint.Parse(r[0]!, CultureInfo.InvariantCulture),
            r => Sql.Display(r[3]!, r[4]!));

    /// <summary>The keys of the partitions of what the patterns name.</summary>
    public static async Task<IReadOnlyList<string>> PartitionsAsync(
        IQueryRunner database,
        IReadOnlyList<string> patterns,
        CancellationToken cancellationToken) =>
        [.. (await database.RowsAsync(CatalogQueries.PartitionAncestors, cancellationToken))
            .Where(r => patterns.Any(p => Matches(Sql.Display(r[3]!, r[4]!), p))).Select(r => Sql.Display(r[1]!, r[2]!)).Distinct()];

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.UnknownName"/>: a pattern matches none; the nearest name is given.
    /// </exception>
    /// <param name="label">Whose tables they are, for the message.</param>
    public static void EnsureKnown(IReadOnlyList<string> patterns, IReadOnlyCollection<string> keys, string label)
    {
        foreach (var pattern in patterns.Where(p => !keys.Any(k => Matches(k, p))))
        {
            var nearest = NearestName.Of(pattern, keys.SelectMany(k => new[] { Sql.Parts(k).Name, k }));
            throw new BackupSyncException(ErrorIds.UnknownName, $"There is no table '{pattern}' in {label}.",
                nearest is not null ? $"Did you mean '{nearest}'?" : keys.Count == 0
                    ? "There are none."
                    : $"There are {string.Join(", ", keys.Order(StringComparer.Ordinal).Take(20))}{(keys.Count > 20 ? ", …" : "")}.");
        }
    }
}
