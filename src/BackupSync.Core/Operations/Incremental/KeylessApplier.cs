using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Of a table without a key. Unique values tell of some rows what became of them: these are updated, so that nothing happens to what
/// refers to them. What is too many goes when what referred to it has gone, or at once where it is in the way.
/// </summary>
/// <param name="stamp">Where the row with the later one is to stay; else null.</param>
sealed class KeylessApplier(StagedChanges staged, TableColumn? stamp, PgSession target) : Applier(staged, target)
{
    public override async Task<AppliedRows> WriteAsync(
        IReadOnlyList<UniqueIndex> indexes, ForeignKeyOrder? order, CancellationToken cancellationToken)
    {
        var (updated, kept) = await UpdatePairsAsync(indexes, cancellationToken);
        Staged.Surplus.Settle();
        return new AppliedRows(await InsertAsync(indexes, order, cancellationToken), updated, kept);
    }

    public override async Task<long> DeleteAsync(CancellationToken cancellationToken) =>
        Writes.DeletedEarly + await Staged.Surplus.DeleteAsync(cancellationToken);

    async Task<(long Updated, long Kept)> UpdatePairsAsync(IReadOnlyList<UniqueIndex> indexes, CancellationToken cancellationToken)
    {
        long updated = 0, kept = 0;
        foreach (var index in Staged.Rows.AreThere && Staged.Surplus.AreThere ? indexes : [])
        {
            if (Staged.Rows.Count > 0)
            {
                var pairs = await UpdatePairsAsync(index, cancellationToken);
                (updated, kept) = (updated + pairs.Updated, kept + pairs.Kept);
            }
        }
        return (updated, kept);
    }

    /// <summary>Rows of before and after, told by an index.</summary>
    async Task<(long Updated, long Kept)> UpdatePairsAsync(UniqueIndex index, CancellationToken cancellationToken)
    {
        if (Statements.Settable.Count == 0 || Statements.Written.Any(c => c.IsAlwaysIdentity) || !index.IsByValue)
            return (0, 0);
        var (rows, surplus, pairs) = (Staged.Rows, Staged.Surplus, Staged.Surplus.Pairs);
        await pairs.MakeAnewAsync(
            $"""
            SELECT x.relation, x.id, s.{Table.Own}id AS staged
            FROM {surplus.Name} AS x
            JOIN {Conflicts.InTarget(index, $"tableoid AS {Table.Own}relation, ctid AS {Table.Own}id")} AS t
                ON t.{Table.Own}relation = x.relation AND t.{Table.Own}id = x.id
            JOIN {Conflicts.InStaged(index, $"ctid AS {Table.Own}id")} AS s ON {index.Same}
            """, cancellationToken);
        long kept = 0;
        if (stamp is not null)
        {
            var column = Sql.Identifier(stamp.Name);
            kept = rows.TakenOut(await Target.AffectedAsync(
                $"""
                DELETE FROM {rows.Name} AS s USING {pairs.Name} AS p, {Table.Table.Rows} AS t WHERE s.ctid = p.staged
                    AND t.tableoid = p.relation AND t.ctid = p.id
                AND {Stamps.IsNewer($"t.{column}", $"s.{column}")}
                """, cancellationToken));
        }
        long updated = 0;
        if (!await Savepoint.TryAsync(Target, async () =>
        {
            updated = await Target.AffectedAsync(
                $"UPDATE {Table.Table.Rows} AS t SET {Statements.Set} FROM {pairs.Name} AS p JOIN {rows.Name} AS s ON s.ctid = p.staged "
                    + "WHERE t.tableoid = p.relation AND t.ctid = p.id", cancellationToken);
            return true;
        }, cancellationToken))
        {
            return (0, kept);
        }
        await Target.ExecuteAsync(
            $"DELETE FROM {surplus.Name} AS x USING {pairs.Name} AS p WHERE x.relation = p.relation AND x.id = p.id",
            cancellationToken);
        await Target.ExecuteAsync($"DELETE FROM {rows.Name} AS s USING {pairs.Name} AS p WHERE s.ctid = p.staged", cancellationToken);
        rows.TakenOut(updated);
        surplus.TakenOut(updated);
        return (updated, kept);
    }

    /// <summary>Inserts what is left, and deletes what is too many before that where it is in the way.</summary>
    async Task<long> InsertAsync(IReadOnlyList<UniqueIndex> indexes, ForeignKeyOrder? order, CancellationToken cancellationToken)
    {
        if (!Staged.Rows.AreThere || Staged.Rows.Count == 0)
            return 0;
        if (!await IsSurplusInTheWayAsync(indexes, cancellationToken))
            return await Target.AffectedAsync(Statements.Insert, cancellationToken);
        // Actions of foreign keys would make the one statement reach further than it has to.
        var isDoubtful = await TableReferences.SeeDeletionsAsync(Target, Table, cancellationToken);
        if (isDoubtful && order is not null && await order.DeleteEarlyAsync(cancellationToken))
            return await Target.AffectedAsync(Statements.Insert, cancellationToken);
        var would = isDoubtful && await Savepoint.WouldDoAsync(Target, () => ReplaceAsync(cancellationToken), cancellationToken);
        if (isDoubtful && !would
            && (order is null || !await order.DeferAsync(Table, Table.Table.Columns.Select(c => c.Name), cancellationToken)))
            return await Target.AffectedAsync(Statements.Insert, cancellationToken);
        var (inserted, deleted) = await ReplaceAsync(cancellationToken);
        Writes.DeletedEarly += deleted;
        if (would)
            Writes.Vain = (inserted, 0, deleted);
        return inserted;
    }

    async Task<bool> IsSurplusInTheWayAsync(IReadOnlyList<UniqueIndex> indexes, CancellationToken cancellationToken)
    {
        foreach (var index in Staged.Surplus.ToGo > 0 ? indexes : [])
        {
            if (await Conflicts.AreThereAsync(index, cancellationToken))
                return true;
        }
        return false;
    }

    async Task<(long Inserted, long Deleted)> ReplaceAsync(CancellationToken cancellationToken)
    {
        var gone = await Staged.Surplus.CountLeftAsync(cancellationToken);
        return (await Target.AffectedAsync(
            $"WITH gone AS ({Staged.Surplus.Deletion} RETURNING 1) {Statements.Insert} WHERE (SELECT count(*) FROM gone) >= 0",
            cancellationToken), gone);
    }
}
