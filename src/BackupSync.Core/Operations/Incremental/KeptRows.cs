using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Rows of the target that stay where the last write wins, though the source has others in their place or none: their keys, in
/// temporary tables of the target's transaction.
/// </summary>
sealed class KeptRows(KeyedTable table, PgSession target, int number)
{
    readonly TemporaryTable _kept = new(target, $"backupsync_kept_{number}");
    readonly TemporaryTable _spared = new(target, $"backupsync_spared_{number}");

    /// <summary>A table of the keys of rows that only the target has, and keeps; null where there are none.</summary>
    public string? Spared => _spared.IsThere ? _spared.Name : null;

    /// <summary>How many these are.</summary>
    public long SparedCount { get; private set; }

    /// <summary>Leaves the target's rows where these are newer than what the source has of them, or are its own.</summary>
    /// <param name="stamp">Null where the table has none: then a row that both have is the source's.</param>
    /// <param name="own">As <see cref="OwnRows.Condition"/>; null where nobody knows which are.</param>
    /// <returns>How many rows were kept.</returns>
    public async Task<long> KeepAsync(
        StagedRows rows, StagedDeletions deletions, TableColumn? stamp, string? own, CancellationToken cancellationToken)
    {
        long newer = 0;
        if (rows.AreThere && stamp is not null)
        {
            var column = Sql.Identifier(stamp.Name);
            await EnsureEmptyAsync(_kept);
            newer = rows.TakenOut(await MoveAsync(
                $"DELETE FROM {rows.Name} AS s WHERE EXISTS (SELECT FROM {table.Table.Rows} AS t WHERE {table.SameKey("t", "s")} "
                    + $"AND {Stamps.IsNewer($"t.{column}", $"s.{column}")}) RETURNING {table.KeyList("s.")}", _kept));
        }
        if (deletions.AreThere)
        {
            await EnsureEmptyAsync(_kept);
            await EnsureEmptyAsync(_spared);
            SparedCount = deletions.TakenOut(await MoveAsync(
                $"DELETE FROM {deletions.Name} AS k "
                    + (own is null
                        ? ""
                        : $"WHERE EXISTS (SELECT FROM {table.Table.Rows} AS t WHERE {table.SameKey("t", "k")} AND {own})")
                    + $" RETURNING {table.KeyList("k.")}", _spared));
            await target.ExecuteAsync($"INSERT INTO {_kept.Name} SELECT * FROM {_spared.Name}", cancellationToken);
        }
        return newer + SparedCount;

        Task EnsureEmptyAsync(TemporaryTable some) =>
            some.EnsureEmptyAsync($"SELECT {table.KeyList()} FROM {table.Table.Rows}", cancellationToken);

        Task<long> MoveAsync(string taking, TemporaryTable into) =>
            target.AffectedAsync($"WITH k AS ({taking}) INSERT INTO {into.Name} SELECT * FROM k", cancellationToken);
    }

    /// <summary>Keeps those no longer that are to be deleted after all.</summary>
    /// <returns>How many of these only the target has.</returns>
    public async Task<long> LeaveAsync(StagedDeletions deletions, CancellationToken cancellationToken)
    {
        if (!_kept.IsThere)
            return 0;
        await target.ExecuteAsync(
            $"DELETE FROM {_kept.Name} AS a USING {deletions.Name} AS k WHERE {table.SameKey("a", "k")}", cancellationToken);
        var own = !_spared.IsThere ? 0 : await target.AffectedAsync(
            $"DELETE FROM {_spared.Name} AS a USING {deletions.Name} AS k WHERE {table.SameKey("a", "k")}", cancellationToken);
        SparedCount -= own;
        return own;
    }

    /// <summary>How many of them are no longer there.</summary>
    public async Task<long> CountLostAsync(CancellationToken cancellationToken) => !_kept.IsThere ? 0
        : await target.ScalarAsync<long>(
            $"SELECT count(*) FROM {_kept.Name} AS k WHERE NOT EXISTS (SELECT FROM {table.Table.Rows} AS t "
                + $"WHERE {table.SameKey("t", "k")})", cancellationToken);
}
