using System.Diagnostics;
using System.Globalization;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Sandbox;

namespace BackupSync.Benchmarks;

/// <summary>
/// Ways of carrying 1,000 changed rows, spread over four tables, to a copy: 900 updates, 50 inserts and 50 deletes. In a database of
/// its own: the other contenders' one, with a stamp and its index on each table, and a narrow table of many rows.
/// </summary>
sealed class IncrementalContenders(
    SandboxServer source,
    SandboxServer target,
    PgToolset tools,
    OurProgram program,
    string folder,
    int readings) : IContenders
{
    const string Database = "incremental";

    static readonly string[] Tables = ["documents", "events", "payments", "readings"];

    bool _isFilled;
    int _changes;

    public IReadOnlyList<Target> Targets =>
    [
        new("k", "j", 1.0 / 50),
        new("l", "j", 1.0 / 8),
        new("m", "j", 1.0 / 6) { MostRead = 0.02 },
        new("n", "j", 1.0 / 8),
        new("k", "o", 0.1),
    ];

    public IReadOnlyList<Contender> All =>
    [
        new("j", "backupsync sync --mode full", ct => RunAsync("content", ["--mode", "full"], change: true, ct)),
        new("k", "incremental by stamps, deletes not looked for", ct => RunAsync("stamps", [], change: true, ct)),
        new("l", "incremental by stamps, with deletes", ct => RunAsync("stamps-and-deletes", [], change: true, ct)),
        new("m", "incremental by content, with deletes", ct => RunAsync("content", [], change: true, ct)),
        new("n", "incremental by content, nothing has changed", ct => RunAsync("content", [], change: false, ct)),
        new("o", "upsert of all rows of the four tables: COPY, INSERT … ON CONFLICT DO UPDATE", UpsertAsync) { IsOurs = false },
    ];

    async Task<Measurement> RunAsync(string job, string[] options, bool change, CancellationToken ct)
    {
        await PrepareAsync(job, change, ct);
        var measured = await program.RunAsync(["sync", job, .. options, "--config", Configuration], Addresses, ct);
        var run = RunHistory.Read(Path.Combine(folder, "backups", job)).First();
        Directory.Delete(Path.Combine(folder, "backups", job), recursive: true);
        var size = await BenchmarkDatabase.ScalarAsync(
            Source, $"SELECT sum(pg_table_size(t::regclass))::bigint FROM unnest(ARRAY['{string.Join("','", Tables)}']) t", ct);
        return measured with { Steps = run.Steps, ShareRead = (double)run.Tables.Sum(t => t.Changes?.Bytes ?? 0) / size };
    }

    /// <summary>As pgsync and hand-written scripts do it: all rows travel, and all are written again. Deletes it cannot see.</summary>
    async Task<Measurement> UpsertAsync(CancellationToken ct)
    {
        await PrepareAsync("content", change: true, ct);
        var watch = Stopwatch.StartNew();
        foreach (var table in Tables)
        {
            var columns = await BenchmarkDatabase.TextAsync(Source, "SELECT string_agg(format('%1$I = EXCLUDED.%1$I', attname), ', ') "
                + $"FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'id'", ct);
            var file = Path.Combine(folder, table + ".copy");
            await PostgresProgram.RunAsync(Source, ct, tools.Psql, "-X", "-q", "-c", $"\\copy {table} TO '{file}'");
            await PostgresProgram.RunAsync(
                Target, ct, tools.Psql, "-X", "-q", "--single-transaction", "-c", $"CREATE TEMPORARY TABLE stage (LIKE {table})", "-c",
                $"\\copy stage FROM '{file}'", "-c", $"INSERT INTO {table} SELECT * FROM stage ON CONFLICT (id) DO UPDATE SET {columns}");
            File.Delete(file);
        }
        return new Measurement(watch.Elapsed);
    }

    /// <summary>A copy that is up to date by this job's own notes, and then the changes.</summary>
    async Task PrepareAsync(string job, bool change, CancellationToken ct)
    {
        if (!_isFilled)
            await FillAsync(ct);
        await program.RunAsync(["sync", job, "--mode", "incremental", "--config", Configuration], Addresses, ct);
        if (change)
            await BenchmarkDatabase.ExecuteAsync(Source, Changes(_changes++), ct);
        await Task.WhenAll(BenchmarkDatabase.SettleAsync(Source, ct), BenchmarkDatabase.SettleAsync(Target, ct));
    }

    async Task FillAsync(CancellationToken ct)
    {
        Console.WriteLine($"Filling both servers with the same and {readings:N0} narrow rows ...");
        await Task.WhenAll(FillAsync(source, ct), FillAsync(target, ct));
        await File.WriteAllTextAsync(Configuration, $$"""
            databases:
              source: { url: "${BENCHMARK_SOURCE}", role: production }
              target: { url: "${BENCHMARK_TARGET}", role: backup }
            jobs:
              stamps: { {{Job("trackBy: updatedAt, deletes: false")}} }
              stamps-and-deletes: { {{Job("trackBy: updatedAt")}} }
              content: { {{Job("trackBy: content")}} }
            """, ct);
        _isFilled = true;
    }

    static string Job(string incremental) =>
        $"source: source, target: target, mode: incremental, publish: swap, incremental: {{ {incremental} }}, limits: {{ dump: 10h, "
            + "safetyBackup: 10h, restore: 10h, total: 10h }";

    async Task FillAsync(SandboxServer server, CancellationToken ct)
    {
        await BenchmarkDatabase.ExecuteAsync(server.Address.WithDatabase("postgres"), $"CREATE DATABASE {Database} TEMPLATE bench", ct);
        await BenchmarkDatabase.ExecuteAsync(server.Address.WithDatabase(Database), $"""
            CREATE TABLE readings AS
                SELECT n::bigint AS id, (n % 1000)::int AS sensor, (n * 7 % 100000)::int AS value
                    FROM generate_series(1, {readings.ToString(CultureInfo.InvariantCulture)}) n;
            ALTER TABLE readings ADD PRIMARY KEY (id);
            {string.Join("\n", Tables.Select(t => $"ALTER TABLE {t} ADD COLUMN updated_at timestamptz NOT NULL DEFAULT '2024-01-01'; "
                + $"CREATE INDEX ON {t} (updated_at); ALTER TABLE {t} ALTER COLUMN updated_at SET DEFAULT now();"))}
            """, ct);
    }

    /// <summary>Spread evenly over the tables; other rows in each round.</summary>
    string Changes(int round) => $"""
        UPDATE documents SET score = score + 1, updated_at = now()
            WHERE id IN (SELECT 1 + (n * 7919 + {round}) % (SELECT max(id) FROM documents) FROM generate_series(1, 225) n);
        UPDATE events SET amount = amount + 1, updated_at = now()
            WHERE id IN (SELECT 1 + (n * 15485863::bigint + {round}) % (SELECT max(id) FROM events) FROM generate_series(1, 225) n);
        UPDATE payments SET amount = amount + 1, updated_at = now()
            WHERE id IN (SELECT md5('payment ' || 1 + (n * 7919 + {round}) % 100000)::uuid FROM generate_series(1, 225) n);
        UPDATE readings SET value = value + 1, updated_at = now()
            WHERE id IN (SELECT 1 + (n * 15485863::bigint + {round}) % {readings.ToString(CultureInfo.InvariantCulture)}
                FROM generate_series(1, 225) n);
        INSERT INTO readings (id, sensor, value) SELECT (SELECT max(id) FROM readings) + n, n, n FROM generate_series(1, 50) n;
        DELETE FROM events WHERE id IN (SELECT 2 + (n * 32452843::bigint + {round}) % (SELECT max(id) FROM events)
            FROM generate_series(1, 50) n);
        """;

    DatabaseAddress Source => source.Address.WithDatabase(Database);
    DatabaseAddress Target => target.Address.WithDatabase(Database);

    string Configuration => Path.Combine(folder, "incremental.yml");

    Dictionary<string, string> Addresses => BenchmarkDatabase.Addresses(source, target, Database);
}
