namespace BackupSync.Postgres;

/// <summary>Whether a server has a database of a name.</summary>
static class DatabaseExists
{
    /// <param name="session">On any database of the server.</param>
    public static Task<bool> AskAsync(PgSession session, string database, CancellationToken cancellationToken) =>
        session.ScalarAsync<bool>(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)", cancellationToken, database);
}
