using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Cli.Demo;

/// <summary>
/// What a reader of a database sees, asked for with nothing of BackupSync's own: the demo must not be its own judge.
/// </summary>
/// <param name="Content">The same if, and only if, all of their rows are.</param>
sealed record DemoContent(long Users, long Escrows, long Wallets, long Transactions, string Content)
{
    const string Sql = """
        WITH content AS (
            SELECT 'users' AS name, u::text AS line FROM users u
            UNION ALL SELECT 'escrows', e::text FROM escrows e
            UNION ALL SELECT 'wallets', w::text FROM wallets w
            UNION ALL SELECT 'transactions', t::text FROM transactions t
        )
        SELECT count(*) FILTER (WHERE name = 'users'), count(*) FILTER (WHERE name = 'escrows'),
               count(*) FILTER (WHERE name = 'wallets'), count(*) FILTER (WHERE name = 'transactions'),
               left(md5(string_agg(name || ' ' || line, E'\n' ORDER BY name, line)), 12)
        FROM content
        """;

    public static async Task<DemoContent> AskAsync(DatabaseAddress database, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(database.ToNpgsql().ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new DemoContent(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetString(4));
    }

    public override string ToString() =>
        $"{Quantity.Of(Users, "user")}, {Quantity.Of(Escrows, "escrow")}, {Quantity.Of(Wallets, "wallet")}, "
            + $"{Quantity.Of(Transactions, "transaction")}; content {Content}";
}
