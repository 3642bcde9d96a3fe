using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>A part of the target's transaction that can be undone by itself.</summary>
static class Savepoint
{
    /// <summary>
    /// Undoes it where it has not helped, or where values or constraints refuse it. Its savepoint is released in any case: rows that
    /// are written afterwards are to be known as the transaction's own, not a part's.
    /// </summary>
    /// <param name="work">Tells whether it has helped.</param>
    /// <param name="orUnknown">Whether it is undone as well where it names what there is not.</param>
    public static async Task<bool> TryAsync(
        PgSession target,
        Func<Task<bool>> work,
        CancellationToken cancellationToken,
        bool orUnknown = false)
    {
        await target.ExecuteAsync("SAVEPOINT backupsync_part", cancellationToken);
        var hasHelped = false;
        try
        {
            hasHelped = await work();
        }
        catch (PgQueryException refused) when (refused.SqlState is ['2', '2' or '3', ..] || orUnknown && refused.SqlState is ['4', '2', ..])
        {
            // Out of a type's range, or against a constraint: undone.
        }
        await target.ExecuteAsync(
            $"{(hasHelped ? "" : "ROLLBACK TO SAVEPOINT backupsync_part; ")}RELEASE SAVEPOINT backupsync_part",
            cancellationToken);
        return hasHelped;
    }

    /// <summary>
    /// Whether values and constraints would allow it. It is undone in any case: what a part has written is not known as the transaction's
    /// own.
    /// </summary>
    public static async Task<bool> WouldDoAsync(PgSession target, Func<Task> work, CancellationToken cancellationToken)
    {
        var does = false;
        await TryAsync(target, async () =>
        {
            await work();
            does = true;
            return false;
        }, cancellationToken);
        return does;
    }
}
