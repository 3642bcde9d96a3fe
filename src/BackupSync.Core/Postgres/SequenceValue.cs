using System.Globalization;

namespace BackupSync.Postgres;

/// <summary>Sets sequences so that it is undone with the transaction.</summary>
static class SequenceValue
{
    /// <param name="isCalled">Whether the value has been given out, and the next one comes next.</param>
    public static Task SetAsync(PgSession session, ObjectName sequence, long value, bool isCalled, CancellationToken cancellationToken) =>
        // setval alone is not undone with its transaction; after a restart it works on what is new with this one.
        session.ExecuteAsync($"ALTER SEQUENCE {sequence.Qualified} RESTART; SELECT pg_catalog.setval({Sql.Literal(sequence.Qualified)}, "
            + $"{value.ToString(CultureInfo.InvariantCulture)}, {(isCalled ? "true" : "false")})", cancellationToken);
}
