using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Of a table without a key the rows that the target has too many of, by their places, in a temporary table of its transaction. They
/// go, or are given the values of staged rows.
/// </summary>
sealed class SurplusRows(KeyedTable table, PgSession target, int number)
{
    readonly TemporaryTable _surplus = new(target, $"backupsync_surplus_{number}");
    bool _mayGo;

    /// <summary>A table of which staged row each of some is to become.</summary>
    public TemporaryTable Pairs { get; } = new(target, $"backupsync_pairs_{number}");

    public string Name => _surplus.Name;

    /// <summary>Whether they were looked for.</summary>
    public bool AreThere => _surplus.IsThere;

    /// <summary>How many are to go.</summary>
    public long ToGo { get; private set; }

    /// <summary>Whether none of them will be given values any more: what is too many still is so for good.</summary>
    public bool AreSettled { get; private set; }

    /// <summary>Takes them out of the table.</summary>
    public string Deletion => $"DELETE FROM {table.Table.Rows} AS t USING {Name} AS x WHERE t.tableoid = x.relation AND t.ctid = x.id";

    /// <summary>
    /// Finds them, and leaves of all rows of the source, each of which is staged as often as it is there, those that the target lacks.
    /// </summary>
    /// <param name="mayGo">Whether what is too many is to go.</param>
    /// <returns>How many are the same on both sides.</returns>
    public async Task<long> FindAsync(StagedRows rows, bool mayGo, CancellationToken cancellationToken)
    {
        var (hash, staged) = (rows.Hash, rows.StagedHash);
        var wanted = rows.AreThere
            ? $"SELECT {staged} AS hash, count(*) AS n FROM {rows.Name} GROUP BY 1"
            : "SELECT NULL::bigint AS hash, 0 AS n";
        await _surplus.MakeAsync(
            $"""
            SELECT t.relation, t.id
            FROM (SELECT tableoid AS relation, ctid AS id, {hash} AS hash, pg_catalog.row_number() OVER (PARTITION BY {hash}) AS n
                FROM {table.Table.Rows}) AS t
            LEFT JOIN ({wanted}) AS s ON s.hash = t.hash WHERE t.n > coalesce(s.n, 0)
            """, cancellationToken);
        _mayGo = mayGo;
        ToGo = mayGo ? await target.ScalarAsync<long>($"SELECT count(*) FROM {Name}", cancellationToken) : 0;
        if (!rows.AreThere)
            return 0;
        return rows.TakenOut(await target.AffectedAsync(
            $"""
            DELETE FROM {rows.Name} AS s
            USING (SELECT ctid AS id, {staged} AS hash, pg_catalog.row_number() OVER (PARTITION BY {staged}) AS n FROM {rows.Name}) AS a
            JOIN (SELECT {hash} AS hash, count(*) AS n FROM {table.Table.Rows} GROUP BY 1) AS t ON t.hash = a.hash AND a.n <= t.n
            WHERE s.ctid = a.id
            """, cancellationToken));
    }

    /// <summary>Notes that some have been given values, and are too many no longer.</summary>
    public void TakenOut(long rows)
    {
        if (_mayGo)
            ToGo -= rows;
    }

    public void Settle() => AreSettled = true;

    /// <summary>How many of them are there still.</summary>
    public Task<long> CountLeftAsync(CancellationToken cancellationToken) => target.ScalarAsync<long>(
        $"SELECT count(*) FROM {table.Table.Rows} AS t WHERE EXISTS (SELECT FROM {Name} AS x "
            + "WHERE t.tableoid = x.relation AND t.ctid = x.id)", cancellationToken);

    /// <summary>Deletes those that are to go, once it is known which these are.</summary>
    public async Task<long> DeleteAsync(CancellationToken cancellationToken) =>
        AreThere && _mayGo && AreSettled ? await target.AffectedAsync(Deletion, cancellationToken) : 0;
}
