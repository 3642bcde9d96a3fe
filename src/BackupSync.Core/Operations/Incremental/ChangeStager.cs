namespace BackupSync.Operations.Incremental;

/// <summary>Takes what a change source finds of a table, and stages it in the target's transaction.</summary>
/// <param name="fetch">The sessions that rows travel by; one table's at a time.</param>
/// <param name="deletes">Whether rows go that the source has deleted.</param>
/// <param name="mayEmpty">As <see cref="TableSync.MayEmpty"/>.</param>
sealed class ChangeStager(StagedChanges staged, FetchLine fetch, bool deletes, bool mayEmpty)
{
    /// <summary>Bytes of rows that came over the wire from the source.</summary>
    public long Received { get; private set; }

    /// <summary>Rows that the target turned out to have already.</summary>
    public long Unchanged { get; private set; }

    /// <summary>Whether the target keeps rows that the source may have deleted.</summary>
    public bool LeavesDeleted { get; private set; }

    /// <summary>Takes the source's rows that meet a condition.</summary>
    public Task TakeAsync(string where, CancellationToken cancellationToken) => fetch.UseAsync(async (source, progress) =>
        Received += await staged.Rows.FillAsync(source, staged.Rows.SelectFromSource(where), progress, cancellationToken),
        cancellationToken);

    /// <summary>Takes the source's rows of some keys.</summary>
    public Task TakeAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken) => fetch.UseAsync(async (source, _) =>
        Received += await staged.Rows.FillAsync(source, keys, cancellationToken), cancellationToken);

    /// <summary>Has the target's rows of some keys go, which the source has not.</summary>
    public Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        if (deletes)
            return fetch.UseAsync((_, _) => staged.Deletions.AddAsync(keys, cancellationToken), cancellationToken);
        LeavesDeleted = true;
        return Task.CompletedTask;
    }

    /// <summary>Takes all rows of the source, and nothing of what was taken before; what the target has besides goes.</summary>
    public Task TakeAllAsync(CancellationToken cancellationToken) => fetch.UseAsync(async (source, progress) =>
    {
        await staged.ClearAsync(cancellationToken);
        Received += await staged.Rows.FillAsync(source, staged.Rows.SelectFromSource(), progress, cancellationToken);
        if (staged.Table.HasKey)
        {
            await staged.Deletions.AddAbsentAsync(staged.Rows, cancellationToken);
            return;
        }
        Unchanged += await staged.Surplus.FindAsync(staged.Rows, mayEmpty, cancellationToken);
        LeavesDeleted |= !mayEmpty;
    }, cancellationToken);
}
