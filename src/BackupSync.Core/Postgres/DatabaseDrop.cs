using Npgsql;

namespace BackupSync.Postgres;

/// <summary>Drops a database with whoever is connected to it.</summary>
static class DatabaseDrop
{
    /// <summary>The server waits five seconds for sessions that it has ended, which is little on a machine with much to do.</summary>
    const int Attempts = 4;

    /// <summary>Does nothing where it is not there.</summary>
    public static async Task RunAsync(PgSession session, string database, CancellationToken cancellationToken)
    {
        var name = Sql.Identifier(database);
        // A template cannot be dropped, and what was swapped is one if the target is.
        if (await session.ScalarAsync<bool>(
            "SELECT datistemplate FROM pg_catalog.pg_database WHERE datname = $1", cancellationToken, database))
            await session.ExecuteAsync($"ALTER DATABASE {name} IS_TEMPLATE false", cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            // FORCE asks for the right to end each session that is there, before it ends any. An autovacuum worker is nobody's: only
            // superusers and members of pg_signal_backend may end it. Without FORCE the server ends its own workers, whoever asks, but no
            // session.
            var force = attempt % 2 == 1 ? " WITH (FORCE)" : "";
            try
            {
                await session.ExecuteAsync($"DROP DATABASE IF EXISTS {name}{force}", cancellationToken);
                return;
            }
            catch (PgQueryException failure) when (attempt < Attempts
                && failure.SqlState is PostgresErrorCodes.ObjectInUse or PostgresErrorCodes.InsufficientPrivilege)
            {
                // Again, the other way.
            }
        }
    }
}
