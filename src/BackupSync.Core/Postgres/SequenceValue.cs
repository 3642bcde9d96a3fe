using System.Globalization;

namespace BackupSync.Postgres;

/// <summary>Sets sequences so that it is undone with the transaction.</summary>
static class SequenceValue
{
    /// <param name="name">Qualified and quoted.</param>
    /// <param name="isCalled">Whether the value has been given out, and the next one comes next.</param>
    public static Task SetAsync(PgSession session, string name, long value, bool isCalled, CancellationToken cancellationToken) =>
        // setval alone is not undone with its transaction; after a restart it works on what is new with this one.
        session.ExecuteAsync($"ALTER SEQUENCE {name} RESTART; SELECT pg_catalog.setval({Sql.Literal(name)}, "
            + $"{value.ToString(CultureInfo.InvariantCulture)}, {(isCalled ? "true" : "false")})", cancellationToken);
}
