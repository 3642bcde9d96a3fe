namespace BackupSync.Verification;

/// <summary>
/// What a database holds, small enough to keep in a manifest: rows and an order-independent content hash per table,
/// sequences, large objects, and the list of everything else by name.
/// </summary>
public sealed record DatabaseFingerprint
{
    /// <summary>The major version of the server that computed it, such as 15.</summary>
    public required int ServerMajor { get; init; }

    /// <summary>Of the database that it was computed in; null in manifests of earlier days.</summary>
    public DatabaseLocale? Locale { get; init; }

    /// <summary>How <see cref="TableFingerprint.Hash"/> was computed. Only fingerprints of one method can be compared by content.</summary>
    public required FingerprintMethod Method { get; init; }

    /// <summary>Every table that holds rows of its own (partitioned parents do not), by <c>schema.table</c>.</summary>
    public required IReadOnlyDictionary<string, TableFingerprint> Tables { get; init; }

    public required IReadOnlyDictionary<string, SequenceFingerprint> Sequences { get; init; }

    public required LargeObjectFingerprint LargeObjects { get; init; }

    /// <summary>
    /// Every object by kind and name, such as <c>index public.users_email_key</c>, with the part of its definition that
    /// survives a dump and restore unchanged; empty where only the name does.
    /// </summary>
    public required IReadOnlyDictionary<string, string> Objects { get; init; }

    /// <summary>
    /// What else the catalog says of objects, as facts by name: see <see cref="SchemaDetails"/>. Null in manifests of earlier days. A
    /// copy that differs in these is told, and refused by nobody.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? Details { get; init; }

    /// <summary>The names of its extensions.</summary>
    public IReadOnlyList<string> Extensions() =>
        [.. Objects.Keys.Where(o => o.StartsWith("extension ", StringComparison.Ordinal))
            .Select(o => Postgres.Sql.Bare(o["extension ".Length..]))];

    /// <summary>Whether a table had a column of this name.</summary>
    /// <param name="table">Its key in <see cref="Tables"/>.</param>
    internal bool HasColumn(string table, string column)
    {
        var definition = Objects.GetValueOrDefault($"table {table}") ?? Objects.GetValueOrDefault($"partitioned table {table}") ?? "";
        return $", {definition}".Contains($", {column} ", StringComparison.Ordinal);
    }

    /// <summary>Whether the definition of one of its columns says so.</summary>
    internal bool HasColumnThatIs(string table, string says) =>
        (Objects.GetValueOrDefault($"table {table}") ?? Objects.GetValueOrDefault($"partitioned table {table}"))?.Contains(
            says,
            StringComparison.Ordinal) == true;

    /// <summary>All rows of all tables.</summary>
    public long TotalRows() => Tables.Values.Sum(t => t.Rows);

    public IReadOnlyDictionary<string, long> RowsByTable() => Tables.ToDictionary(t => t.Key, t => t.Value.Rows);
}

public enum FingerprintMethod
{
    /// <summary>Rows are counted; there are no hashes.</summary>
    RowsOnly,

    /// <summary>
    /// <c>hash_record_extended</c>, as first backups have it. It adds the columns' hashes up, and so does the sum over the rows: values
    /// that two rows have exchanged may not show.
    /// </summary>
    RecordHash,

    /// <summary><c>hashtextextended</c> of the row's text, as earlier backups of older servers have it.</summary>
    TextHash,

    /// <summary><c>hash_record_extended</c>, hashed once more.</summary>
    MixedHash,

    /// <summary>
    /// Each value's own hash is the seed of the next one's. Some values that differ have one hash: null and what stands for it (an
    /// empty text, 0), where the columns that have no such hash are null; blanks at the end of a bpchar; one bigint or time in 4
    /// thousand million. And what xml says of its encoding counts, though no dump carries it.
    /// </summary>
    ChainedHash,

    /// <summary>Likewise, and values differ whenever a client can tell them apart: fast; needs PostgreSQL 14 on both sides.</summary>
    ValueHash,

    /// <summary>As <see cref="TextHash"/>, of values that differ whenever a client can tell them apart: for older servers.</summary>
    ValueText,

    /// <summary>
    /// As exact as <see cref="ValueHash"/>, and cheaper to compute: for one run, in which both sides are asked by the same words. No backup
    /// has it, so it need not stay as it is.
    /// </summary>
    RunHash,
}

/// <param name="Hash">The sum of the hashes of all rows, as a decimal number; null where only rows were counted.</param>
/// <param name="Bytes">Size on disk without indexes; not compared.</param>
public sealed record TableFingerprint(long Rows, string? Hash, long Bytes)
{
    /// <summary>The same without stored generated columns, which another server may compute otherwise; null where there are none.</summary>
    public string? BaseHash { get; init; }
}

/// <summary>
/// Where a sequence stood. Sequences are outside of any snapshot: of what was dumped, it is what the archive sets it to.
/// </summary>
public sealed record SequenceFingerprint(long Value, bool IsCalled)
{
    /// <summary>
    /// In manifests of earlier days, which tell of two readings, before the dump and after it: a copy is right if it stands between
    /// them. Null in others.
    /// </summary>
    public long? LatestValue { get; init; }
    public bool? LatestIsCalled { get; init; }
}

public sealed record LargeObjectFingerprint(long Count, string? Hash);
