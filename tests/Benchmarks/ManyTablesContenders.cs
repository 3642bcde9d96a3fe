using System.Globalization;
using BackupSync.Postgres;
using BackupSync.Sandbox;

namespace BackupSync.Benchmarks;

/// <summary>
/// What each table costs by itself: a database of its own, of many tables with a few rows each, of which nothing changes.
/// </summary>
sealed class ManyTablesContenders(SandboxServer source, SandboxServer target, OurProgram program, string folder, int tables) : IContenders
{
    const string Database = "tables";

    /// <summary>Each is created in a transaction of so many, which fit the default lock table.</summary>
    const int AtOnce = 500;

    bool _isFilled;

    public IReadOnlyList<Target> Targets => [];

    public IReadOnlyList<Contender> All =>
    [
        new(
            "p",
            $"{tables:N0} small tables: backupsync sync --mode full",
            ct => RunAsync(["sync", "content", "--mode", "full"], "content", ct)),
        new("q", $"{tables:N0} small tables: incremental by stamps, nothing has changed", ct => RunAsync(["sync", "stamps"], "stamps", ct)),
        new(
            "r",
            $"{tables:N0} small tables: incremental by content, nothing has changed",
            ct => RunAsync(["sync", "content"], "content", ct)),
        new("s", $"{tables:N0} small tables: backupsync compare", ct => RunAsync(["compare", "--job", "content"], "content", ct)),
    ];

    async Task<Measurement> RunAsync(string[] arguments, string job, CancellationToken ct)
    {
        if (!_isFilled)
            await FillAsync(ct);
        // Twice: the first makes the job's own notes of the target's content.
        for (var run = 0; run < 2; run++)
            await program.RunAsync(["sync", job, "--mode", "incremental", "--config", Configuration], Addresses, ct);
        await Task.WhenAll(BenchmarkDatabase.SettleAsync(Source, ct), BenchmarkDatabase.SettleAsync(Target, ct));
        return await program.RunAsync([.. arguments, "--config", Configuration], Addresses, ct);
    }

    async Task FillAsync(CancellationToken ct)
    {
        Console.WriteLine($"Filling both servers with {tables:N0} tables ...");
        await Task.WhenAll(FillAsync(source, ct), FillAsync(target, ct));
        await File.WriteAllTextAsync(Configuration, $$"""
            databases:
              source: { url: "${BENCHMARK_SOURCE}", role: production }
              target: { url: "${BENCHMARK_TARGET}", role: backup }
            jobs:
              stamps: { {{Job("trackBy: updatedAt")}} }
              content: { {{Job("trackBy: content")}} }
            """, ct);
        _isFilled = true;
    }

    static string Job(string incremental) =>
        $"source: source, target: target, mode: incremental, publish: swap, incremental: {{ {incremental} }}, verify: {{ fullEvery: 0 "
            + "}, limits: { dump: 10h, safetyBackup: 10h, restore: 10h, total: 10h }";

    async Task FillAsync(SandboxServer server, CancellationToken ct)
    {
        await BenchmarkDatabase.ExecuteAsync(server.Address.WithDatabase("postgres"), $"CREATE DATABASE {Database}", ct);
        for (var first = 1; first <= tables; first += AtOnce)
        {
            var last = Math.Min(tables, first + AtOnce - 1);
            await BenchmarkDatabase.ExecuteAsync(server.Address.WithDatabase(Database), $"""
                DO $$ BEGIN
                FOR t IN {first.ToString(CultureInfo.InvariantCulture)} .. {last.ToString(CultureInfo.InvariantCulture)} LOOP
                    EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, name text NOT NULL, '
                        || 'updated_at timestamptz NOT NULL DEFAULT ''2024-01-01'')', t);
                    EXECUTE format('INSERT INTO t%s SELECT n, md5(n::text) FROM generate_series(1, 5) n', t);
                END LOOP; END $$;
                """, ct);
        }
    }

    DatabaseAddress Source => source.Address.WithDatabase(Database);
    DatabaseAddress Target => target.Address.WithDatabase(Database);

    string Configuration => Path.Combine(folder, "tables.yml");

    Dictionary<string, string> Addresses => BenchmarkDatabase.Addresses(source, target, Database);
}
