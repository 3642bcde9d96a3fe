using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Rows that go, or get another key, may take along rows of other tables that the source still has: these are brought back.
/// </summary>
/// <param name="tables">All that are copied.</param>
/// <param name="countsOwn">Whether the server counts what this transaction writes.</param>
/// <param name="ownOf">As <see cref="OwnRows.Condition"/>, of a table.</param>
sealed class ForeignKeyRepair(
    PgSession target, SourceLane reader, IReadOnlyList<TableSync> tables, FingerprintMethod method, bool countsOwn,
    Func<KeyedTable, string?> ownOf)
{
    /// <summary>Each finds less to do than the one before.</summary>
    const int MostPasses = 5;

    int _repairs;

    /// <param name="inReach">Tables of which such rows may be. Where nothing is counted, they are all looked through.</param>
    public async Task RunAsync(ForeignKeyOrder order, IReadOnlySet<TableSync> inReach, CancellationToken cancellationToken)
    {
        for (var pass = 1; pass <= MostPasses; pass++)
        {
            var written = await TableWrites.ReadOwnAsync(target, [.. tables.Select(t => t.Table)], cancellationToken);
            var reached = order.Tables.Where(t => t.IsReached(countsOwn || !inReach.Contains(t) ? written[t.Table.Name] : null)).ToList();
            if (reached.Count == 0)
                return;
            var repairs = new List<(Applier First, Applier Again)>();
            foreach (var table in reached)
            {
                var again = new StagedChanges(table.Table, method, target, tables.Count + _repairs++);
                repairs.Add((table.Applier, await table.RepairAsync(again, ownOf(table.Table), reader.Session, cancellationToken)));
                await reader.ReleaseAsync(cancellationToken);
            }
            foreach (var (first, again) in repairs)
            {
                await again.CompleteAsync(cancellationToken);
                first.Writes.Parked += again.Writes.Parked;
            }
        }
    }
}
