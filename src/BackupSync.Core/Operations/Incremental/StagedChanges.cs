using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// The changes of one table, brought to temporary tables in the target's transaction: whole rows as the source has them, and which of
/// the target's rows are to go.
/// </summary>
/// <param name="number">Tells its temporary tables from those of others.</param>
sealed class StagedChanges(KeyedTable table, FingerprintMethod method, PgSession target, int number)
{
    public KeyedTable Table { get; } = table;
    public StagedRows Rows { get; } = new(table, method, target, number);
    public StagedDeletions Deletions { get; } = new(table, target, number);
    public KeptRows Kept { get; } = new(table, target, number);
    public SurplusRows Surplus { get; } = new(table, target, number);

    /// <summary>How many rows are to go: by their keys, or of a table without one by their places.</summary>
    public long ToDelete => Deletions.Count + Surplus.ToGo;

    /// <summary>Whether there is something to write, or was.</summary>
    public bool IsTouched => Rows.Count > 0 || ToDelete > 0 || Surplus.AreSettled;

    /// <summary>Forgets what was staged.</summary>
    public async Task ClearAsync(CancellationToken cancellationToken)
    {
        await Rows.ClearAsync(Deletions.Table, cancellationToken);
        Deletions.Clear();
    }

    /// <summary>Leaves only what is really to be changed.</summary>
    /// <returns>Rows that are the same on both sides already.</returns>
    public async Task<long> TidyAsync(CancellationToken cancellationToken)
    {
        if (!Table.HasKey)
            return 0;
        var unchanged = await Rows.TakeOutEqualAsync(cancellationToken);
        await Deletions.TakeOutAsync(Rows, cancellationToken);
        return unchanged;
    }

    /// <inheritdoc cref="KeptRows.KeepAsync"/>
    public Task<long> KeepNewerAsync(TableColumn? stamp, string? own, CancellationToken cancellationToken) =>
        Kept.KeepAsync(Rows, Deletions, stamp, own, cancellationToken);
}
