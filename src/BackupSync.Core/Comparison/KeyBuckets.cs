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

    /// <summary>Where keys are so sparse that ranges would have more than so many rows at worst, they are hashed instead.</summary>
    const long WidestRange = 64 * RowsPerBucket;

    /// <summary>More than so many would fit neither into a server's memory nor into ours.</summary>
    const long MostBuckets = 1 << 18;

    protected KeyedTable Table { get; } = table;

    /// <summary>A bigint.</summary>
    public abstract string Number { get; }

    /// <summary>What a session is to be told before it is asked for the rows of some buckets.</summary>
    public abstract string Planning { get; }

    /// <summary>Takes it back.</summary>
    public const string UsualPlanning = "RESET jit; RESET enable_seqscan; RESET enable_material";

    /// <summary>How many are best asked for in one statement.</summary>
    public abstract int AtOnce { get; }

    /// <summary>FROM, and WHERE where it is needed, for the rows of some buckets; <c>n</c> is the bucket's number.</summary>
    public abstract string RowsOf(IReadOnlyList<long> buckets, string columns);

    /// <param name="source">Asks for the least and the largest key where these are numbers.</param>
    public static async Task<KeyBuckets> ChooseAsync(KeyedTable table, FingerprintMethod method, IQueryRunner source, IQueryRunner target, CancellationToken cancellationToken)
    {
        var wanted = Math.Clamp(table.Estimate / RowsPerBucket, 1, MostBuckets);
        if (table.HasIntegerKey)
        {
            var key = Sql.Identifier(table.Key[0].Name);
            var bounds = $"SELECT min({key})::bigint, max({key})::bigint FROM {table.Table.Rows}";
            var both = await BothSides.RowsAsync(source, target, bounds, cancellationToken);
            var ends = both.Source[0].Concat(both.Target[0]).OfType<string>().Select(v => (Int128)long.Parse(v, CultureInfo.InvariantCulture)).ToList();
            var first = ends.Count == 0 ? 0 : ends.Min();
            var width = ends.Count == 0 ? 1 : (ends.Max() - first) / wanted + 1;
            if (width <= WidestRange)
                return new Ranges(table, (long)first, (long)width);
        }
        return new Hashes(table, method, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)wanted));
    }

    /// <summary>Ranges of whole numbers, all of one width: an index leads to them.</summary>
    sealed class Ranges(KeyedTable table, long first, long width) : KeyBuckets(table)
    {
        string Key => Sql.Identifier(Table.Key[0].Name);

        // Quoted, for of the least bigint without quotes the server would make a numeric.
        public override string Number => $"(({Key}::bigint - '{Text(first)}'::bigint) / {Text(width)})";

        public override int AtOnce => 4096;

        // Of a join by ranges a server expects a ninth of the table for each, and would rather read all of it, with a compiled program.
        public override string Planning => "SET jit = off; SET enable_seqscan = off; SET enable_material = off";

        public override string RowsOf(IReadOnlyList<long> buckets, string columns)
        {
            var low = buckets.Select(b => first + (Int128)b * width).ToList();
            return $"""
                SELECT b.backupsync_n, {columns}
                FROM unnest(ARRAY[{Join(buckets.Select(b => (Int128)b))}]::bigint[], ARRAY[{Join(low)}]::bigint[], ARRAY[{Join(low.Select(l => Int128.Min(l + width - 1, long.MaxValue)))}]::bigint[])
                     AS b(backupsync_n, backupsync_low, backupsync_high)
                JOIN {Table.Table.Rows} AS t ON {Key} BETWEEN b.backupsync_low AND b.backupsync_high
                """;
        }

        static string Join(IEnumerable<Int128> numbers) => string.Join(",", numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>
    /// By a hash of the key: for keys of any other kind. Ranges of texts would need one order, and each server sorts by rules of its own.
    /// </summary>
    sealed class Hashes(KeyedTable table, FingerprintMethod method, long count) : KeyBuckets(table)
    {
        public override string Number => $"({TableColumns.Hash(Table.KeyTableColumns, method, seed: 1)} & {Text(count - 1)})";

        public override string Planning => "SET jit = off";

        // Each statement reads the whole table.
        public override int AtOnce => (int)MostBuckets / 4;

        // A join: before version 14 a server would look for each row's number in the array from its beginning.
        public override string RowsOf(IReadOnlyList<long> buckets, string columns) => $"""
            SELECT b.backupsync_n, {columns}
            FROM unnest(ARRAY[{string.Join(",", buckets.Select(Text))}]::bigint[]) AS b(backupsync_n) JOIN {Table.Table.Rows} AS t ON {Number} = b.backupsync_n
            """;
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
