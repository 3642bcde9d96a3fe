using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>A table as the catalog describes it, and the query that fingerprints it.</summary>
sealed record TableColumns(
    uint Oid,
    ObjectName Name,
    long Bytes,
    bool Readable,
    bool WithPartitions,
    IReadOnlyList<TableColumn> Columns)
{
    /// <summary>As fingerprints name tables.</summary>
    public string Key => Name.Display;

    /// <summary>
    /// One row: the number of rows, unless only those are wanted the sum of the rows' hashes, and where there are generated columns the
    /// sum of the hashes without these.
    /// </summary>
    public string FingerprintQuery(FingerprintMethod method)
    {
        var from = $"FROM {Rows}";
        if (method == FingerprintMethod.RowsOnly || Hashed.Count == 0)
            return $"SELECT count(*), 0, NULL {from}";
        // A sum, not an exclusive or: equal rows would cancel each other out. sum(bigint) is a numeric and cannot overflow.
        var ofBase = Hashed.Any(c => c.IsGenerated) ?
            $"coalesce(sum({(WithoutDerived().Hashed.Count == 0 ? "0" : WithoutDerived().RowHash(method))}), 0)" :
            "NULL";
        return $"SELECT count(*), coalesce(sum({RowHash(method)}), 0), {ofBase} {from}";
    }

    /// <summary>
    /// Whether the values of stored generated columns are left out of what is hashed: another server may compute them otherwise.
    /// </summary>
    public bool LeavesOutDerived { get; init; }

    /// <summary>The columns that are hashed.</summary>
    public IReadOnlyList<TableColumn> Hashed => LeavesOutDerived ? [.. Columns.Where(c => !c.IsGenerated)] : Columns;

    public TableColumns WithoutDerived() => this with { LeavesOutDerived = true };

    /// <summary>
    /// As FROM, UPDATE and so on take it: the rows of the table itself, or of all its partitions where these are one unit.
    /// </summary>
    public string Rows => $"{(WithPartitions ? "" : "ONLY ")}{Name.Qualified}";

    /// <summary>A bigint that is the same on every server for rows of the same content.</summary>
    public string RowHash(FingerprintMethod method) => Verification.RowHash.Of(Hashed, method, seed: 0, IsSeldomNull);

    /// <summary>Whether few of its rows have a null, as far as anybody has looked: what is computed of them is the same.</summary>
    public bool IsSeldomNull { get; init; }

    /// <summary>
    /// The search path that the server needs to plan any query on it; null where it needs none. See <see cref="ReadingPath"/>.
    /// </summary>
    public string? SearchPath { get; init; }

    /// <summary>No query on it can be planned: it can be copied and counted, but not hashed.</summary>
    public bool CannotBePlanned { get; init; }

    /// <summary>All tables of a database that hold rows of their own, the largest first.</summary>
    public static async Task<IReadOnlyList<TableColumns>> ReadAsync(
        IQueryRunner runner,
        CatalogFilter filter,
        CancellationToken cancellationToken)
    {
        var columns = (await runner.RowsAsync(CatalogQueries.Tables(filter), cancellationToken))
            .ConvertAll(CatalogQueries.ColumnOfTable.Of);
        var tables = From(columns).ToList();
        var computed = columns.Where(c => c.IsComputed).Select(c => c.Oid).ToHashSet();
        for (var i = 0; i < tables.Count && computed.Count > 0; i++)
        {
            if (tables[i].Readable && computed.Contains(tables[i].Oid))
                tables[i] = await ReadingPath.FindAsync(runner, tables[i], cancellationToken);
        }
        return tables;
    }

    /// <summary>Groups what <see cref="CatalogQueries.Tables"/> gives: a row for each column, or one without a column.</summary>
    static IEnumerable<TableColumns> From(IEnumerable<CatalogQueries.ColumnOfTable> columns) =>
        columns.GroupBy(c => c.Oid).Select(table =>
        {
            var first = table.First();
            return new TableColumns(first.Oid, first.Name, first.Bytes, first.Readable, first.WithPartitions,
                [.. table.Select(c => c.Column).OfType<TableColumn>()]);
        });
}

/// <param name="IsBuiltIn">A base type of pg_catalog.</param>
/// <param name="IsDeterministic">Its collation treats only identical texts as equal.</param>
sealed record TableColumn(string Name, string Type, bool IsBuiltIn, bool IsDeterministic)
{
    // Types whose own hash is fast, the same on every server, and differs whenever the values do. Not so, for instance:
    // enums (hashed by oid), numeric (1.0 equals 1.00), floats (0 equals -0), jsonb (as numeric), interval (24 h equal a day),
    // citext, bpchar (blanks at its end), times (one half of their 64 bits is laid over the other); json, xml and points have no hash at
    // all. Those are hashed as text, or by their binary form where that is cheaper to make.
    static readonly HashSet<string> HashedAsTheyAre =
        ["bool", "int2", "int4", "int8", "oid", "text", "varchar", "char", "name", "uuid", "inet", "cidr", "macaddr"];

    static readonly Dictionary<string, string> HashedByBinaryForm = new()
    {
        ["float4"] = "pg_catalog.float4send({0})",
        ["float8"] = "pg_catalog.float8send({0})",
        ["numeric"] = "pg_catalog.numeric_send({0})",
        ["interval"] = "pg_catalog.interval_send({0})",
        ["timetz"] = "pg_catalog.timetz_send({0})",
        ["date"] = "pg_catalog.date_send({0})",
        ["time"] = "pg_catalog.time_send({0})",
        ["timestamp"] = "pg_catalog.timestamp_send({0})",
        ["timestamptz"] = "pg_catalog.timestamptz_send({0})",
        ["bpchar"] = "pg_catalog.bpcharsend({0})",
        ["bytea"] = "{0}",
    };

    /// <summary>Of these, what earlier methods took as they are.</summary>
    static readonly HashSet<string> OnceHashedAsTheyAre = ["date", "time", "timestamp", "timestamptz", "bpchar", "bytea"];

    // A NaN has many forms, and COPY's text only one: what a dump does not carry is no part of the content.
    static readonly Dictionary<string, string> OneForm = new()
    {
        ["float4"] = "CASE WHEN {0} = 'NaN'::pg_catalog.float4 THEN 'NaN'::pg_catalog.float4 ELSE {0} END",
        ["float8"] = "CASE WHEN {0} = 'NaN'::pg_catalog.float8 THEN 'NaN'::pg_catalog.float8 ELSE {0} END",
    };

    /// <summary>From version 19 on zeros are put before the second half.</summary>
    static readonly string[] PaddedTexts = ["pg_lsn", "_pg_lsn"];

    /// <summary>Computed from others of its row, and stored.</summary>
    public bool IsGenerated { get; init; }

    /// <summary>GENERATED ALWAYS AS IDENTITY: it can be given a value when a row is inserted, and never after.</summary>
    public bool IsAlwaysIdentity { get; init; }
    public bool IsNotNull { get; init; }

    /// <summary>In which form it is hashed.</summary>
    public HashedAs HashedAs(FingerprintMethod method) =>
        !IsBuiltIn || !IsDeterministic && !IsExact(method) ? Verification.HashedAs.Text
        : HashedByBinaryForm.ContainsKey(Type) && (IsExact(method) || !OnceHashedAsTheyAre.Contains(Type)) ? Verification.HashedAs.Bytes
        : HashedByBinaryForm.ContainsKey(Type) ? Verification.HashedAs.Itself
        : !IsDeterministic || !HashedAsTheyAre.Contains(Type) || Type is "text" or "varchar" ? Verification.HashedAs.Text
        : Verification.HashedAs.Itself;

    /// <summary>What of it is hashed.</summary>
    public string Expression(FingerprintMethod method)
    {
        var column = Sql.Identifier(Name);
        return HashedAs(method) switch
        {
            Verification.HashedAs.Itself => column,
            Verification.HashedAs.Bytes => string.Format(null, HashedByBinaryForm[Type],
                OneForm.TryGetValue(Type, out var form) ? string.Format(null, form, column) : column),
            _ when !IsDeterministic && (IsBuiltIn || !IsExact(method)) => $"{column}::text COLLATE pg_catalog.\"C\"",
            _ when !IsBuiltIn => $"ROW({column})::text", // its output function, never a cast that somebody has defined
            _ when HashedAsTheyAre.Contains(Type) => column,
            _ when PaddedTexts.Contains(Type) => $"pg_catalog.regexp_replace({column}::text, '/0+(?=[0-9A-F])', '/', 'g')",
            // The cast shows what xml says of its encoding, and the output function does not, by which it is dumped.
            _ when Type == "xml" && IsExact(method) => $"ROW({column})::text",
            _ => $"{column}::text",
        };
    }

    /// <summary>Other methods are those of backups of earlier days, which are read as they were written.</summary>
    static bool IsExact(FingerprintMethod method) =>
        method is FingerprintMethod.ValueHash or FingerprintMethod.ValueText or FingerprintMethod.RunHash;
}

enum HashedAs
{
    /// <summary>A value of its own type.</summary>
    Itself,
    Text,

    /// <summary>Its binary form.</summary>
    Bytes,
}
