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

    /// <summary>As above, of types whose hash alone does not tell all of their values apart.</summary>
    static readonly Dictionary<string, (string Function, string Value, string Null)> Moments = new()
    {
        ["timestamp"] = ("timestamp_hash_extended", "{0}", "'2000-01-01'::timestamp"),
        // No zone's rules are asked for this one.
        ["timestamptz"] = ("timestamp_hash_extended", "pg_catalog.timezone('0'::interval, {0})", "'2000-01-01 00:00+00'::timestamptz"),
    };

    static readonly (string Function, string Value, string Null) TextLink = ("hashtextextended", "{0}", "''");

    /// <summary>An expression, a bigint.</summary>
    /// <param name="seed">0 or 1: two hashes that have nothing to do with each other.</param>
    /// <param name="isSeldomNull">Whether few rows have a null: the number is the same, and comes sooner where there is none.</param>
    public static string Of(
        IEnumerable<TableColumn> columns,
        FingerprintMethod method,
        int seed,
        bool isSeldomNull = false) => method switch
    {
        FingerprintMethod.RecordHash => Record(columns, method, $"{seed}"),
        // As a seed all of its bits are mixed; as a value they would be folded to half of them.
        FingerprintMethod.MixedHash => Mixed(Record(columns, method, $"{seed}")),
        FingerprintMethod.ChainedHash or FingerprintMethod.ValueHash or FingerprintMethod.RunHash =>
            Chain([.. columns], method, seed, isSeldomNull),
        _ => $"pg_catalog.hashtextextended({Row(columns, method)}::text, {seed})",
    };

    /// <summary>
    /// The hash of each value is the seed of the next, so none of them can be taken out of the sum over all rows. This is a third
    /// faster than to make a record of the row, which is only done of what has no such function.
    /// </summary>
    static string Chain(IReadOnlyList<TableColumn> columns, FingerprintMethod method, int seed, bool isSeldomNull)
    {
        // Of a null the functions make a null, so without looking for any it shows whether there was one.
        if (isSeldomNull && Nullable(columns, method).Any())
        {
            var sooner = Chain([.. columns.Select(c => c with { IsNotNull = true })], method, seed, isSeldomNull: false);
            return $"coalesce({sooner}, {Chain(columns, method, seed, isSeldomNull: false)})";
        }
        var links = columns.Where(c => LinkOf(c, method) is not null).Take(MostLinks).ToList();
        var others = columns.Except(links).ToList();
        // A null is told from the value that stands for it.
        var nullable = links.Select((column, i) => (column, i)).Where(l => MayBeNull(l.column, method)).ToList();
        var marks = nullable.Select(l => $"(({Sql.Identifier(l.column.Name)} IS NULL)::int4::int8 << {l.i + 1})");
        var nulls = $"{seed} + {string.Join(" + ", marks)}";
        var first = nullable.Count == 0 ? $"{seed}"
            : $"CASE WHEN {string.Join(" OR ", nullable.Select(l => $"{Sql.Identifier(l.column.Name)} IS NULL"))} "
                + $"THEN {(method == FingerprintMethod.RunHash ? Mixed(nulls) : nulls)} ELSE {seed} END";
        if (others.Count > 0)
            first = method == FingerprintMethod.ChainedHash ? Record(others, method, first) : With(Others(others), first);
        // A bigint is a seed as it is: what stands beside it are hashes, and so must be what another one meets.
        if (method == FingerprintMethod.RunHash && links.Find(IsLong) is { } number)
        {
            links.Remove(number);
            first = With(OrDefault(Sql.Identifier(number.Name), number, method), first);
            if (links.Count > 0 && IsLong(links[0]))
                first = Mixed(first);
        }
        return links.Count == 0 ? Mixed(first) : links.Aggregate(first, (hash, column) => Link(column, method, hash));
    }

    /// <summary>Two numbers as one.</summary>
    static string With(string number, string other) => other == "0" ? number : $"{number} # {other}";

    /// <summary>The columns for whose nulls something stands.</summary>
    public static IEnumerable<TableColumn> Nullable(IEnumerable<TableColumn> columns, FingerprintMethod method) =>
        method is FingerprintMethod.ValueHash or FingerprintMethod.RunHash
            ? columns.Where(c => LinkOf(c, method) is not null).Take(MostLinks).Where(c => MayBeNull(c, method)) : [];

    /// <summary>
    /// Without a null nothing has to stand for one, and the hash is the same. Backups of earlier days are read as they were written.
    /// </summary>
    static bool MayBeNull(TableColumn column, FingerprintMethod method) => !column.IsNotNull || method == FingerprintMethod.ChainedHash;

    /// <summary>Null for what is hashed with others.</summary>
    static (string Function, string Value, string Null)? LinkOf(TableColumn column, FingerprintMethod method) =>
        column.HashedAs(method) == HashedAs.Text ? TextLink
        : IsMoment(column, method) ? Moments[column.Type]
        : column.HashedAs(method) == HashedAs.Itself && Links.TryGetValue(column.Type, out var link) ? link
        : null;

    static string Link(TableColumn column, FingerprintMethod method, string seed)
    {
        if (IsMoment(column, method))
            return Moment(column, method, seed);
        var (function, form, _) = LinkOf(column, method)!.Value;
        var value = OrDefault(string.Format(null, form, column.Expression(method)), column, method);
        // The function lays one half of it over the other: 0 and 4294967297 would be the same. What an integer can hold has an
        // integer's hash.
        if (IsLong(column) && method == FingerprintMethod.ValueHash)
            seed = $"((({value} >> 31) + 1) >> 1) # {seed}";
        // Two that are folded to one differ as they are, and so do their seeds.
        else if (IsLong(column) && method == FingerprintMethod.RunHash)
            seed = $"{value} # {seed}";
        return $"pg_catalog.{function}({value}, {seed})";
    }

    static bool IsMoment(TableColumn column, FingerprintMethod method) =>
        method == FingerprintMethod.RunHash && column.IsBuiltIn && Moments.ContainsKey(column.Type);

    /// <summary>
    /// A time has 64 bits, of which its hash lays the upper 32 over the lower. The seed tells the upper ones: with those below as zeros
    /// they are a time again, whose hash has nothing laid over it. So it is from 2000 on, where times are counted from; of others the
    /// seed has all bits. To make the binary form of each takes twice as long.
    /// </summary>
    static string Moment(TableColumn column, FingerprintMethod method, string seed)
    {
        var (function, form, first) = Moments[column.Type];
        var value = OrDefault(Sql.Identifier(column.Name), column, method);
        var without = $"pg_catalog.date_bin('01:11:34.967296'::interval, {value}, {first})";
        var upper = $"pg_catalog.{function}({string.Format(null, form, without)}, 1)";
        var all = $"pg_catalog.hash_array_extended(ARRAY[pg_catalog.{column.Type}_send({value})], 1)";
        var bits = $"CASE WHEN {value} < {first} THEN {all} ELSE {upper} END";
        return $"pg_catalog.{function}({string.Format(null, form, value)}, {With(bits, seed)})";
    }

    /// <summary>With what stands for null.</summary>
    static string OrDefault(string value, TableColumn column, FingerprintMethod method) =>
        MayBeNull(column, method) ? $"coalesce({value}, {LinkOf(column, method)!.Value.Null})" : value;

    /// <summary>
    /// Of binary forms an array, which is made faster than a record; a record of what are too many for the chain. Both forget their
    /// seed where all in them is null.
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
