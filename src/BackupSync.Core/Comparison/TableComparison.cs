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
    /// <summary>To read all rows of fewer takes no longer than one more question.</summary>
    const int ManyBuckets = 64;

    /// <summary>To hash so many takes longer than one more question.</summary>
    const int ManyRows = 100_000;

    /// <summary>Of so many a few are looked at.</summary>
    const int SomeRows = 1000;

    readonly KeyedTable _table;
    readonly KeyBuckets _buckets;
    readonly string _hash;
    readonly Dictionary<long, BucketSum> _source, _target;

    TableComparison(
        KeyedTable table,
        KeyBuckets buckets,
        string hash,
        Dictionary<long, BucketSum> source,
        Dictionary<long, BucketSum> target)
    {
        (_table, _buckets, _hash, _source, _target) = (table, buckets, hash, source, target);
        SourceRows = source.Values.Sum(b => b.Rows);
        TargetRows = target.Values.Sum(b => b.Rows);
        Differing = DifferencesOf(source, target);
        LargestDiffering = Differing.Select(b => Math.Max(source.GetValueOrDefault(b).Rows, target.GetValueOrDefault(b).Rows))
            .DefaultIfEmpty()
            .Max();
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
        KeyedTable table, FingerprintMethod method, bool keysOnly, IQueryRunner source, IQueryRunner target,
        CancellationToken cancellationToken)
    {
        var buckets = await KeyBuckets.ChooseAsync(table, method, source, target, cancellationToken);
        if (!keysOnly && table.Estimate >= ManyRows && await IsSeldomNullAsync(table.Table, method, source, cancellationToken))
            table = table with { Table = table.Table with { IsSeldomNull = true } };
        var hash = keysOnly ? RowHash.Of(table.KeyTableColumns, method, seed: 0) : table.Table.RowHash(method);
        var comparison = await ReadAsync(table, buckets, hash, source, target, cancellationToken);
        if (!buckets.MayCrowd || comparison.LargestDiffering <= KeyBuckets.MostRows)
            return comparison;
        var again = await ReadAsync(table, KeyBuckets.ByHash(table, method), hash, source, target, cancellationToken);
        again.Received += comparison.Received;
        return again;
    }

    static async Task<TableComparison> ReadAsync(
        KeyedTable table,
        KeyBuckets buckets,
        string hash,
        IQueryRunner source,
        IQueryRunner target,
        CancellationToken cancellationToken)
    {
        var select = Sums(table, $"SELECT {buckets.Number} AS {table.Own}n, {hash} AS {table.Own}hash FROM {table.Table.Rows} AS t");
        var both = await BothSides.RowsAsync(source, target, select, cancellationToken);
        return new TableComparison(table, buckets, hash, Sums(both.Source), Sums(both.Target)) { Received = Characters(both.Source) };
    }

    /// <summary>Looks at some rows.</summary>
    static async Task<bool> IsSeldomNullAsync(
        TableColumns table, FingerprintMethod method, IQueryRunner source, CancellationToken cancellationToken)
    {
        var nullable = RowHash.Nullable(table.Hashed, method).Select(c => Sql.Identifier(c.Name)).ToList();
        if (nullable.Count == 0)
            return false;
        var rows = await source.RowsAsync(
            $"SELECT count(*) FILTER (WHERE {string.Join(" OR ", nullable.Select(c => $"{c} IS NULL"))}) "
            + $"FROM (SELECT {string.Join(", ", nullable)} FROM {table.Rows} LIMIT {SomeRows}) AS t", cancellationToken);
        return rows[0].Long(0) <= SomeRows / 20;
    }

    /// <summary>The rows that differ, in no order of their own.</summary>
    public async IAsyncEnumerable<KeyDifference> RowsAsync(
        PgSession source,
        PgSession target,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Differing.Count == 0)
            yield break;
        await TaskGroup.RunAsync(
            cancellationToken, ct => source.ExecuteAsync(_buckets.Planning, ct), ct => target.ExecuteAsync(_buckets.Planning, ct));
        foreach (var some in Differing.Chunk(_buckets.AtOnce))
        {
            var (buckets, differing) = LooksAtParts
                ? (_buckets.Finer!, await DifferingPartsAsync(some, source, target, cancellationToken)) : (_buckets, some);
            foreach (var few in differing.Chunk(buckets.AtOnce))
            {
                await foreach (var row in RowsAsync(buckets, few, source, target, cancellationToken))
                    yield return row;
            }
        }
        await TaskGroup.RunAsync(
            cancellationToken,
            ct => source.ExecuteAsync(KeyBuckets.UsualPlanning, ct),
            ct => target.ExecuteAsync(KeyBuckets.UsualPlanning, ct));
    }

    /// <summary>Whether it pays to ask once more: there is much to be read, and most of it will be the same.</summary>
    bool LooksAtParts => _buckets.Finer is not null && Differing.Count is >= ManyBuckets && Differing.Count <= _source.Count / 4;

    async Task<IReadOnlyList<long>> DifferingPartsAsync(
        IReadOnlyList<long> buckets, PgSession source, PgSession target, CancellationToken cancellationToken)
    {
        var both = await BothSides.RowsAsync(source, target, Sums(_table, _buckets.PartsOf(buckets, _hash)), cancellationToken);
        Received += Characters(both.Source);
        var (there, here) = (Sums(both.Source), Sums(both.Target));
        var differing = DifferencesOf(there, here);
        Unchanged += there.Values.Sum(p => p.Rows) - differing.Sum(p => there.GetValueOrDefault(p).Rows);
        return differing;
    }

    async IAsyncEnumerable<KeyDifference> RowsAsync(
        KeyBuckets buckets, IReadOnlyList<long> some, PgSession source, PgSession target,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var select = $"{buckets.RowsOf(some, $"{_table.KeyList("t.")}, {_hash}")} ORDER BY 1";
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var there = new BucketReader(source.LinesAsync(select, reading.Token));
        await using var here = new BucketReader(target.LinesAsync(select, reading.Token));
        // Both at once: a server has found all before it sends the first.
        await TaskGroup.RunAsync(cancellationToken, stop => BeginAsync(there, stop), stop => BeginAsync(here, stop));
        foreach (var bucket in some)
        {
            var (sourceRows, targetRows) = WithoutSameEnds(await there.ReadAsync(bucket), await here.ReadAsync(bucket));
            var others = targetRows.Select(KeyAndHash).ToDictionary();
            foreach (var (key, hash) in sourceRows.Select(KeyAndHash))
            {
                if (!others.Remove(key, out var other))
                    yield return new KeyDifference(RowSide.SourceOnly, key);
                else if (other != hash)
                    yield return new KeyDifference(RowSide.Both, key);
                else
                    Unchanged++;
            }
            foreach (var key in others.Keys)
                yield return new KeyDifference(RowSide.TargetOnly, key);
        }
        Received += there.Characters;

        async Task BeginAsync(BucketReader reader, CancellationToken stop)
        {
            await using var _ = stop.Register(reading.Cancel);
            await reader.BeginAsync();
        }
    }

    /// <summary>Whether the buckets that differed hold on the target now what they hold on the source, and how many rows it has.</summary>
    /// <param name="target">A session that sees what was written.</param>
    /// <param name="more">
    /// How many rows more than before there are by the server's count of all that its transaction has written; null where it does not
    /// count. If these came to the buckets that differed, there are none anywhere else, and no row has to be counted again.
    /// </param>
    public async Task<(bool IsResolved, long Rows)> LookAgainAsync(IQueryRunner target, long? more, CancellationToken cancellationToken)
    {
        long? all = null;
        long there = 0;
        var isResolved = true;
        await target.ExecuteAsync(_buckets.Planning, cancellationToken);
        foreach (var some in Differing.Chunk(_buckets.AtOnce))
        {
            var rows = _buckets.RowsOfAndOthers(some, _hash);
            var found = await target.RowsAsync(
                Sums(_table, rows ?? _buckets.RowsOf(some, $"{_hash} AS {_table.Own}hash")), cancellationToken);
            if (rows is not null)
                all = found.Sum(r => r.Long(1));
            var now = Sums(found.Where(r => r.TextOrNull(0) is not null));
            there += now.Values.Sum(b => b.Rows) - some.Sum(b => _target.GetValueOrDefault(b).Rows);
            isResolved &= some.All(b => now.TryGetValue(b, out var sum)
                ? _source.TryGetValue(b, out var wanted) && wanted == sum : !_source.ContainsKey(b));
        }
        await target.ExecuteAsync(KeyBuckets.UsualPlanning, cancellationToken);
        if (all is null && more == there)
            return (isResolved, TargetRows + there);
        return (isResolved,
            all ?? (await target.RowsAsync($"SELECT count(*) FROM {_table.Table.Rows}", cancellationToken))[0].Long(0));
    }

    /// <summary>
    /// Most rows of a bucket are the same, and an index gives both sides' in one order: what is alike from the beginning on, and from
    /// the end, need not be looked up by its key.
    /// </summary>
    (List<string> Source, List<string> Target) WithoutSameEnds(List<string> source, List<string> target)
    {
        int first = 0, last = 0, most = Math.Min(source.Count, target.Count);
        while (first < most && source[first] == target[first])
            first++;
        while (last < most - first && source[^(last + 1)] == target[^(last + 1)])
            last++;
        Unchanged += first + last;
        return (source.GetRange(first, source.Count - first - last), target.GetRange(first, target.Count - first - last));
    }

    /// <summary>Of a line that begins with the number of a bucket.</summary>
    static KeyValuePair<string, string> KeyAndHash(string line)
    {
        var (begin, end) = (line.IndexOf('\t') + 1, line.LastIndexOf('\t'));
        return new(line[begin..end], line[(end + 1)..]);
    }

    /// <summary>
    /// OFFSET 0 keeps the server from looking into the rows, and so from taking as many buckets for granted as there are keys: it would
    /// sort whole rows on disk then, instead of adding up as they come.
    /// </summary>
    static string Sums(KeyedTable table, string rows) =>
        $"SELECT {table.Own}n, count(*), sum({table.Own}hash) FROM ({rows} OFFSET 0) AS r GROUP BY 1";

    static long[] DifferencesOf(Dictionary<long, BucketSum> source, Dictionary<long, BucketSum> target) =>
        [.. source.Keys.Union(target.Keys)
            .Where(b => !source.TryGetValue(b, out var there) || !target.TryGetValue(b, out var here) || there != here).Order()];

    static long Characters(List<Row> rows) => rows.Sum(r => r.Characters);

    static Dictionary<long, BucketSum> Sums(IEnumerable<Row> rows) => rows.ToDictionary(
        r => r.Long(0), r => new BucketSum(r.Long(1), r.Text(2)));

    /// <summary>Reads one side bucket by bucket: lines of the bucket's number, the key and the hash of the row.</summary>
    sealed class BucketReader(IAsyncEnumerable<string> lines) : IAsyncDisposable
    {
        readonly IAsyncEnumerator<string> _lines = lines.GetAsyncEnumerator();
        readonly List<string> _rows = [];
        string? _next;

        public long Characters { get; private set; }

        /// <summary>Asks, and waits for the first line.</summary>
        public async Task BeginAsync() => await AdvanceAsync();

        /// <returns>Good until the next call.</returns>
        public async Task<List<string>> ReadAsync(long bucket)
        {
            _rows.Clear();
            var prefix = bucket.ToString(CultureInfo.InvariantCulture) + "\t";
            while (_next is not null && _next.StartsWith(prefix, StringComparison.Ordinal))
            {
                _rows.Add(_next);
                await AdvanceAsync();
            }
            return _rows;
        }

        public ValueTask DisposeAsync() => _lines.DisposeAsync();

        async ValueTask AdvanceAsync()
        {
            _next = await _lines.MoveNextAsync() ? _lines.Current : null;
            Characters += (_next?.Length ?? 0) + 1;
        }
    }
}
