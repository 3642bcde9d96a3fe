using Npgsql;

namespace BackupSync.Postgres;

/// <summary>Drops a database with whoever is connected to it.</summary>
static class DatabaseDrop
{
    /// <summary>The server ends the sessions and waits five seconds for them to be gone, which is little on a machine with much to do.</summary>
    const int Attempts = 4;

    /// <summary>Does nothing where it is not there.</summary>
    public static async Task RunAsync(PgSession session, string database, CancellationToken cancellationToken)
    {
        var name = Sql.Identifier(database);
        // A template cannot be dropped, and what was swapped is one if the target is.
        if (await session.ScalarAsync<bool>("SELECT datistemplate FROM pg_catalog.pg_database WHERE datname = $1", cancellationToken, database))
            await session.ExecuteAsync($"ALTER DATABASE {name} IS_TEMPLATE false", cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await session.ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)", cancellationToken);
                return;
            }
            catch (PgQueryException failure) when (failure.SqlState == PostgresErrorCodes.ObjectInUse && attempt < Attempts)
            {
                // Whoever is still there was told to go.
            }
        }
    }
}
