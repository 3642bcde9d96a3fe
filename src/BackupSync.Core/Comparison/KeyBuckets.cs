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

    /// <summary>More groups than so many would not fit into a server's memory.</summary>
    const long MostHashes = 1 << 18;

    protected KeyedTable Table { get; } = table;

    /// <summary>A bigint.</summary>
    public abstract string Number { get; }

    /// <summary>FROM, and WHERE where it is needed, for the rows of some buckets; <c>n</c> is the bucket's number.</summary>
    public abstract string RowsOf(IReadOnlyList<long> buckets, string columns);

    /// <param name="source">Asks for the least and the largest key where these are numbers.</param>
    public static async Task<KeyBuckets> ChooseAsync(KeyedTable table, FingerprintMethod method, IQueryRunner source, IQueryRunner target, CancellationToken cancellationToken)
    {
        var wanted = Math.Max(1, table.Estimate / RowsPerBucket);
        if (table.HasIntegerKey)
        {
            var key = Sql.Identifier(table.Key[0].Name);
            var bounds = $"SELECT min({key})::bigint, max({key})::bigint FROM {table.Table.Rows}";
            var both = await Task.WhenAll(source.RowsAsync(bounds, cancellationToken), target.RowsAsync(bounds, cancellationToken));
            var ends = both.SelectMany(b => b[0]).OfType<string>().Select(v => (Int128)long.Parse(v, CultureInfo.InvariantCulture)).ToList();
            var first = ends.Count == 0 ? 0 : ends.Min();
            var width = ends.Count == 0 ? 1 : (ends.Max() - first) / wanted + 1;
            if (width <= WidestRange)
                return new Ranges(table, (long)first, (long)width);
        }
        return new Hashes(table, method, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)Math.Min(wanted, MostHashes)));
    }

    /// <summary>Ranges of whole numbers, all of one width: an index leads to them.</summary>
    sealed class Ranges(KeyedTable table, long first, long width) : KeyBuckets(table)
    {
        string Key => Sql.Identifier(Table.Key[0].Name);

        public override string Number => $"(({Key}::bigint - ({Text(first)})) / {Text(width)})";

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

        public override string RowsOf(IReadOnlyList<long> buckets, string columns) =>
            $"SELECT {Number} AS backupsync_n, {columns} FROM {Table.Table.Rows} AS t WHERE {Number} = ANY (ARRAY[{string.Join(",", buckets.Select(Text))}]::bigint[])";
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
