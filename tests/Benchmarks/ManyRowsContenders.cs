using System.Diagnostics;
using System.Globalization;
using BackupSync.PgTools;
using BackupSync.Runs;
using BackupSync.Sandbox;

namespace BackupSync.Benchmarks;

/// <summary>
/// One table of many rows of which 1,000 have changed (900 updates, 50 inserts, 50 deletes), compared by content: by a run of ours,
/// which also carries them, and by hand, which only finds them. With a key that an index finds by ranges on both sides, and with one
/// that it does not.
/// </summary>
sealed class ManyRowsContenders(
    SandboxServer source,
    SandboxServer target,
    PgToolset tools,
    OurProgram program,
    string folder,
    int rows) : IContenders
{
    const string Job = "content";

    static readonly (string Database, string Key, string Ours, string ByHand)[] Kinds =
        [("textkeys", "'INV-' || n", "t", "u"), ("numberkeys", "n::bigint", "v", "w")];

    readonly HashSet<string> _filled = [];
    int _changes;

    public IReadOnlyList<Target> Targets => [.. Kinds.Select(k => new Target(k.Ours, k.ByHand, 1))];

    public IReadOnlyList<Contender> All =>
    [
        .. Kinds.SelectMany(k => (Contender[])
        [
            new(k.Ours, $"{rows:N0} rows, {k.Database}: incremental by content, 1,000 changes", ct => RunAsync(k.Database, k.Key, ct)),
            new(k.ByHand, $"{rows:N0} rows, {k.Database}: found by hand, GROUP BY of a bucket by psql on both sides at once, then the "
                + "buckets that differ", ct => ByHandAsync(k.Database, k.Key, ct)) { IsOurs = false },
        ]),
    ];

    async Task<Measurement> RunAsync(string database, string key, CancellationToken ct)
    {
        await PrepareAsync(database, key, ct);
        var measured = await SyncAsync(database, ct);
        var run = RunHistory.Read(Backups).First();
        Directory.Delete(Backups, recursive: true);
        return run.Tables.Single().Changes is { All: 1000 }
            ? measured with { Steps = run.Steps }
            : throw new InvalidOperationException($"{database}: not 1,000 changes were carried.");
    }

    async Task<Measurement> ByHandAsync(string database, string key, CancellationToken ct)
    {
        await PrepareAsync(database, key, ct);
        const string bucket = "(pg_catalog.hashtext(id::text) & 65535)";
        var watch = Stopwatch.StartNew();
        var sums = await BothAsync(
            database, $"SELECT {bucket}, count(*), sum(pg_catalog.hashtextextended(r::text, 0)) FROM rows r GROUP BY 1", ct);
        var differing = sums.Source.Except(sums.Target).Union(sums.Target.Except(sums.Source)).Select(l => l.Split('\t')[0]).Distinct();
        var found = await BothAsync(
            database,
            $"SELECT id, pg_catalog.hashtextextended(r::text, 0) FROM rows r WHERE {bucket} = ANY ('{{{string.Join(',', differing)}}}')",
            ct);
        var changed = found.Source.Except(found.Target).Union(found.Target.Except(found.Source)).Select(l => l.Split('\t')[0]).Distinct()
            .Count();
        watch.Stop();
        await SyncAsync(database, ct); // what it has found is carried for the next
        return changed == 1000
            ? new Measurement(watch.Elapsed)
            : throw new InvalidOperationException($"{database}: {changed} changes were found by hand.");
    }

    async Task<(HashSet<string> Source, HashSet<string> Target)> BothAsync(string database, string select, CancellationToken ct)
    {
        var both = await Task.WhenAll(ReadAsync(source), ReadAsync(target));
        return (both[0], both[1]);

        async Task<HashSet<string>> ReadAsync(SandboxServer server)
        {
            var file = Path.Combine(folder, $"{server.Address.Port}.copy");
            await PostgresProgram.RunAsync(
                server.Address.WithDatabase(database), ct, tools.Psql, "-X", "-q", "-c", "SET work_mem = '64MB'", "-c",
                $"\\copy ({select}) TO '{file}'");
            return [.. await File.ReadAllLinesAsync(file, ct)];
        }
    }

    Task<Measurement> SyncAsync(string database, CancellationToken ct) =>
        program.RunAsync(
            ["sync", Job, "--mode", "incremental", "--config", Configuration], BenchmarkDatabase.Addresses(source, target, database), ct);

    /// <summary>A copy that is up to date, and then other changes in each round.</summary>
    async Task PrepareAsync(string database, string key, CancellationToken ct)
    {
        if (_filled.Add(database))
            await FillAsync(database, key, ct);
        await BenchmarkDatabase.ExecuteAsync(source.Address.WithDatabase(database), string.Create(CultureInfo.InvariantCulture, $"""
            UPDATE rows SET value = value + 1 WHERE n IN (SELECT {++_changes} * 7 + i * ({rows} / 1000) FROM generate_series(0, 899) i);
            DELETE FROM rows WHERE n IN (SELECT {_changes} * 7 + 1 + i * ({rows} / 1000) FROM generate_series(0, 49) i);
            INSERT INTO rows SELECT {key}, n, n, md5(n::text), now(), n
                FROM generate_series({rows} + {_changes} * 50, {rows} + {_changes} * 50 + 49) n;
            """), ct);
        await Task.WhenAll(
            BenchmarkDatabase.SettleAsync(source.Address.WithDatabase(database), ct),
            BenchmarkDatabase.SettleAsync(target.Address.WithDatabase(database), ct));
    }

    async Task FillAsync(string database, string key, CancellationToken ct)
    {
        Console.WriteLine($"Filling both servers with {rows:N0} rows ({database}) ...");
        await Task.WhenAll(FillAsync(source), FillAsync(target));
        await File.WriteAllTextAsync(Configuration, $$"""
            databases:
              source: { url: "${BENCHMARK_SOURCE}", role: production }
              target: { url: "${BENCHMARK_TARGET}", role: backup }
            jobs:
              {{Job}}:
                source: source
                target: target
                mode: incremental
                publish: swap
                incremental: { trackBy: content }
                limits: { dump: 10h, safetyBackup: 10h, restore: 10h, total: 10h }
                backups: { directory: "{{Backups}}" }
            """, ct);

        async Task FillAsync(SandboxServer server)
        {
            await BenchmarkDatabase.ExecuteAsync(server.Address.WithDatabase("postgres"), $"CREATE DATABASE {database}", ct);
            await BenchmarkDatabase.ExecuteAsync(server.Address.WithDatabase(database), string.Create(CultureInfo.InvariantCulture, $"""
                CREATE TABLE rows AS SELECT {key} AS id, (n % 1000)::int AS sensor, (n * 7 % 100000)::int AS value, md5(n::text) AS note,
                    timestamptz '2024-01-01' + n * interval '1 second' AS at, n FROM generate_series(1, {rows}) n;
                ALTER TABLE rows ADD PRIMARY KEY (id);
                CREATE INDEX ON rows (n);
                """), ct);
        }
    }

    string Backups => Path.Combine(folder, "backups", "many-rows");

    string Configuration => Path.Combine(folder, "many-rows.yml");
}
