using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>A row as a number, by functions that are the same on every server.</summary>
static class RowHash
{
    /// <summary>A row's nulls are told by the bits of a bigint, above that of the seed.</summary>
    const int MostLinks = 60;

    // What hashes a value with a seed, the value, and what stands for null. A strict function would make null of the whole row.
    static readonly Dictionary<string, (string Function, string Value, string Null)> Links = new()
    {
        ["bool"] = ("hashint4extended", "{0}::int4", "0"),
        ["int2"] = ("hashint2extended", "{0}", "'0'::int2"),
        ["int4"] = ("hashint4extended", "{0}", "0"),
        ["int8"] = ("hashint8extended", "{0}", "0"),
        ["oid"] = ("hashoidextended", "{0}", "'0'::oid"),
        ["char"] = ("hashcharextended", "{0}", "''::\"char\""),
        ["name"] = ("hashnameextended", "{0}", "''::name"),
        ["bpchar"] = ("hashbpcharextended", "{0}", "''::bpchar"),
        ["uuid"] = ("uuid_hash_extended", "{0}", "'00000000000000000000000000000000'::uuid"),
        ["time"] = ("time_hash_extended", "{0}", "'00:00'::time"),
        ["timestamp"] = ("timestamp_hash_extended", "{0}", "'2000-01-01'::timestamp"),
        // Sessions of ours are in UTC.
        ["timestamptz"] = ("timestamp_hash_extended", "{0}::timestamp", "'2000-01-01'::timestamp"),
        ["inet"] = ("hashinetextended", "{0}", "'0.0.0.0'::inet"),
        ["macaddr"] = ("hashmacaddrextended", "{0}", "'000000000000'::macaddr"),
    };

    static readonly (string Function, string Value, string Null) TextLink = ("hashtextextended", "{0}", "''");

    /// <summary>An expression, a bigint.</summary>
    /// <param name="seed">0 or 1: two hashes that have nothing to do with each other.</param>
    public static string Of(IEnumerable<TableColumn> columns, FingerprintMethod method, int seed) => method switch
    {
        FingerprintMethod.RecordHash => Record(columns, method, $"{seed}"),
        // As a seed all of its bits are mixed; as a value they would be folded to half of them.
        FingerprintMethod.MixedHash => Mixed(Record(columns, method, $"{seed}")),
        FingerprintMethod.ChainedHash or FingerprintMethod.ValueHash => Chain([.. columns], method, seed),
        _ => $"pg_catalog.hashtextextended({Row(columns, method)}::text, {seed})",
    };

    /// <summary>
    /// The hash of each value is the seed of the next, so none of them can be taken out of the sum over all rows. This is a third
    /// faster than to make a record of the row, which is only done of what has no such function.
    /// </summary>
    static string Chain(IReadOnlyList<TableColumn> columns, FingerprintMethod method, int seed)
    {
        var links = columns.Where(c => LinkOf(c, method) is not null).Take(MostLinks).ToList();
        var others = columns.Except(links).ToList();
        // A null is told from the value that stands for it.
        var nullable = links.Select((column, i) => (column, i)).Where(l => MayBeNull(l.column, method)).ToList();
        var nulls = string.Join(" + ", nullable.Select(l => $"(({Sql.Identifier(l.column.Name)} IS NULL)::int4::int8 << {l.i + 1})"));
        var first = nullable.Count == 0 ? $"{seed}"
            : $"CASE WHEN {string.Join(" OR ", nullable.Select(l => $"{Sql.Identifier(l.column.Name)} IS NULL"))} "
                + $"THEN {seed} + {nulls} ELSE {seed} END";
        if (others.Count > 0)
        {
            first = method == FingerprintMethod.ChainedHash ? Record(others, method, first)
                : first == "0" ? Others(others)
                : $"{Others(others)} # {first}";
        }
        return links.Count == 0 ? Mixed(first) : links.Aggregate(first, (hash, column) => Link(column, method, hash));
    }

    /// <summary>Without a null nothing has to stand for one, and the hash is the same. Backups of earlier days are read as they were written.</summary>
    static bool MayBeNull(TableColumn column, FingerprintMethod method) => !column.IsNotNull || method == FingerprintMethod.ChainedHash;

    /// <summary>Null for what is hashed with others.</summary>
    static (string Function, string Value, string Null)? LinkOf(TableColumn column, FingerprintMethod method) =>
        column.HashedAs(method) == HashedAs.Text ? TextLink
        : column.HashedAs(method) == HashedAs.Itself && Links.TryGetValue(column.Type, out var link) ? link
        : null;

    static string Link(TableColumn column, FingerprintMethod method, string seed)
    {
        var (function, form, ifNull) = LinkOf(column, method)!.Value;
        var value = string.Format(null, form, column.Expression(method));
        if (MayBeNull(column, method))
            value = $"coalesce({value}, {ifNull})";
        // The function lays one half of it over the other: 0 and 4294967297 would be the same. What an integer can hold has an integer's hash.
        if (IsLong(column) && method == FingerprintMethod.ValueHash)
            seed = $"((({value} >> 31) + 1) >> 1) # {seed}";
        return $"pg_catalog.{function}({value}, {seed})";
    }

    /// <summary>
    /// Of binary forms an array, which is made faster than a record; a record of what are too many for the chain. Both forget their seed where
    /// all in them is null.
    /// </summary>
    static string Others(IReadOnlyList<TableColumn> columns)
    {
        const FingerprintMethod method = FingerprintMethod.ValueHash;
        var forms = columns.Where(c => c.HashedAs(method) == HashedAs.Bytes).Select(c => c.Expression(method))
            .Concat(columns.Where(IsLong).Select(c => $"pg_catalog.int8send({c.Expression(method)})")).ToList();
        var rest = columns.Where(c => c.HashedAs(method) != HashedAs.Bytes && !IsLong(c)).Select(c => c.Expression(method)).ToList();
        var hash = forms.Count == 0 ? "0" : $"pg_catalog.hash_array_extended(ARRAY[{string.Join(", ", forms)}], 0)";
        return rest.Count == 0 ? hash : $"pg_catalog.hash_record_extended(ROW(0, {string.Join(", ", rest)}), {hash})";
    }

    static bool IsLong(TableColumn column) => column is { IsBuiltIn: true, Type: "int8" };

    static string Record(IEnumerable<TableColumn> columns, FingerprintMethod method, string seed) =>
        $"pg_catalog.hash_record_extended({Row(columns, method)}, {seed})";

    static string Mixed(string hash) => $"pg_catalog.hashint4extended(0, {hash})";

    static string Row(IEnumerable<TableColumn> columns, FingerprintMethod method) =>
        $"ROW({string.Join(", ", columns.Select(c => c.Expression(method)))})";
}
