using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Archiving;

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

    /// <param name="inRecovery">A standby cannot read what is unlogged: there is nothing of it in the WAL.</param>
    /// <param name="warn">Told of patterns that match nothing: probably a slip.</param>
    public static async Task<ExcludedObjects> ResolveAsync(
        ExcludeConfig exclude, IQueryRunner source, bool inRecovery, Action<string> warn, CancellationToken cancellationToken)
    {
        var unlogged = inRecovery
            ? (await source.RowsAsync(CatalogQueries.UnreadableInRecovery, cancellationToken)).Select(r => r.Oid(0)).ToHashSet()
            : [];
        if (exclude.Schemas.Count + exclude.Tables.Count + exclude.Data.Count + unlogged.Count == 0)
            return None;
        var relations = (await source.RowsAsync(CatalogQueries.Excludable, cancellationToken)).ConvertAll(Relation.Of);
        var schemas = Matching(
            exclude.Schemas, relations.Select(r => r.Name.Schema).Distinct().ToList(), NamePattern.Matches, "schemas", warn);
        var tables = WithPartitions(Matching(exclude.Tables, relations, Matches, "tables", warn), relations);
        var data = WithPartitions(Matching(exclude.Data, relations, Matches, "data", warn), relations);

        var sequences = tables.SelectMany(t => t.OwnedSequences).ToHashSet();
        var gone = tables.Concat(relations.Where(r => sequences.Contains(r.Oid))).Distinct().ToList();
        var unreadable = relations.Where(r => unlogged.Contains(r.Oid)).Except(gone).Where(r => !schemas.Contains(r.Name.Schema)).ToList();
        if (unreadable.Count > 0)
        {
            warn("The source is a standby, which cannot read what is unlogged: "
                + $"{string.Join(", ", unreadable.Select(r => r.Name.Display).Order(StringComparer.Ordinal))} "
                + "is copied without its rows (of a sequence: without where it stands).");
        }
        data = [.. data.Union(unreadable)];
        return new ExcludedObjects(
            new CatalogFilter(schemas, [.. gone.Select(r => r.Oid)], [.. data.Select(r => r.Oid)]),
            data.Select(r => r.Name.Display).ToHashSet(),
            [
                .. schemas.Select(s => $"--exclude-schema={Sql.Identifier(s)}"),
                .. gone.Select(r => $"--exclude-table={r.Name.Qualified}"),
                .. data.Select(r => $"--exclude-table-data={r.Name.Qualified}"),
            ]);
    }

    static List<T> Matching<T>(
        IReadOnlyList<string> patterns,
        IReadOnlyList<T> candidates,
        Func<T, string, bool> matches,
        string key,
        Action<string> warn)
    {
        foreach (var pattern in patterns.Where(p => !candidates.Any(c => matches(c, p))))
            warn($"exclude.{key}: '{pattern}' matches nothing on the source.");
        return [.. candidates.Where(c => patterns.Any(p => matches(c, p)))];
    }

    /// <summary>A partitioned table has no rows but its partitions', which cannot be there without it.</summary>
    static List<Relation> WithPartitions(List<Relation> named, List<Relation> all)
    {
        var oids = named.Select(r => r.Oid).ToHashSet();
        return [.. all.Where(r => oids.Contains(r.Oid) || r.PartitionOf.Any(oids.Contains))];
    }

    static bool Matches(Relation relation, string pattern) => relation.Name.Matches(pattern);

    /// <summary>A row of <see cref="CatalogQueries.Excludable"/>.</summary>
    sealed record Relation(uint Oid, ObjectName Name, IReadOnlyList<uint> OwnedSequences, IReadOnlyList<uint> PartitionOf)
    {
        public static Relation Of(Row row) => new(row.Oid(0), row.Name(1), row.Oids(3), row.Oids(4));
    }
}
