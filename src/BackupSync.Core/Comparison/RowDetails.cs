using System.Runtime.CompilerServices;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>Tells of a table whose content differs which rows it is, and which of their columns.</summary>
static class RowDetails
{
    /// <summary>Keys asked for in one statement.</summary>
    const int KeysAtOnce = 200;
    const int LongestRow = 200;

    /// <param name="source">Two sessions that see one snapshot at the least, and <paramref name="target"/> likewise.</param>
    public static IAsyncEnumerable<RowDifference> ReadAsync(
        SharedTable table, FingerprintMethod method, IReadOnlyList<PgSession> source, IReadOnlyList<PgSession> target,
        CancellationToken cancellationToken) =>
        table.Source.HasKey
            ? ByKeyAsync(table, method, source, target, cancellationToken)
            : ByRowAsync(table.Source, method, source[0], target[0], cancellationToken);

    static async IAsyncEnumerable<RowDifference> ByKeyAsync(
        SharedTable table, FingerprintMethod method, IReadOnlyList<PgSession> source, IReadOnlyList<PgSession> target,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var comparison = await TableComparison.ReadAsync(table.Source, method, keysOnly: false, source[0], target[0], cancellationToken);
        // The first sessions are busy while rows come; the second ones are asked which columns differ.
        await foreach (var some in ChunkAsync(comparison.RowsAsync(source[0], target[0], cancellationToken)))
        {
            var changed = some.Where(d => d.Side == RowSide.Both).Select(d => d.Key).ToList();
            var columns = changed.Count == 0 ? [] : await ColumnsAsync(table, method, changed, source[1], target[1], cancellationToken);
            foreach (var row in some)
            {
                yield return new RowDifference(table.Source.Name, Show(row.Key), row.Side switch
                {
                    RowSide.Both => RowState.Different,
                    RowSide.SourceOnly => RowState.SourceOnly,
                    _ => RowState.TargetOnly,
                }, columns.GetValueOrDefault(row.Key, ""), 1);
            }
        }
    }

    /// <summary>The names of the columns that differ, by the rows' keys.</summary>
    static async Task<Dictionary<string, string>> ColumnsAsync(
        SharedTable table, FingerprintMethod method, IReadOnlyList<string> keys, PgSession source, PgSession target,
        CancellationToken cancellationToken)
    {
        var others = table.Source.Table.Hashed.Where(c => table.Source.Key.All(k => k.Name != c.Name)).ToList();
        var (there, here) = await BothSides.RunAsync(
            stop => HashesAsync(table.Source, method, others, keys, source, stop), stop => HashesAsync(
                table.Target, method, others, keys, target, stop), cancellationToken);
        return keys.Where(k => there.ContainsKey(k) && here.ContainsKey(k)).ToDictionary(k => k, k =>
            string.Join(", ", others.Where((_, i) => there[k][i] != here[k][i]).Select(c => c.Name)));
    }

    /// <summary>
    /// A hash of each column, by the rows' keys. Lines are taken apart as they are: a key may hold what stands between its columns.
    /// </summary>
    static async Task<Dictionary<string, string[]>> HashesAsync(
        KeyedTable table, FingerprintMethod method, IReadOnlyList<TableColumn> columns, IReadOnlyList<string> keys, PgSession session,
        CancellationToken cancellationToken)
    {
        var select =
            $"SELECT {table.KeyList("t.")}{string.Concat(columns.Select(c => $", pg_catalog.md5(({c.Expression(method)})::text)"))} "
            + $"FROM {table.Table.Rows} AS t WHERE EXISTS (SELECT FROM {table.KeysAsRows(keys, "k")} WHERE {table.SameKey("t", "k")})";
        var hashes = new Dictionary<string, string[]>();
        await foreach (var line in session.LinesAsync(select, cancellationToken))
        {
            var fields = line.Split('\t');
            hashes[string.Join('\t', fields[..table.Key.Count])] = fields[table.Key.Count..];
        }
        return hashes;
    }

    /// <summary>Rows without a key are the same if all of them is: what one side has more of is told.</summary>
    static async IAsyncEnumerable<RowDifference> ByRowAsync(
        KeyedTable table, FingerprintMethod method, PgSession source, PgSession target,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var columns = table.Table.Columns.Count == 0
            ? "''"
            : $"pg_catalog.left(ROW({string.Join(", ", table.Table.Columns.Select(c => Sql.Identifier(c.Name)))})::text, {LongestRow})";
        var hash = table.Table.Hashed.Count == 0 ? "0" : table.Table.RowHash(method);
        var select = $"SELECT {hash}, count(*), min({columns}) FROM {table.Table.Rows} GROUP BY 1 ORDER BY 1";
        await using var there = source.LinesAsync(select, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var here = target.LinesAsync(select, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var (ours, theirs) = (await NextAsync(there), await NextAsync(here));
        while (ours is not null || theirs is not null)
        {
            var order = ours is null ? 1 : theirs is null ? -1 : ours.Value.Hash.CompareTo(theirs.Value.Hash);
            var more = (order <= 0 ? ours!.Value.Count : 0) - (order >= 0 ? theirs!.Value.Count : 0);
            if (more != 0)
                yield return new RowDifference(
                    table.Name,
                    (order <= 0 ? ours : theirs)!.Value.Row,
                    more > 0 ? RowState.SourceOnly : RowState.TargetOnly,
                    "",
                    Math.Abs(more));
            if (order <= 0)
                ours = await NextAsync(there);
            if (order >= 0)
                theirs = await NextAsync(here);
        }

        static async Task<(long Hash, long Count, string Row)?> NextAsync(IAsyncEnumerator<string> lines)
        {
            if (!await lines.MoveNextAsync())
                return null;
            var row = new Row(CopyText.Fields(lines.Current));
            return (row.Long(0), row.Long(1), row.TextOrNull(2) ?? "");
        }
    }

    static string Show(string key) => string.Join(", ", CopyText.Fields(key));

    static async IAsyncEnumerable<List<KeyDifference>> ChunkAsync(IAsyncEnumerable<KeyDifference> rows)
    {
        var some = new List<KeyDifference>(KeysAtOnce);
        await foreach (var row in rows)
        {
            some.Add(row);
            if (some.Count < KeysAtOnce)
                continue;
            yield return some;
            some = new List<KeyDifference>(KeysAtOnce);
        }
        if (some.Count > 0)
            yield return some;
    }
}
