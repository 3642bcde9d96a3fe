using System.Globalization;
using System.Runtime.CompilerServices;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

enum RowSide
{
    /// <summary>Both sides have a row of this key, and the rows differ.</summary>
    Both,
    SourceOnly,
    TargetOnly,
}

/// <param name="Key">The key's columns as COPY's text format has them.</param>
readonly record struct KeyDifference(RowSide Side, string Key);

/// <summary>Rows and the sum of their hashes.</summary>
readonly record struct BucketSum(long Rows, string Hash);

/// <summary>
/// Compares one table of two databases by buckets of keys: each side hashes its rows in its server, and only of buckets that
/// differ are keys and hashes read, one bucket at a time.
/// </summary>
sealed class TableComparison
{
    readonly KeyedTable _table;
    readonly KeyBuckets _buckets;
    readonly string _hash;
    readonly Dictionary<long, BucketSum> _source;

    TableComparison(KeyedTable table, KeyBuckets buckets, string hash, Dictionary<long, BucketSum> source, Dictionary<long, BucketSum> target)
    {
        (_table, _buckets, _hash, _source) = (table, buckets, hash, source);
        SourceRows = source.Values.Sum(b => b.Rows);
        TargetRows = target.Values.Sum(b => b.Rows);
        Differing = [.. source.Keys.Union(target.Keys).Where(b => !source.TryGetValue(b, out var there) || !target.TryGetValue(b, out var here) || there != here).Order()];
        LargestDiffering = Differing.Select(b => Math.Max(source.GetValueOrDefault(b).Rows, target.GetValueOrDefault(b).Rows)).DefaultIfEmpty().Max();
    }

    public long SourceRows { get; }
    public long TargetRows { get; }

    /// <summary>The numbers of the buckets that are not the same on both sides.</summary>
    public IReadOnlyList<long> Differing { get; }

    /// <summary>Rows of the largest of them, on the side that has more.</summary>
    long LargestDiffering { get; }

    /// <summary>Characters that came over the wire from the source.</summary>
    public long Received { get; private set; }

    /// <summary>Rows of differing buckets that turned out to be the same.</summary>
    public long Unchanged { get; private set; }

    /// <param name="keysOnly">Whether only the keys are compared: enough to find what was deleted.</param>
    public static async Task<TableComparison> ReadAsync(
        KeyedTable table, FingerprintMethod method, bool keysOnly, IQueryRunner source, IQueryRunner target, CancellationToken cancellationToken)
    {
        var buckets = await KeyBuckets.ChooseAsync(table, method, source, target, cancellationToken);
        var hash = keysOnly ? RowHash.Of(table.KeyTableColumns, method, seed: 0) : table.Table.RowHash(method);
        var comparison = await ReadAsync(table, buckets, hash, source, target, cancellationToken);
        if (!buckets.MayCrowd || comparison.LargestDiffering <= KeyBuckets.MostRows)
            return comparison;
        var again = await ReadAsync(table, KeyBuckets.ByHash(table, method), hash, source, target, cancellationToken);
        again.Received += comparison.Received;
        return again;
    }

    static async Task<TableComparison> ReadAsync(KeyedTable table, KeyBuckets buckets, string hash, IQueryRunner source, IQueryRunner target, CancellationToken cancellationToken)
    {
        var select = Sums(table, $"SELECT {buckets.Number} AS {table.Own}n, {hash} AS {table.Own}hash FROM {table.Table.Rows} AS t");
        var both = await BothSides.RowsAsync(source, target, select, cancellationToken);
        return new TableComparison(table, buckets, hash, Sums(both.Source), Sums(both.Target)) { Received = both.Source.Sum(r => r.Sum(f => f!.Length + 1)) };
    }

    /// <summary>The rows that differ, in no order of their own.</summary>
    public async IAsyncEnumerable<KeyDifference> RowsAsync(PgSession source, PgSession target, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Differing.Count == 0)
            yield break;
        await Together.RunAsync(cancellationToken, ct => source.ExecuteAsync(_buckets.Planning, ct), ct => target.ExecuteAsync(_buckets.Planning, ct));
        foreach (var some in Differing.Chunk(_buckets.AtOnce))
        {
            var select = $"{_buckets.RowsOf(some, $"{_table.KeyList("t.")}, {_hash}")} ORDER BY 1";
            await using var there = new BucketReader(source.LinesAsync(select, cancellationToken));
            await using var here = new BucketReader(target.LinesAsync(select, cancellationToken));
            foreach (var bucket in some)
            {
                var (sourceRows, targetRows) = (await there.ReadAsync(bucket), await here.ReadAsync(bucket));
                foreach (var (key, hash) in sourceRows)
                {
                    if (!targetRows.Remove(key, out var other))
                        yield return new KeyDifference(RowSide.SourceOnly, key);
                    else if (other != hash)
                        yield return new KeyDifference(RowSide.Both, key);
                    else
                        Unchanged++;
                }
                foreach (var key in targetRows.Keys)
                    yield return new KeyDifference(RowSide.TargetOnly, key);
            }
            Received += there.Characters;
        }
        await Together.RunAsync(cancellationToken, ct => source.ExecuteAsync(KeyBuckets.UsualPlanning, ct), ct => target.ExecuteAsync(KeyBuckets.UsualPlanning, ct));
    }

    /// <summary>Whether the buckets that differed hold on the target now what they hold on the source.</summary>
    /// <param name="target">A session that sees what was written.</param>
    public async Task<bool> IsResolvedAsync(IQueryRunner target, CancellationToken cancellationToken)
    {
        await target.ExecuteAsync(_buckets.Planning, cancellationToken);
        foreach (var some in Differing.Chunk(_buckets.AtOnce))
        {
            var now = Sums(await target.RowsAsync(Sums(_table, _buckets.RowsOf(some, $"{_hash} AS {_table.Own}hash")), cancellationToken));
            if (some.Any(b => now.TryGetValue(b, out var found) ? !_source.TryGetValue(b, out var wanted) || wanted != found : _source.ContainsKey(b)))
                return false;
        }
        await target.ExecuteAsync(KeyBuckets.UsualPlanning, cancellationToken);
        return true;
    }

    /// <summary>
    /// OFFSET 0 keeps the server from looking into the rows, and so from taking as many buckets for granted as there are keys: it would
    /// sort whole rows on disk then, instead of adding up as they come.
    /// </summary>
    static string Sums(KeyedTable table, string rows) => $"SELECT {table.Own}n, count(*), sum({table.Own}hash) FROM ({rows} OFFSET 0) AS r GROUP BY 1";

    static Dictionary<long, BucketSum> Sums(List<string?[]> rows) => rows.ToDictionary(
        r => long.Parse(r[0]!, CultureInfo.InvariantCulture), r => new BucketSum(long.Parse(r[1]!, CultureInfo.InvariantCulture), r[2]!));

    /// <summary>Reads one side bucket by bucket: keys with the hashes of their rows.</summary>
    sealed class BucketReader(IAsyncEnumerable<string> lines) : IAsyncDisposable
    {
        readonly IAsyncEnumerator<string> _lines = lines.GetAsyncEnumerator();
        string? _next;
        bool _begun;

        public long Characters { get; private set; }

        public async Task<Dictionary<string, string>> ReadAsync(long bucket)
        {
            if (!_begun)
            {
                _begun = true;
                await AdvanceAsync();
            }
            var rows = new Dictionary<string, string>();
            var prefix = bucket.ToString(CultureInfo.InvariantCulture) + "\t";
            while (_next is not null && _next.StartsWith(prefix, StringComparison.Ordinal))
            {
                var end = _next.LastIndexOf('\t');
                rows.Add(_next[prefix.Length..end], _next[(end + 1)..]);
                await AdvanceAsync();
            }
            return rows;
        }

        public ValueTask DisposeAsync() => _lines.DisposeAsync();

        async Task AdvanceAsync()
        {
            _next = await _lines.MoveNextAsync() ? _lines.Current : null;
            Characters += (_next?.Length ?? 0) + 1;
        }
    }
}
