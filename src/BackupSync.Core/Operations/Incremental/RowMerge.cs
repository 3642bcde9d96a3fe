using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>Writes staged rows by their keys: those that are there are updated, the others inserted.</summary>
sealed class RowMerge(StagedChanges staged, WriteStatements statements, AppliedWrites writes, PgSession target)
{
    AppliedRows? _done;

    public async Task<AppliedRows> RunAsync(CancellationToken cancellationToken)
    {
        var (table, rows) = (staged.Table, staged.Rows);
        if (!rows.AreThere)
            return default;
        if (_done is { } done)
            return done;
        if (table.IsTemporal || await HasUpdateRuleAsync(cancellationToken))
        {
            var updated = await UpdateAsync(cancellationToken);
            var inserted = await target.AffectedAsync(statements.InsertAbsent, cancellationToken);
            return new AppliedRows(inserted - writes.Again, updated + writes.Again, 0);
        }
        await TakeOtherIdentitiesAsync(cancellationToken);
        var there = await target.ScalarAsync<long>(
            $"SELECT count(*) FROM {rows.Name} AS s WHERE EXISTS (SELECT FROM {table.Table.Rows} AS t WHERE {table.SameKey("t", "s")})",
            cancellationToken);
        var settable = statements.Settable;
        var written = await target.AffectedAsync($"{statements.Insert} ON CONFLICT ({table.KeyList()}) DO "
            + $"{(settable.Count == 0 ? "NOTHING" : $"UPDATE SET {string.Join(", ", settable.Select(c => $"{c} = EXCLUDED.{c}"))}")}",
            cancellationToken);
        return new AppliedRows(rows.Count - there - writes.Again, written - (rows.Count - there) + writes.Again, 0);
    }

    /// <summary>
    /// Of a key WITHOUT OVERLAPS: deletes and inserts in one statement, at whose end foreign keys are looked at, which are content where
    /// the same periods are covered.
    /// </summary>
    /// <returns>Whether it did; it is not done again then.</returns>
    public async Task<bool> TryAtOnceAsync(CancellationToken cancellationToken)
    {
        if (staged.Deletions.Count == 0 || _done is not null)
            return false;
        var isDoubtful = await TableReferences.SeeDeletionsAsync(target, staged.Table, cancellationToken);
        if (isDoubtful && !await Savepoint.WouldDoAsync(target, () => AtOnceAsync(cancellationToken), cancellationToken))
            return false;
        var (inserted, updated, deleted) = await AtOnceAsync(cancellationToken);
        _done = new AppliedRows(inserted, updated, 0);
        writes.DeletedEarly += deleted;
        if (isDoubtful)
            writes.Vain = (inserted, updated, deleted);
        return true;
    }

    async Task<(long Inserted, long Updated, long Deleted)> AtOnceAsync(CancellationToken cancellationToken)
    {
        var (table, keys) = (staged.Table, staged.Deletions.Name);
        var deleted = await target.ScalarAsync<long>(
            $"SELECT count(*) FROM {table.Table.Rows} AS t WHERE EXISTS (SELECT FROM {keys} AS k WHERE {table.SameKey("k", "t")})",
            cancellationToken);
        var updated = await UpdateAsync(cancellationToken);
        var inserted = await target.AffectedAsync(
            $"WITH gone AS (DELETE FROM {table.Table.Rows} AS t USING {keys} AS k WHERE {table.SameKey("t", "k")} RETURNING 1) "
                + $"{statements.InsertAbsent} AND (SELECT count(*) FROM gone) >= 0", cancellationToken);
        return (inserted, updated, deleted);
    }

    /// <summary>
    /// A column GENERATED ALWAYS AS IDENTITY takes a value with INSERT alone: a row that is to get another one is taken away, to be
    /// inserted again.
    /// </summary>
    async Task TakeOtherIdentitiesAsync(CancellationToken cancellationToken)
    {
        var table = staged.Table;
        var others = statements.Written.Where(c => c.IsAlwaysIdentity && table.Key.All(k => k.Name != c.Name))
            .Select(c => Sql.Identifier(c.Name)).Select(c => $"r.{c} <> s.{c}").ToList();
        if (others.Count == 0 || await TableReferences.SeeDeletionsAsync(target, table, cancellationToken))
            return;
        writes.Again += await target.AffectedAsync(
            $"DELETE FROM {table.Table.Rows} AS r USING {staged.Rows.Name} AS s WHERE {table.SameKey("r", "s")} AND "
                + $"({string.Join(" OR ", others)})", cancellationToken);
    }

    /// <summary>Rows that are on both sides.</summary>
    async Task<long> UpdateAsync(CancellationToken cancellationToken) => statements.Settable.Count == 0 ? 0
        : await target.AffectedAsync(
            $"UPDATE {staged.Table.Table.Rows} AS t SET {statements.Set} FROM {staged.Rows.Name} AS s "
                + $"WHERE {staged.Table.SameKey("t", "s")}", cancellationToken);

    /// <summary>PostgreSQL knows no ON CONFLICT for tables with such a rule, even where it is switched off.</summary>
    async Task<bool> HasUpdateRuleAsync(CancellationToken cancellationToken) => (await target.RowsAsync(
        "SELECT 1 FROM pg_catalog.pg_rewrite WHERE ev_type = '2' AND ev_class = "
            + staged.Table.Table.Name.AsRelation,
        cancellationToken)).Count > 0;
}
