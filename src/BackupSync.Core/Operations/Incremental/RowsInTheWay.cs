using BackupSync.Configuration;
using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Brings along rows that hold unique values which staged rows are to get, though nothing has told of a change of them.
/// </summary>
/// <param name="lastWriteWins">Then rows that stay are not asked to make way.</param>
sealed class RowsInTheWay(StagedChanges staged, UniqueConflicts conflicts, IncrementalConfig config, bool lastWriteWins)
{
    static readonly string OrLoseRows = $"Delete such rows on the target or give them other values; or run once with {Spelling.ModeFull}, "
        + "which removes what only the target has.";

    /// <summary>Bytes of rows that came from the source.</summary>
    public long Received { get; private set; }

    /// <returns>Whether the source was read.</returns>
    /// <exception cref="ConstraintInTheWayException">They are to stay.</exception>
    public async Task<bool> BringAlongAsync(IReadOnlyList<UniqueIndex> indexes, PgSession source, CancellationToken cancellationToken)
    {
        var hasRead = false;
        while (await conflicts.UnstagedAsync(indexes, cancellationToken) is { Count: > 0 } keys)
        {
            if (lastWriteWins)
            {
                throw new ConstraintInTheWayException(
                    $"Rows of {staged.Table.Name} that were kept, because they are newer or the target's own, hold unique values that "
                        + "rows of the source have now.", OrLoseRows);
            }
            var before = staged.Rows.Count;
            hasRead = true;
            foreach (var some in keys.Chunk(config.BatchSize))
                Received += await staged.Rows.FillAsync(source, some, cancellationToken);
            if (staged.Rows.Count == before)
            {
                // The source has none of them any more.
                if (!config.Deletes)
                {
                    throw new ConstraintInTheWayException(
                        $"Rows of {staged.Table.Name} that the source has deleted hold unique values that others of its rows have now, "
                            + "and incremental.deletes is false.", OrLoseRows);
                }
                await staged.Deletions.AddAsync(keys, cancellationToken);
            }
        }
        return hasRead;
    }
}
