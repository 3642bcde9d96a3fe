using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Cli.Demo;

/// <summary>A small application's database, and its days.</summary>
static class DemoData
{
    /// <summary>Creates the tables of an empty database and fills them, some thousand rows.</summary>
    public static Task LoadAsync(DatabaseAddress database, CancellationToken cancellationToken) =>
        RunAsync("application.sql", database, cancellationToken);

    /// <summary>A day's inserts, updates and deletes.</summary>
    public static Task ChangeAsync(DatabaseAddress database, CancellationToken cancellationToken) =>
        RunAsync("day.sql", database, cancellationToken);

    public static async Task ExecuteAsync(DatabaseAddress database, string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(database.ToNpgsql().ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    static Task RunAsync(string resource, DatabaseAddress database, CancellationToken cancellationToken) =>
        ExecuteAsync(database, EmbeddedText.Read(resource, typeof(DemoData).Assembly), cancellationToken);
}
