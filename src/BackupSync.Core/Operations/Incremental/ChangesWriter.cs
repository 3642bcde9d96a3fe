using BackupSync.Operations.Publishing;
using BackupSync.Operations.Sides;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Brings what is staged into all tables, in the order that foreign keys ask for, and puts aside meanwhile what would act on it: triggers,
/// and rules that rows of the source break.
/// </summary>
/// <param name="reader">The source, for what nobody knew to be needed.</param>
/// <param name="tables">All that are copied.</param>
/// <param name="copiesAll">Whether these are all that the source has.</param>
sealed class ChangesWriter(
    RunContext run, TargetSide target, TargetTransaction transaction, SourceLane reader, IReadOnlyList<TableSync> tables,
    ReferringRows referring, bool copiesAll)
{
    PgSession Writer => transaction.Session;

    /// <param name="touched">The tables of which something is staged.</param>
    /// <param name="repair">Brings back what foreign keys have changed.</param>
    public async Task WriteAsync(
        IReadOnlyCollection<TableSync> touched, ForeignKeyRepair repair, StepScope scope, CancellationToken cancellationToken)
    {
        var oids = await TargetOidsAsync(cancellationToken);
        var broken = await BrokenRules.ReadAsync(Writer, [.. tables.Zip(oids)], cancellationToken);
        var relations = await WithPartitionsAsync(oids, cancellationToken);
        var checks = await RowRules.ReadAsync(Writer, relations, broken.Checks, cancellationToken);
        var keys = await RowRules.ReadAsync(Writer, relations, broken.Keys, cancellationToken);
        var order = await ForeignKeyOrder.ReadAsync(transaction, [.. tables.Zip(oids)], broken.Keys, cancellationToken);
        foreach (var key in broken.ForeignKeys.Values)
            await key.RememberAsync(Writer, cancellationToken);
        var reached = await WithPartitionsAsync([.. oids.Where(order.Reach.Contains)], cancellationToken);
        var triggers = await TriggersAndRules.DisableAsync(
            transaction, reached, [.. checks.Drops, .. keys.Drops, .. order.Deferring()], cancellationToken);
        // All at once: several may have one name in one schema, and to name one that cannot be put off is an error.
        await Writer.ExecuteAsync("SET CONSTRAINTS ALL DEFERRED", cancellationToken);

        await WriteRowsAsync(order, touched, scope, cancellationToken);
        await CreateAsync(keys, cancellationToken);
        await DeleteRowsAsync(order, touched, cancellationToken);
        var inReach = tables.Zip(oids).Where(t => order.Reach.Contains(t.Second)).Select(t => t.First).ToHashSet();
        await repair.RunAsync(order, inReach, cancellationToken);
        await WarnOfOthersAsync(relations, cancellationToken);

        await CheckAsync(order, broken, cancellationToken);
        await checks.CreateAsync(onBroken: null, cancellationToken);
        await triggers.RestoreAsync(cancellationToken);
    }

    async Task WriteRowsAsync(
        ForeignKeyOrder order, IReadOnlyCollection<TableSync> touched, StepScope scope, CancellationToken cancellationToken)
    {
        var done = 0;
        foreach (var table in order.Tables.Where(touched.Contains))
        {
            var indexes = await UniqueIndex.ReadAsync(Writer, table.Table, cancellationToken);
            if (await table.BringAlongAsync(indexes, reader.Session, cancellationToken))
                await reader.ReleaseAsync(cancellationToken);
            await table.WriteAsync(indexes, order, cancellationToken);
            scope.Progress((double)++done / touched.Count, table.Table.Name);
        }
        foreach (var table in touched)
        {
            await table.Applier.CompleteAsync(cancellationToken);
            await table.Applier.LetGoAsync(cancellationToken);
        }
    }

    async Task CreateAsync(RowRules keys, CancellationToken cancellationToken)
    {
        if (keys.IsEmpty)
            return;
        // What has been put off is looked at, for a table is not altered before. Rows that go are held by the key again.
        await Writer.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellationToken);
        await keys.CreateAsync(onBroken: null, cancellationToken);
        await Writer.ExecuteAsync("SET CONSTRAINTS ALL DEFERRED", cancellationToken);
    }

    async Task DeleteRowsAsync(ForeignKeyOrder order, IReadOnlyCollection<TableSync> touched, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var table in order.Tables.Reverse().Where(touched.Contains))
                await table.DeleteAsync(cancellationToken);
        }
        catch (PgQueryException refused) when (referring.Explain(refused) is { } row)
        {
            throw row;
        }
    }

    /// <summary>Has foreign keys looked at that were put off, or that were not there.</summary>
    async Task CheckAsync(ForeignKeyOrder order, BrokenRules broken, CancellationToken cancellationToken)
    {
        try
        {
            await order.CheckAsync(cancellationToken);
        }
        // Of some tables a row may also refer to one that is not copied.
        catch (PgQueryException refused) when (copiesAll && referring.Explain(refused) is { } row)
        {
            throw row;
        }
        foreach (var key in broken.ForeignKeys.Values)
        {
            if (await key.HasLeftRowsAsync(Writer, cancellationToken))
                throw referring.InTheWay(key);
        }
    }

    /// <summary>Foreign keys reach tables, too, that are not the job's to copy.</summary>
    async Task WarnOfOthersAsync(IReadOnlyList<uint> ours, CancellationToken cancellationToken)
    {
        var others = await Writer.RowsAsync(
            "SELECT schemaname, relname, n_tup_upd, n_tup_del FROM pg_catalog.pg_stat_xact_user_tables WHERE n_tup_upd + n_tup_del > "
                + $"0 AND schemaname !~ '^pg_' AND schemaname <> '{CatalogQueries.StateSchema}' AND relid <> ALL "
                + $"(ARRAY[{string.Join(",", ours)}]::oid[])", cancellationToken);
        foreach (var other in others)
            run.Warn($"{target.Login.Label}: foreign keys have changed {other.Text(2)} rows of {other.Name(0).Display} and "
                + $"deleted {other.Text(3)}, though it is not among the tables that are copied.");
    }

    /// <summary>The target's oids of all tables, in their order: what is known of them was read on the source.</summary>
    async Task<IReadOnlyList<uint>> TargetOidsAsync(CancellationToken cancellationToken) =>
        Oids(await Writer.RowsAsync("SELECT pg_catalog.to_regclass(n)::oid FROM "
            + $"unnest({Sql.TextArray(tables.Select(t => t.Table.Table.Name.Qualified))}) WITH ORDINALITY "
            + "w(n, i) ORDER BY i", cancellationToken));

    /// <summary>A table that is written through its parent has triggers on each partition.</summary>
    async Task<IReadOnlyList<uint>> WithPartitionsAsync(IReadOnlyList<uint> relations, CancellationToken cancellationToken) =>
        Oids(await Writer.RowsAsync(
            $"SELECT DISTINCT p.relid FROM unnest(ARRAY[{string.Join(",", relations)}]::oid[]) t, LATERAL "
                + $"{TableTree.Of("t")} p", cancellationToken));

    static List<uint> Oids(IEnumerable<Row> rows) => [.. rows.Select(r => r.Oid(0))];
}
