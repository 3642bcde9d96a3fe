using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// Which catalogs list anything that somebody has made in the database. Of most kinds there is nothing, and what a query would ask about
/// them is parsed and planned all the same, anew in each session: that takes a server longer than all it finds.
/// </summary>
sealed class CatalogKinds
{
    /// <summary>What PostgreSQL brings along has lower oids.</summary>
    const string Made = "oid >= 16384";

    static readonly string[] Catalogs =
    [
        "pg_trigger", "pg_policy", "pg_statistic_ext", "pg_proc", "pg_operator", "pg_opclass", "pg_opfamily", "pg_collation",
        "pg_conversion",
        "pg_ts_config", "pg_ts_dict", "pg_ts_parser", "pg_ts_template", "pg_cast", "pg_transform", "pg_language", "pg_am",
        "pg_event_trigger",
        "pg_foreign_data_wrapper", "pg_foreign_server",
    ];

    /// <summary>A view has a rule, and a table a type, that are told of with it.</summary>
    static readonly IReadOnlyDictionary<string, string> Conditions = Catalogs.ToDictionary(
        c => c,
        c => $"EXISTS (SELECT FROM pg_catalog.{c} WHERE {Made})")
        .Append(new("pg_rewrite", $"EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE {Made} AND rulename <> '_RETURN')"))
        .Append(new("pg_type", $"""
            EXISTS (SELECT FROM pg_catalog.pg_type WHERE {Made} AND (typtype IN ('e', 'd', 'r') OR typtype = 'b' AND typelem = 0))
                OR EXISTS (SELECT FROM pg_catalog.pg_class WHERE {Made} AND relkind = 'c')
            """))
        .ToDictionary();

    static readonly string Query = string.Join(" UNION ALL ", Conditions.Select(c => $"SELECT '{c.Key}' WHERE {c.Value}"));

    readonly HashSet<string> _there;

    CatalogKinds(HashSet<string> there) => _there = there;

    /// <summary>As in a database that has something of each.</summary>
    internal static CatalogKinds All { get; } = new([.. Conditions.Keys]);

    public static async Task<CatalogKinds> ReadAsync(IQueryRunner runner, CancellationToken cancellationToken) =>
        new((await runner.RowsAsync(Query, cancellationToken)).Select(r => r.Text(0)).ToHashSet(StringComparer.Ordinal));

    /// <summary>The part of a query that reads the catalog, where it has anything to give.</summary>
    public string Of(string catalog, string part)
    {
        if (!Conditions.ContainsKey(catalog))
            throw new ArgumentOutOfRangeException(nameof(catalog), catalog, "It is not looked into.");
        return _there.Contains(catalog) ? part : "";
    }
}
