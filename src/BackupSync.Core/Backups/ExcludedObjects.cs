using System.Globalization;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Backups;

/// <summary>
/// The configuration's patterns, resolved once against the source's catalog: pg_dump and the fingerprint are then told
/// the same names, instead of each matching patterns its own way.
/// </summary>
/// <param name="Filter">For the fingerprint.</param>
/// <param name="WithoutRows">Tables that are created but stay empty.</param>
/// <param name="DumpArguments">For pg_dump.</param>
sealed record ExcludedObjects(CatalogFilter Filter, IReadOnlySet<string> WithoutRows, IReadOnlyList<string> DumpArguments)
{
    public static ExcludedObjects None { get; } = new(CatalogFilter.None, new HashSet<string>(), []);

    /// <param name="warn">Told of patterns that match nothing: probably a slip.</param>
    public static async Task<ExcludedObjects> ResolveAsync(ExcludeConfig exclude, IQueryRunner source, Action<string> warn, CancellationToken cancellationToken)
    {
        if (exclude.Schemas.Count + exclude.Tables.Count + exclude.Data.Count == 0)
            return None;
        var relations = (await source.RowsAsync(CatalogQueries.Excludable, cancellationToken))
            .Select(r => new Relation(uint.Parse(r[0]!, CultureInfo.InvariantCulture), r[1]!, r[2]!,
                [.. r[3]!.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(o => uint.Parse(o, CultureInfo.InvariantCulture))]))
            .ToList();
        var schemas = Matching(exclude.Schemas, relations.Select(r => r.Schema).Distinct().ToList(), NamePattern.Matches, "schemas", warn);
        var tables = Matching(exclude.Tables, relations, Matches, "tables", warn);
        var data = Matching(exclude.Data, relations, Matches, "data", warn);

        var sequences = tables.SelectMany(t => t.OwnedSequences).ToHashSet();
        var gone = tables.Concat(relations.Where(r => sequences.Contains(r.Oid))).Distinct().ToList();
        return new ExcludedObjects(
            new CatalogFilter(schemas, [.. gone.Select(r => r.Oid)], [.. data.Select(r => r.Oid)]),
            data.Select(r => Sql.Display(r.Schema, r.Name)).ToHashSet(),
            [
                .. schemas.Select(s => $"--exclude-schema={Sql.Identifier(s)}"),
                .. gone.Select(r => $"--exclude-table={Sql.Qualified(r.Schema, r.Name)}"),
                .. data.Select(r => $"--exclude-table-data={Sql.Qualified(r.Schema, r.Name)}"),
            ]);
    }

    static List<T> Matching<T>(IReadOnlyList<string> patterns, IReadOnlyList<T> candidates, Func<T, string, bool> matches, string key, Action<string> warn)
    {
        foreach (var pattern in patterns.Where(p => !candidates.Any(c => matches(c, p))))
            warn($"exclude.{key}: '{pattern}' matches nothing on the source.");
        return [.. candidates.Where(c => patterns.Any(p => matches(c, p)))];
    }

    static bool Matches(Relation relation, string pattern) => NamePattern.Matches(relation.Schema, relation.Name, pattern);

    sealed record Relation(uint Oid, string Schema, string Name, IReadOnlyList<uint> OwnedSequences);
}
