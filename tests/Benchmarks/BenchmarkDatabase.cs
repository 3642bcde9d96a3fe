using System.Globalization;
using BackupSync.Postgres;
using BackupSync.Sandbox;
using Npgsql;

namespace BackupSync.Benchmarks;

/// <summary>The database that is copied: the same content wherever it is made.</summary>
static class BenchmarkDatabase
{
    public static readonly IReadOnlyList<string> Tables = ["documents", "events", "payments"];

    /// <summary>Bytes on disk of one document with its events and payments, and their indexes, as measured.</summary>
    const int BytesPerDocument = 2900;

    // Text of words, a part of it long enough to be stored out of line; numbers that look random, and are the same each time.
    const string Words = """
        CREATE FUNCTION pg_temp.pick(n bigint, salt int, among int) RETURNS int LANGUAGE sql IMMUTABLE AS
            $$ SELECT ((hashint8extended(n, salt) & 2147483647) % among)::int $$;
        CREATE TEMP TABLE words AS
            SELECT n AS id, substr(translate(md5(n::text), '0123456789', 'aeiourstln'), 1, 2 + n % 8) AS word
                FROM generate_series(0, 2999) n;
        CREATE TEMP TABLE sentences AS
            SELECT n AS id, string_agg(word, ' ') AS text
            FROM generate_series(0, 4999) n CROSS JOIN generate_series(1, 14) i
            JOIN words ON words.id = pg_temp.pick(n * 14 + i, 1, 3000) GROUP BY n;
        CREATE UNIQUE INDEX ON sentences (id);
        ANALYZE sentences;
        """;

    const string Documents = """
        CREATE TABLE documents (
            id bigint PRIMARY KEY, title text NOT NULL, body text NOT NULL, summary text, attributes jsonb NOT NULL,
            author text, language text, status text NOT NULL, score numeric(10, 4), views int, published boolean,
            created timestamptz NOT NULL, changed timestamptz);
        INSERT INTO documents
        SELECT n, left(a.text, 60),
               CASE WHEN n % 25 = 0 THEN (SELECT string_agg(text, ' ') FROM sentences s WHERE s.id BETWEEN a.id AND a.id + 70)
                    ELSE concat_ws(' ', a.text, b.text, c.text, d.text) END,
               c.text,
               jsonb_build_object('customer', md5(n::text), 'tags', to_jsonb(string_to_array(left(d.text, 40), ' ')),
                   'address', jsonb_build_object('city', split_part(b.text, ' ', 3), 'code', pg_temp.pick(n, 5, 99999)),
                   'amount', pg_temp.pick(n, 6, 1000000) / 100.0, 'note', b.text, 'active', n % 3 = 0),
               split_part(a.text, ' ', 2), 'en', (ARRAY['draft', 'open', 'closed'])[1 + pg_temp.pick(n, 7, 3)],
               pg_temp.pick(n, 8, 1000000) / 1000.0, pg_temp.pick(n, 9, 100000), n % 2 = 0,
               timestamptz '2024-01-01 00:00Z' + n * interval '1 minute',
               timestamptz '2025-01-01 00:00Z' + pg_temp.pick(n, 10, 10000000) * interval '1 second'
        FROM generate_series(1, @documents) n
        JOIN sentences a ON a.id = pg_temp.pick(n, 1, 5000) JOIN sentences b ON b.id = pg_temp.pick(n, 2, 5000)
        JOIN sentences c ON c.id = pg_temp.pick(n, 3, 5000) JOIN sentences d ON d.id = pg_temp.pick(n, 4, 5000);
        """;

    const string Events = """
        CREATE TABLE events (id bigint, document_id bigint NOT NULL, at timestamptz NOT NULL, kind smallint NOT NULL, amount bigint);
        INSERT INTO events
        SELECT n, 1 + pg_temp.pick(n, 1, @documents), timestamptz '2024-01-01 00:00Z' + n * interval '5 seconds', pg_temp.pick(n, 2, 12),
            pg_temp.pick(n, 3, 1000000)
        FROM generate_series(1, 12 * @documents::bigint) n;
        ALTER TABLE events ADD PRIMARY KEY (id), ADD FOREIGN KEY (document_id) REFERENCES documents;
        """;

    const string Payments = """
        CREATE TABLE payments (id uuid, document_id bigint NOT NULL, payer uuid NOT NULL, reference text NOT NULL,
            amount numeric(12, 2) NOT NULL, paid timestamptz);
        INSERT INTO payments
        SELECT md5('payment ' || n)::uuid, 1 + pg_temp.pick(n, 1, @documents), md5('payer ' || pg_temp.pick(n, 2, 50000))::uuid,
               'INV-' || n, pg_temp.pick(n, 3, 1000000) / 100.0, timestamptz '2024-01-01 00:00Z' + n * interval '20 seconds'
        FROM generate_series(1, 2 * @documents::bigint) n;
        ALTER TABLE payments ADD PRIMARY KEY (id), ADD FOREIGN KEY (document_id) REFERENCES documents;
        CREATE INDEX ON payments (payer, paid);
        CREATE INDEX ON payments (document_id);
        CREATE UNIQUE INDEX ON payments (reference);
        """;

    /// <summary>Fills an empty database.</summary>
    public static async Task FillAsync(DatabaseAddress database, long bytes, CancellationToken ct)
    {
        var documents = Math.Max(1, bytes / BytesPerDocument).ToString(CultureInfo.InvariantCulture);
        await using var connection = await OpenAsync(database, ct);
        foreach (var sql in (string[])[Words, Documents, Events, Payments])
            await ExecuteAsync(connection, sql.Replace("@documents", documents, StringComparison.Ordinal), ct);
    }

    /// <summary>
    /// What a configuration's <c>${BENCHMARK_SOURCE}</c> and <c>${BENCHMARK_TARGET}</c> stand for, where a database of its own is
    /// timed.
    /// </summary>
    public static Dictionary<string, string> Addresses(SandboxServer source, SandboxServer target, string database) => new()
    {
        ["BENCHMARK_SOURCE"] = source.ConnectionString.Replace("/bench", "/" + database, StringComparison.Ordinal),
        ["BENCHMARK_TARGET"] = target.ConnectionString.Replace("/bench", "/" + database, StringComparison.Ordinal),
    };

    /// <summary>Leaves the server with nothing to do of its own accord.</summary>
    public static async Task SettleAsync(DatabaseAddress database, CancellationToken ct)
    {
        await using var connection = await OpenAsync(database, ct);
        await ExecuteAsync(connection, "VACUUM ANALYZE", ct);
        await ExecuteAsync(connection, "CHECKPOINT", ct);
    }

    public static async Task<long> SizeAsync(DatabaseAddress database, CancellationToken ct) =>
        await ScalarAsync(database, "SELECT pg_database_size(current_database())", ct);

    /// <summary>The rows of all tables, counted one after the other.</summary>
    public static async Task<IReadOnlyList<long>> CountAsync(DatabaseAddress database, CancellationToken ct)
    {
        var counts = new List<long>();
        foreach (var table in Tables)
            counts.Add(await ScalarAsync(database, $"SELECT count(*) FROM {table}", ct));
        return counts;
    }

    public static async Task ExecuteAsync(DatabaseAddress database, string sql, CancellationToken ct)
    {
        await using var connection = await OpenAsync(database, ct);
        await ExecuteAsync(connection, sql, ct);
    }

    public static async Task<string> TextAsync(DatabaseAddress database, string sql, CancellationToken ct)
    {
        await using var connection = await OpenAsync(database, ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return (string)(await command.ExecuteScalarAsync(ct))!;
    }

    public static async Task<long> ScalarAsync(DatabaseAddress database, string sql, CancellationToken ct)
    {
        await using var connection = await OpenAsync(database, ct);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(ct);
    }

    static async Task<NpgsqlConnection> OpenAsync(DatabaseAddress database, CancellationToken ct)
    {
        // Unpooled: an idle connection would be in the way of whoever renames or drops the database.
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(database.ToNpgsql().ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(ct);
        return connection;
    }
}
