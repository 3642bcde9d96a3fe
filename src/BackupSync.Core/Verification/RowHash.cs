using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>A row as a number, by functions that are the same on every server.</summary>
static class RowHash
{
    /// <summary>A row's nulls are told by the bits of a bigint, above that of the seed.</summary>
    const int MostLinks = 60;

    // What hashes a value with a seed, and what stands for null. A strict function would make null of the whole row.
    static readonly Dictionary<string, (string Function, string Value)> Links = new()
    {
        ["bool"] = ("hashint4extended", "coalesce({0}::int4, 0)"),
        ["int2"] = ("hashint2extended", "coalesce({0}, '0'::int2)"),
        ["int4"] = ("hashint4extended", "coalesce({0}, 0)"),
        ["int8"] = ("hashint8extended", "coalesce({0}, 0)"),
        ["oid"] = ("hashoidextended", "coalesce({0}, '0'::oid)"),
        ["char"] = ("hashcharextended", "coalesce({0}, ''::\"char\")"),
        ["name"] = ("hashnameextended", "coalesce({0}, ''::name)"),
        ["bpchar"] = ("hashbpcharextended", "coalesce({0}, ''::bpchar)"),
        ["uuid"] = ("uuid_hash_extended", "coalesce({0}, '00000000000000000000000000000000'::uuid)"),
        ["time"] = ("time_hash_extended", "coalesce({0}, '00:00'::time)"),
        ["timestamp"] = ("timestamp_hash_extended", "coalesce({0}, '2000-01-01'::timestamp)"),
        // Sessions of ours are in UTC.
        ["timestamptz"] = ("timestamp_hash_extended", "coalesce({0}::timestamp, '2000-01-01'::timestamp)"),
        ["inet"] = ("hashinetextended", "coalesce({0}, '0.0.0.0'::inet)"),
        ["macaddr"] = ("hashmacaddrextended", "coalesce({0}, '000000000000'::macaddr)"),
    };

    /// <summary>An expression, a bigint.</summary>
    /// <param name="seed">0 or 1: two hashes that have nothing to do with each other.</param>
    public static string Of(IEnumerable<TableColumn> columns, FingerprintMethod method, int seed) => method switch
    {
        FingerprintMethod.RecordHash => Record(columns, $"{seed}"),
        // As a seed all of its bits are mixed; as a value they would be folded to half of them.
        FingerprintMethod.MixedHash => Mixed(Record(columns, $"{seed}")),
        FingerprintMethod.ChainedHash => Chain([.. columns], seed),
        _ => $"pg_catalog.hashtextextended({Row(columns)}::text, {seed})",
    };

    /// <summary>
    /// The hash of each value is the seed of the next, so none of them can be taken out of the sum over all rows. This is a third
    /// faster than to make a record of the row, which is only done of what has no such function.
    /// </summary>
    static string Chain(IReadOnlyList<TableColumn> columns, int seed)
    {
        var links = columns.Where(c => LinkOf(c) is not null).Take(MostLinks).ToList();
        var others = columns.Except(links).ToList();
        // A null is told from the value that stands for it.
        var nulls = string.Join(" + ", links.Select((c, i) => $"(({Sql.Identifier(c.Name)} IS NULL)::int4::int8 << {i + 1})"));
        var first = links.Count == 0 ? $"{seed}"
            : $"CASE WHEN {string.Join(" OR ", links.Select(c => $"{Sql.Identifier(c.Name)} IS NULL"))} THEN {seed} + {nulls} ELSE {seed} END";
        if (others.Count > 0)
            first = Record(others, first);
        return links.Count == 0 ? Mixed(first) : links.Aggregate(first, (hash, column) => $"{LinkOf(column)}, {hash})");
    }

    /// <summary>A call that lacks its seed; null for what is hashed as part of a record.</summary>
    static string? LinkOf(TableColumn column) =>
        column.HashedAs == HashedAs.Text ? $"pg_catalog.hashtextextended(coalesce({column.Expression}, '')"
        : column.HashedAs == HashedAs.Itself && Links.TryGetValue(column.Type, out var link) ? $"pg_catalog.{link.Function}({string.Format(null, link.Value, column.Expression)}"
        : null;

    static string Record(IEnumerable<TableColumn> columns, string seed) => $"pg_catalog.hash_record_extended({Row(columns)}, {seed})";

    static string Mixed(string hash) => $"pg_catalog.hashint4extended(0, {hash})";

    static string Row(IEnumerable<TableColumn> columns) => $"ROW({string.Join(", ", columns.Select(c => c.Expression))})";
}
