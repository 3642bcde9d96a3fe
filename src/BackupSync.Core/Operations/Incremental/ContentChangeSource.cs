using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>Changes by comparison: both sides hash their rows, and those whose hashes differ are told by their keys.</summary>
/// <param name="keysOnly">Whether only the keys are compared: then a row that has one on both sides is taken for the same.</param>
sealed class ContentChangeSource(KeyedTable table, IncrementalConfig config, FingerprintMethod method, bool keysOnly) : IChangeSource
{
    /// <summary>If so many rows differ, and more than are the same, reading all rows at once is faster than asking for each.</summary>
    const long Many = 20_000;

    public async Task<FoundChanges> FindAsync(ComparingLane lane, ChangeStager stager, CancellationToken cancellationToken)
    {
        var (there, here) = await lane.BothAsync(cancellationToken);
        var comparison = await TableComparison.ReadAsync(table, method, keysOnly, there, here, cancellationToken);
        List<string> fetched = [], deleted = [];
        long different = 0;
        var isOtherTable = false;
        // Whoever stops reading in the middle has the statement cancelled, and a transaction does not outlive that.
        if (comparison.Differing.Count > 0)
            await there.ExecuteAsync("SAVEPOINT backupsync_rows", cancellationToken);
        await foreach (var row in comparison.RowsAsync(there, here, cancellationToken))
        {
            if (++different > Many && different > comparison.Unchanged && config.Deletes && !keysOnly)
            {
                isOtherTable = true;
                break;
            }
            (row.Side == RowSide.TargetOnly ? deleted : fetched).Add(row.Key);
            if (fetched.Count == config.BatchSize)
                await FetchAsync();
            if (deleted.Count == config.BatchSize)
                await DeleteAsync();
        }
        if (isOtherTable)
        {
            await there.ExecuteAsync("ROLLBACK TO SAVEPOINT backupsync_rows", cancellationToken);
            await here.ExecuteAsync(KeyBuckets.UsualPlanning, cancellationToken);
            await stager.TakeAllAsync(cancellationToken);
        }
        else
        {
            await FetchAsync();
            await DeleteAsync();
        }
        // Of a table that was read whole, those that are the same are found among what is staged.
        var unchanged = isOtherTable ? 0 : comparison.Unchanged;
        return new FoundChanges(comparison.SourceRows, comparison.TargetRows, unchanged, comparison.Received)
        {
            Comparison = comparison,
        };

        async Task FetchAsync()
        {
            if (fetched.Count > 0)
                await stager.TakeAsync(fetched, cancellationToken);
            fetched.Clear();
        }

        async Task DeleteAsync()
        {
            if (deleted.Count > 0)
                await stager.DeleteAsync(deleted, cancellationToken);
            deleted.Clear();
        }
    }
}
