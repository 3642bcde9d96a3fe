using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// Brings what is staged of one table into it, in the target's transaction: rows first, what is to go when all tables have theirs. It
/// does not know how the changes were found.
/// </summary>
abstract class Applier(StagedChanges staged, PgSession target)
{
    protected StagedChanges Staged { get; } = staged;
    protected PgSession Target { get; } = target;
    protected KeyedTable Table => Staged.Table;
    protected WriteStatements Statements { get; } = new(staged.Table, staged.Rows);
    protected UniqueConflicts Conflicts { get; } = new(staged, target);

    public AppliedWrites Writes { get; } = new();

    /// <summary>As <see cref="WriteStatements.Late"/>.</summary>
    public IReadOnlyList<LateColumn> Late
    {
        get => Statements.Late;
        set => Statements.Late = value;
    }

    /// <param name="stamp">Of a table without a key, where the row with the later one is to stay; else null.</param>
    public static Applier Of(StagedChanges staged, TableColumn? stamp, PgSession target) =>
        staged.Table.HasKey ? new KeyedApplier(staged, target) : new KeylessApplier(staged, stamp, target);

    /// <summary>Writes the rows.</summary>
    /// <param name="indexes">The table's whose values may pass from one row to another; none where that is not looked for.</param>
    /// <param name="order">Can have foreign keys make way; null where they are to stay as they are.</param>
    /// <exception cref="ConstraintInTheWayException">Values pass from rows to others, and nothing helps.</exception>
    public abstract Task<AppliedRows> WriteAsync(
        IReadOnlyList<UniqueIndex> indexes, ForeignKeyOrder? order, CancellationToken cancellationToken);

    /// <summary>All rows are there that these refer to: they get the values that had to wait for that.</summary>
    public virtual Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Rows that are to go refer to nothing any more, whichever of both goes first.</summary>
    public virtual Task LetGoAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <returns>How many rows were deleted, those included that went early.</returns>
    public abstract Task<long> DeleteAsync(CancellationToken cancellationToken);

    /// <summary>Looks whether the target holds what was written, and nothing that was deleted, as far as keys tell.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.VerificationFailed"/>: it does not.</exception>
    public virtual Task VerifyAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <param name="Kept">Rows of the target that turned out to be newer.</param>
readonly record struct AppliedRows(long Inserted, long Updated, long Kept);
