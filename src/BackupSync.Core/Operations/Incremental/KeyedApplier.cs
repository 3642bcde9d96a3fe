using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>Of a table whose rows a key tells apart.</summary>
sealed class KeyedApplier : Applier
{
    readonly RowMerge _merge;
    readonly UniqueExchange _exchange;

    public KeyedApplier(StagedChanges staged, PgSession target) : base(staged, target)
    {
        _merge = new RowMerge(staged, Statements, Writes, target);
        _exchange = new UniqueExchange(staged, Conflicts, _merge, Writes, target);
    }

    public override async Task<AppliedRows> WriteAsync(
        IReadOnlyList<UniqueIndex> indexes, ForeignKeyOrder? order, CancellationToken cancellationToken)
    {
        await _exchange.MakeWayAsync(indexes, order, cancellationToken);
        return await _merge.RunAsync(cancellationToken);
    }

    public override async Task LetGoAsync(CancellationToken cancellationToken)
    {
        foreach (var column in Staged.Deletions.Count > 0 ? Late.Select(l => Sql.Identifier(l.Name)) : [])
            Writes.Parked += await Target.AffectedAsync($"UPDATE {Table.Table.Rows} AS t SET {column} = NULL "
                + $"FROM {Staged.Deletions.Name} AS k WHERE {Table.SameKey("t", "k")} AND t.{column} IS NOT NULL", cancellationToken);
    }

    public override async Task CompleteAsync(CancellationToken cancellationToken)
    {
        foreach (var column in Staged.Rows.AreThere ? Late.Select(l => Sql.Identifier(l.Name)) : [])
            Writes.Parked += await Target.AffectedAsync($"UPDATE {Table.Table.Rows} AS t SET {column} = s.{column} "
                + $"FROM {Staged.Rows.Name} AS s WHERE {Table.SameKey("t", "s")} AND t.{column} IS NULL AND s.{column} IS NOT NULL",
                cancellationToken);
    }

    public override async Task<long> DeleteAsync(CancellationToken cancellationToken) => Staged.Deletions.Count == 0 ? 0
        : Writes.DeletedEarly + await Target.AffectedAsync(
            $"DELETE FROM {Table.Table.Rows} AS t USING {Staged.Deletions.Name} AS k WHERE {Table.SameKey("t", "k")}",
            cancellationToken);

    public override async Task VerifyAsync(CancellationToken cancellationToken)
    {
        var wrong = await Staged.Rows.CountWrongAsync(cancellationToken) + await Staged.Deletions.CountLeftAsync(cancellationToken);
        if (wrong > 0)
        {
            throw TableVerification.Differs(Target, Table.Name,
                $"{wrong} of {Staged.Rows.Count + Staged.Deletions.Count} rows that were written or deleted are not what the source has");
        }
        if (await Staged.Kept.CountLostAsync(cancellationToken) is > 0 and var lost)
        {
            throw new BackupSyncException(ErrorIds.VerificationFailed,
                $"{Target.Login.Label}: {lost} row(s) of {Table.Name} that were to be kept, because they are newer or the target's "
                    + "own, would go with rows that they refer to and that the source has deleted.",
                "Delete them on the target, or bring back on the source what they refer to; with conflict: "
                    + "sourceWins they go without asking.");
        }
    }
}
