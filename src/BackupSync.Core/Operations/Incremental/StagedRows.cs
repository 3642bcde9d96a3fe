using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Rows of one table as the source has them, in a temporary table of the target's transaction, each with the hash that the source
/// computed of it.
/// </summary>
sealed class StagedRows(KeyedTable table, FingerprintMethod method, PgSession target, int number)
{
    /// <summary>PostgreSQL's limit.</summary>
    const int MostColumns = 1600;

    readonly TemporaryTable _rows = new(target, $"backupsync_rows_{number}");
    readonly TemporaryTable _hashes = new(target, $"backupsync_hashes_{number}");
    int _fillings;

    /// <summary>The table that they are in, as statements name it.</summary>
    public string Name => _rows.Name;

    /// <summary>Whether that table is there; it may be empty by now.</summary>
    public bool AreThere => _rows.IsThere;

    public long Count { get; private set; }

    /// <summary>The hash of a row of the table.</summary>
    public string Hash => table.Table.Hashed.Count == 0 ? "0::bigint" : table.Table.RowHash(method);

    /// <summary>The hash of a row in <see cref="Name"/>, where no key tells which other one it would be beside.</summary>
    public string StagedHash => HasRoom ? HashColumn : Hash;

    string HashColumn => table.Own + "hash";
    string Columns => string.Join(", ", table.Table.Columns.Select(c => Sql.Identifier(c.Name)));

    /// <summary>
    /// Whether the hash has a column beside those of the row; else it stands in a table of its own, by key; without a key nowhere.
    /// </summary>
    bool HasRoom => table.Table.Columns.Count < MostColumns;

    /// <summary>What is read of the source: all columns and the row's hash.</summary>
    public string SelectFromSource(string where = "") =>
        $"SELECT {Columns}{(Columns.Length == 0 ? "" : ", ")}{Hash} AS {HashColumn} FROM {table.Table.Rows} AS t {where}";

    /// <summary>Copies rows from the source as they are.</summary>
    /// <returns>Bytes.</returns>
    public async Task<long> FillAsync(PgSession source, string select, Action<long> onRows, CancellationToken cancellationToken)
    {
        var hash = $"0::bigint AS {HashColumn}";
        var (bytes, rows) = HasRoom
            ? await CopyAsync(source, select, _rows, Columns.Length == 0 ? hash : $"{Columns}, {hash}", onRows, cancellationToken)
            : await CopyAsync(source, $"SELECT {Columns} FROM ({select}) AS r", _rows, Columns, onRows, cancellationToken);
        if (rows == 0)
            return bytes;
        if (!HasRoom && table.HasKey)
        {
            var (more, _) = await CopyAsync(source, $"SELECT {table.KeyList()}, {HashColumn} FROM ({select}) AS r", _hashes,
                $"{table.KeyList()}, {hash}", _ => { }, cancellationToken);
            bytes += more;
        }
        _fillings++;
        Count += rows;
        return bytes;
    }

    /// <summary>Copies the rows of some keys.</summary>
    /// <param name="keys">As <see cref="KeyDifference.Key"/> has them.</param>
    public Task<long> FillAsync(PgSession source, IReadOnlyList<string> keys, CancellationToken cancellationToken) =>
        FillAsync(
            source,
            SelectFromSource($"WHERE EXISTS (SELECT FROM {table.KeysAsRows(keys, "k")} WHERE {table.SameKey("t", "k")})"),
            _ => { },
            cancellationToken);

    /// <summary>Forgets them, together with other tables.</summary>
    public async Task ClearAsync(TemporaryTable other, CancellationToken cancellationToken)
    {
        await TemporaryTable.DropAsync(target, [_rows, _hashes, other], cancellationToken);
        (_fillings, Count) = (0, 0);
    }

    /// <summary>Takes out those that the target has already.</summary>
    /// <returns>How many these were.</returns>
    public async Task<long> TakeOutEqualAsync(CancellationToken cancellationToken)
    {
        if (!AreThere)
            return 0;
        if (_fillings > 1)
            TakenOut(await target.AffectedAsync(
                $"DELETE FROM {Name} AS a USING {Name} AS b WHERE a.ctid < b.ctid AND {table.SameKey("a", "b")}", cancellationToken));
        await target.ExecuteAsync($"ANALYZE {Name}", cancellationToken);
        return TakenOut(await target.AffectedAsync($"DELETE FROM {Name} AS s "
            + $"{(HasRoom ? "WHERE" : $"USING {_hashes.Name} AS h WHERE {table.SameKey("h", "s")} AND")} {HashOfSource} = "
            + $"({HashOnTarget})", cancellationToken));
    }

    /// <summary>Notes that a statement has taken some out.</summary>
    /// <returns>How many.</returns>
    public long TakenOut(long rows)
    {
        Count -= rows;
        return rows;
    }

    /// <summary>How many of them the target does not hold as the source has them.</summary>
    public async Task<long> CountWrongAsync(CancellationToken cancellationToken) => !AreThere ? 0
        : await target.ScalarAsync<long>($"SELECT count(*) FROM {Name} AS s "
            + $"{(HasRoom ? "" : $"LEFT JOIN {_hashes.Name} AS h ON {table.SameKey("h", "s")}")} WHERE {HashOfSource} IS DISTINCT FROM "
            + $"({HashOnTarget})", cancellationToken);

    string HashOfSource => $"{(HasRoom ? "s" : "h")}.{HashColumn}";
    string HashOnTarget => $"SELECT {Hash} FROM {table.Table.Rows} AS t WHERE {table.SameKey("t", "s")}";

    /// <param name="columns">Of the temporary table, as SELECT takes them.</param>
    async Task<(long Bytes, long Rows)> CopyAsync(
        PgSession source, string select, TemporaryTable into, string columns, Action<long> onRows, CancellationToken cancellationToken)
    {
        long bytes = 0, rows = 0;
        await source.CopyOutAsync(select, async (from, ct) =>
        {
            var buffer = new byte[128 * 1024];
            var count = await from.ReadAsync(buffer, ct);
            if (count == 0)
                return;
            await into.EnsureEmptyAsync($"SELECT {columns} FROM {table.Table.Rows}", ct);
            try
            {
                await target.CopyInAsync($"COPY {into.Name} FROM STDIN", WriteAsync, ct);
            }
            catch (PgQueryException refused) when (refused.SqlState is not null && refused.ErrorId == ErrorIds.Unexpected)
            {
                throw new PgQueryException(refused.ErrorId, $"{refused.Message} So a row of {table.Name} cannot be written there.",
                    "Values that name a role or another object, or whose type goes by a collation, need the same on the target: make "
                        + "it there, then run again.", refused.SqlState, refused);
            }

            async Task WriteAsync(Stream stream, CancellationToken stop)
            {
                for (; count > 0; count = await from.ReadAsync(buffer, stop))
                {
                    await stream.WriteAsync(buffer.AsMemory(0, count), stop);
                    bytes += count;
                    rows += buffer.AsSpan(0, count).Count((byte)'\n');
                    onRows(rows);
                }
            }
        }, cancellationToken);
        return (bytes, rows);
    }
}
