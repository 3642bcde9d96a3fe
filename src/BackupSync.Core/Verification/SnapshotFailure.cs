using System.Text.RegularExpressions;
using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Verification;

/// <summary>Tells failures that come of what others did to a database meanwhile: it may go better with a new snapshot.</summary>
static partial class SnapshotFailure
{
    /// <summary>What to tell should it not go better; null where the failure is another.</summary>
    public static BackupSyncException? ReasonOf(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SnapshotOutdatedException outdated:
                    return outdated;
                case PgQueryException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected } locked:
                    return new BackupSyncException((failure as BackupSyncException ?? locked).ErrorId,
                        $"{(failure as BackupSyncException ?? locked).Message.TrimEnd('.')}. Another session had locked what was "
                            + "wanted, and did not let go of it in time.",
                        "End long transactions there, or wait for them: pg_stat_activity tells them, pg_locks what they hold. Then "
                            + "run again.", failure);
                case PgQueryException { SqlState: PostgresErrorCodes.ObjectNotInPrerequisiteState } found
                    when NoTable().IsMatch(found.Message):
                    return new SnapshotOutdatedException(
                        $"{found.Message} A table or sequence was exchanged for it in the meantime, it seems.",
                        found);
                // Where something is written, an error that tells of something that is not there may be the rows' own.
                case PgQueryException { WhileReading: true, SqlState: { } state } refused when IsOfChange(state, refused.Message):
                    return new SnapshotOutdatedException(
                        $"{refused.Message} Something was dropped or changed while it was read, it seems.",
                        refused);
            }
        }
        return null;
    }

    static bool IsOfChange(string sqlState, string message) =>
        Changed.Contains(sqlState) || (sqlState == PostgresErrorCodes.InternalError && GoneMessage().IsMatch(message));

    static readonly HashSet<string> Changed =
    [
        PostgresErrorCodes.UndefinedTable, PostgresErrorCodes.UndefinedColumn, PostgresErrorCodes.UndefinedFunction, PostgresErrorCodes
            .UndefinedObject,
        PostgresErrorCodes.InvalidSchemaName,
    ];

    /// <summary>What the server says, or we in its place, of what is no table: the code is of other matters, too.</summary>
    [GeneratedRegex("access to non-system (view|foreign table) ")]
    private static partial Regex NoTable();

    /// <summary>What the server says of an object that is gone.</summary>
    [GeneratedRegex("could not open relation with OID|cache lookup failed for|could not find (parent )?(tuple|row|entry) for")]
    private static partial Regex GoneMessage();
}
