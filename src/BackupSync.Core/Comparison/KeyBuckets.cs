using System.Globalization;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>
/// The parts into which a table's rows fall by their keys, the same on both sides: small enough that a changed row makes
/// little to be read, and few enough that a hash of each costs next to nothing to send.
/// </summary>
abstract class KeyBuckets(KeyedTable table)
{
    /// <summary>How many rows a bucket is to have.</summary>
    const long RowsPerBucket = 128;

    /// <summary>How many parts of it are told apart when it differs.</summary>
    const int PartsPerBucket = 16;

    /// <summary>Where ranges of keys would have more, at worst, keys are hashed instead.</summary>
    public const long MostRows = 64 * RowsPerBucket;

    /// <summary>More buckets than so many would fit neither into a server's memory nor into ours.</summary>
    const long MostBuckets = 1 << 18;

    protected KeyedTable Table { get; } = table;

    /// <summary>A bigint.</summary>
    public abstract string Number { get; }

    /// <summary>What a session is to be told before it is asked for the rows of some buckets.</summary>
    public abstract string Planning { get; }

    /// <summary>Takes it back. Programs are never compiled: where the library for it is broken, the statement fails.</summary>
    public const string UsualPlanning = "SET jit = off; RESET enable_seqscan; RESET enable_material; RESET enable_mergejoin";

    /// <summary>How many are best asked for in one statement.</summary>
    public abstract int AtOnce { get; }

    /// <summary>Selects the rows of some buckets, with the bucket's number as <c>n</c>.</summary>
    public abstract string RowsOf(IReadOnlyList<long> buckets, string columns);

    /// <summary>
    /// The same with all other rows besides, whose number and column are null: where nothing leads to some rows but a look at each, all
    /// can be counted on the way. Null where an index does.
    /// </summary>
    public abstract string? RowsOfAndOthers(IReadOnlyList<long> buckets, string column);

    /// <summary>
    /// Parts of these buckets, to ask for those that differ before rows travel; null where that means to read the table once more.
    /// </summary>
    public abstract KeyBuckets? Finer { get; }

    /// <summary>As <see cref="RowsOf"/>, with the numbers of the finer parts instead.</summary>
    public string PartsOf(IReadOnlyList<long> buckets, string column) =>
        $"SELECT {Table.Own}part AS {Table.Own}n, {Table.Own}hash "
        + $"FROM ({RowsOf(buckets, $"{Finer!.Number} AS {Table.Own}part, {column} AS {Table.Own}hash")}) AS parts";

    /// <summary>Whether a bucket can have more rows than are to be read at once: then others have to be chosen if it has.</summary>
    public abstract bool MayCrowd { get; }

    /// <param name="source">Asks for the least and the largest key where these are in an order that both sides share.</param>
    public static async Task<KeyBuckets> ChooseAsync(
        KeyedTable table,
        FingerprintMethod method,
        IQueryRunner source,
        IQueryRunner target,
        CancellationToken cancellationToken)
    {
        if (KeyNumbers.For(table) is not { } numbers)
            return ByHash(table, method);
        var key = Sql.Identifier(table.Key[0].Name);
        var ends = $"SELECT {numbers.Of(key)} FROM ((SELECT {key} FROM {table.Table.Rows} ORDER BY 1 LIMIT 1) UNION ALL (SELECT {key} "
            + $"FROM {table.Table.Rows} ORDER BY 1 DESC LIMIT 1)) AS t";
        var both = await BothSides.RowsAsync(source, target, ends, cancellationToken);
        var found = both.Source.Concat(both.Target).Select(r => (Int128)r.Long(0)).ToList();
        var first = found.Count == 0 ? 0 : found.Min();
        var width = found.Count == 0 ? 1 : (found.Max() - first) / Wanted(table) + 1;
        if (width > PartsPerBucket)
            width = (width + PartsPerBucket - 1) / PartsPerBucket * PartsPerBucket;
        return numbers.AreExact && width > MostRows ? ByHash(table, method) : new Ranges(table, numbers, (long)first, (long)width);
    }

    public static KeyBuckets ByHash(KeyedTable table, FingerprintMethod method) =>
        new Hashes(table, method, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)Wanted(table)));

    static long Wanted(KeyedTable table) => Math.Clamp(table.Estimate / RowsPerBucket, 1, MostBuckets);

    /// <summary>Ranges of keys, all of one width: an index leads to them.</summary>
    sealed class Ranges(KeyedTable table, KeyNumbers numbers, long first, long width) : KeyBuckets(table)
    {
        string Key => Sql.Identifier(Table.Key[0].Name);

        // Quoted, for of the least bigint without quotes the server would make a numeric.
        public override string Number => $"(({numbers.Of(Key)} - '{Text(first)}'::bigint) / {Text(width)})";

        public override int AtOnce => 4096;

        // Keys of an old kind and a new one can lie far apart, and close together among themselves.
        public override bool MayCrowd => !numbers.AreExact;

        // Of a join by ranges a server expects a ninth of the table for each, and would rather read all of it, with a compiled program.
        public override string Planning => "SET jit = off; SET enable_seqscan = off; SET enable_material = off; SET enable_mergejoin = off";

        public override string? RowsOfAndOthers(IReadOnlyList<long> buckets, string column) => null;

        public override KeyBuckets? Finer => width % PartsPerBucket == 0 ? new Ranges(Table, numbers, first, width / PartsPerBucket) : null;

        public override string RowsOf(IReadOnlyList<long> buckets, string columns)
        {
            var low = buckets.Select(b => first + (Int128)b * width).ToList();
            return $"""
                SELECT b.{Table.Own}n, {columns}
                FROM unnest('{Join(buckets.Select(Text))}'::bigint[], '{Join(low.Select(numbers.First))}'::{numbers.Type}[],
                    '{Join(low.Select(l => numbers.Last(l + width - 1)))}'::{numbers.Type}[])
                     AS b({Table.Own}n, {Table.Own}low, {Table.Own}high)
                JOIN {Table.Table.Rows} AS t ON {Key} BETWEEN b.{Table.Own}low AND b.{Table.Own}high
                """;
        }

        static string Join(IEnumerable<string> values) => $"{{{string.Join(',', values)}}}";
    }

    /// <summary>
    /// By a hash of the key: for keys of any other kind. Ranges of texts would need one order, and each server sorts by rules of its own.
    /// </summary>
    sealed class Hashes(KeyedTable table, FingerprintMethod method, long count) : KeyBuckets(table)
    {
        public override string Number => $"({RowHash.Of(Table.KeyTableColumns, method, seed: 1)} & {Text(count - 1)})";

        public override bool MayCrowd => false;

        // Nobody has statistics of the hash: a server expects so many rows in each bucket that it would rather sort the table on disk.
        public override string Planning => "SET jit = off; SET enable_mergejoin = off";

        // Each statement reads the whole table.
        public override int AtOnce => (int)MostBuckets / 4;

        // A join: before version 14 a server would look for each row's number in the array from its beginning.
        public override string RowsOf(IReadOnlyList<long> buckets, string columns) =>
            $"SELECT b.{Table.Own}n, {columns} FROM {Chosen(buckets)} JOIN {Table.Table.Rows} AS t ON {Number} = b.{Table.Own}n";

        public override string RowsOfAndOthers(IReadOnlyList<long> buckets, string column) =>
            $"SELECT b.{Table.Own}n, CASE WHEN b.{Table.Own}n IS NOT NULL THEN {column} END AS {Table.Own}hash "
            + $"FROM {Table.Table.Rows} AS t LEFT JOIN {Chosen(buckets)} ON {Number} = b.{Table.Own}n";

        public override KeyBuckets? Finer => null;

        string Chosen(IReadOnlyList<long> buckets) =>
            $"unnest(ARRAY[{string.Join(",", buckets.Select(Text))}]::bigint[]) AS b({Table.Own}n)";
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
