using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Stages what brings a table back that foreign keys have changed while others were written: what was staged of it at first does not
/// tell which rows that are. It reads by the session that writes, which alone sees them.
/// </summary>
sealed class TableRepair(StagedChanges staged, IncrementalConfig config, FingerprintMethod method)
{
    /// <summary>In one go.</summary>
    const int MostRepaired = 50_000;

    /// <summary>By keys.</summary>
    /// <returns>Bytes of rows that came from the source.</returns>
    public async Task<long> StageDifferingAsync(PgSession source, PgSession target, CancellationToken cancellationToken)
    {
        var comparison = await TableComparison.ReadAsync(staged.Table, method, keysOnly: false, source, target, cancellationToken);
        List<string> changed = [], gone = [];
        await foreach (var row in comparison.RowsAsync(source, target, cancellationToken))
        {
            // Not left in the middle: that would end the statement, and with it both transactions. What is too much now is the next
            // pass's.
            if (changed.Count + gone.Count < MostRepaired)
                (row.Side == RowSide.TargetOnly ? gone : changed).Add(row.Key);
        }
        long received = 0;
        foreach (var some in changed.Chunk(config.BatchSize))
            received += await staged.Rows.FillAsync(source, some, cancellationToken);
        if (config.Deletes && gone.Count > 0)
            await staged.Deletions.AddAsync(gone, cancellationToken);
        await staged.TidyAsync(cancellationToken);
        return received;
    }

    /// <summary>Of a table without a key.</summary>
    /// <param name="mayEmpty">As <see cref="TableSync.MayEmpty"/>.</param>
    /// <returns>As <see cref="StageDifferingAsync"/>.</returns>
    public async Task<long> StageWholeAsync(PgSession source, bool mayEmpty, CancellationToken cancellationToken)
    {
        var received = await staged.Rows.FillAsync(source, staged.Rows.SelectFromSource(), _ => { }, cancellationToken);
        await staged.Surplus.FindAsync(staged.Rows, mayEmpty, cancellationToken);
        return received;
    }
}
