using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Where periods of a key WITHOUT OVERLAPS changed, and the target's rows are to stay: what a staged row overlaps is the same row as it
/// was before. The one with the later stamp stays.
/// </summary>
sealed class PeriodOverlaps(StagedChanges staged, UniqueConflicts conflicts, PgSession target)
{
    /// <summary>Rows of the target that go, because staged ones overlap them.</summary>
    public long Replaced { get; private set; }

    /// <param name="index">The key's.</param>
    /// <param name="stamp">Null where the source's row is to be taken.</param>
    /// <returns>How many more rows are kept; fewer where they had been kept only as none of the source's.</returns>
    public async Task<long> SettleAsync(UniqueIndex index, TableColumn? stamp, CancellationToken cancellationToken)
    {
        var (table, rows, deletions) = (staged.Table, staged.Rows, staged.Deletions);
        if (!rows.AreThere)
            return 0;
        await deletions.EnsureTableAsync(cancellationToken);
        long kept = 0;
        if (stamp is not null)
        {
            var column = Sql.Identifier(stamp.Name);
            var columns = $"{table.KeyList()}, {column} AS {table.Own}stamp";
            kept = rows.TakenOut(await target.AffectedAsync(
                $"""
                DELETE FROM {rows.Name} AS r USING (
                    SELECT s.{table.Own}id FROM {conflicts.InTarget(index, columns)} AS t
                        JOIN {conflicts.InStaged(index, $"{columns}, ctid AS {table.Own}id")} AS s ON {index.Same}
                    WHERE NOT ({table.SameKey("t", "s")})
                      AND NOT EXISTS (SELECT FROM {deletions.Name} AS k WHERE {table.SameKey("k", "t")})
                      AND {Stamps.IsNewer($"t.{table.Own}stamp", $"s.{table.Own}stamp")}) AS c
                WHERE r.ctid = c.{table.Own}id
                """, cancellationToken));
        }
        var changed = deletions.Added(await target.AffectedAsync(
            $"""
            INSERT INTO {deletions.Name} SELECT DISTINCT {table.KeyList("t.")} {conflicts.Of(index)}
            AND NOT EXISTS (SELECT FROM {deletions.Name} AS k WHERE {table.SameKey("k", "t")})
            AND NOT EXISTS (SELECT FROM {rows.Name} AS r WHERE {table.SameKey("r", "t")})
            """, cancellationToken));
        Replaced += changed;
        return changed > 0 ? kept - await staged.Kept.LeaveAsync(deletions, cancellationToken) : kept;
    }
}
