using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Takes values that staged rows are to get, and no two may have, away from the rows that have them still; these get their own, or go,
/// a moment later. Deleting them would reach other tables through their foreign keys: so that is done only where another value does not
/// do. What shuts readers out comes last.
/// </summary>
sealed class UniqueExchange(StagedChanges staged, UniqueConflicts conflicts, RowMerge merge, AppliedWrites writes, PgSession target)
{
    /// <param name="order">As for <see cref="Applier.WriteAsync"/>.</param>
    public async Task MakeWayAsync(IReadOnlyList<UniqueIndex> indexes, ForeignKeyOrder? order, CancellationToken cancellationToken)
    {
        foreach (var index in indexes.Where(_ => staged.Rows.AreThere).OrderBy(i => i.IsKey))
        {
            if (!await conflicts.AreThereAsync(index, cancellationToken) || await HelpsAsync(index)
                || await PutOffAsync(index.Parkable.Select(c => c.Name)) && await ParkAsync(index, cancellationToken))
                continue;
            if (!await PutOffAsync(staged.Table.Table.Columns.Select(c => c.Name)) || !await HelpsAsync(index))
            {
                throw new ConstraintInTheWayException(
                    $"{target.Login.Label}: values of the {(index.IsByValue ? "unique index" : "constraint")} "
                        + $"{Sql.Display(index.Name)} pass from rows of {staged.Table.Name} to others, which cannot be done row by row.");
            }
        }

        async Task<bool> HelpsAsync(UniqueIndex index) =>
            await ParkAsync(index, cancellationToken)
            || index.IsKey && await merge.TryAtOnceAsync(cancellationToken)
            || order is not null && await order.DeleteEarlyAsync(cancellationToken)
                && !await conflicts.AreThereAsync(index, cancellationToken)
            || await TakeAwayAsync(index, cancellationToken);

        async Task<bool> PutOffAsync(IEnumerable<string> columns) =>
            order is not null && await order.DeferAsync(staged.Table, columns, cancellationToken);
    }

    /// <summary>
    /// A column may be bound by other constraints, or not be what the index looks at in the end: then the next one is tried.
    /// </summary>
    async Task<bool> ParkAsync(UniqueIndex index, CancellationToken cancellationToken)
    {
        var table = staged.Table;
        foreach (var column in index.Parkable)
        {
            if (await Savepoint.TryAsync(target, async () =>
            {
                // The server counts them as written whatever becomes of the part, and so is it here.
                writes.Parked += await target.AffectedAsync(
                    $"""
                    UPDATE {table.Table.Rows} AS r
                    SET {Sql.Identifier(column.Name)} = {column.Parked(table.Table.Rows, $"c.{table.Own}n")}
                    FROM (SELECT {table.KeyList("t.")}, pg_catalog.row_number() OVER () AS {table.Own}n {conflicts.Of(index)}) AS c
                        WHERE {table.SameKey("r", "c")}
                    """, cancellationToken);
                return !await conflicts.AreThereAsync(index, cancellationToken);
            }, cancellationToken))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>
    /// Takes rows away that are inserted again a moment later, or go. None of another table notices: no foreign key refers to this one, or
    /// it looks later.
    /// </summary>
    async Task<bool> TakeAwayAsync(UniqueIndex index, CancellationToken cancellationToken)
    {
        var (table, deletions) = (staged.Table, staged.Deletions);
        if (await TableReferences.SeeDeletionsAsync(target, table, cancellationToken))
            return false;
        if (deletions.AreThere)
            writes.DeletedEarly += await target.AffectedAsync(
                $"DELETE FROM {table.Table.Rows} AS r USING {deletions.Name} AS k WHERE {table.SameKey("r", "k")}",
                cancellationToken);
        writes.Again += await target.AffectedAsync(
            $"""
            DELETE FROM {table.Table.Rows} AS r USING (SELECT {table.KeyList("t.")} {conflicts.Of(index)}) AS c
            WHERE {table.SameKey("r", "c")} AND EXISTS (SELECT FROM {staged.Rows.Name} AS s WHERE {table.SameKey("s", "r")})
            """, cancellationToken);
        return !await conflicts.AreThereAsync(index, cancellationToken);
    }
}
