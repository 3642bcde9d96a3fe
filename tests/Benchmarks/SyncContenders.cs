using System.Diagnostics;
using BackupSync.PgTools;
using BackupSync.Runs;
using BackupSync.Sandbox;

namespace BackupSync.Benchmarks;

/// <summary>Three ways of making the target a copy of the source. What each leaves behind is removed outside of its time.</summary>
sealed class SyncContenders(SandboxServer source, SandboxServer target, PgToolset tools, OurProgram program, string folder) : IContenders
{
    public IReadOnlyList<Target> Targets =>
    [
        new("c", "a", 0.7),
        new("c", "b", 1.3),
    ];

    public IReadOnlyList<Contender> All =>
    [
        new("a", "today's script: pg_dump, safety pg_dump, psql, row counts", ScriptAsync) { IsOurs = false },
        new("b", "pg_dump -Fd -j2 and pg_restore -j2 alone", ToolsAloneAsync) { IsOurs = false },
        new("c", "backupsync sync: safety backup, every row compared", BackupSyncAsync),
    ];

    /// <summary>Plain dumps of both, then all in one transaction into the emptied schema, then the rows of both sides.</summary>
    async Task<Measurement> ScriptAsync(CancellationToken ct)
    {
        var (dump, safety) = (PathOf("source.sql"), PathOf("safety.sql"));
        var watch = Stopwatch.StartNew();
        await PostgresProgram.RunAsync(source.Address, ct, tools.PgDump, $"--file={dump}");
        await PostgresProgram.RunAsync(target.Address, ct, tools.PgDump, $"--file={safety}");
        await PostgresProgram.RunAsync(target.Address, ct, tools.Psql, "-X", "-q", "--single-transaction", "-v", "ON_ERROR_STOP=1",
            "-o", PathOf("psql.out"), "-c", "DROP SCHEMA public CASCADE", "-c", "CREATE SCHEMA public", "-f", dump);
        var (expected, actual) = (await BenchmarkDatabase.CountAsync(source.Address, ct), await BenchmarkDatabase.CountAsync(
            target.Address,
            ct));
        watch.Stop();
        if (!expected.SequenceEqual(actual))
            throw new InvalidOperationException("The script's copy has other numbers of rows.");
        File.Delete(dump);
        File.Delete(safety);
        return new Measurement(watch.Elapsed);
    }

    async Task<Measurement> ToolsAloneAsync(CancellationToken ct)
    {
        var dump = PathOf("dump");
        var maintenance = target.Address.WithDatabase("postgres");
        await BenchmarkDatabase.ExecuteAsync(maintenance, "CREATE DATABASE fresh", ct);
        var watch = Stopwatch.StartNew();
        await PostgresProgram.RunAsync(source.Address, ct, tools.PgDump, "-Fd", "-j2", $"--file={dump}");
        await PostgresProgram.RunAsync(target.Address, ct, tools.PgRestore, "-j2", "--exit-on-error", "--dbname=fresh", dump);
        watch.Stop();
        await BenchmarkDatabase.ExecuteAsync(maintenance, "DROP DATABASE fresh", ct);
        Directory.Delete(dump, recursive: true);
        return new Measurement(watch.Elapsed);
    }

    /// <summary>The program as users run it: its start counts, and so does what it needs to stop.</summary>
    async Task<Measurement> BackupSyncAsync(CancellationToken ct)
    {
        var backups = PathOf("backups");
        await File.WriteAllTextAsync(PathOf("backupsync.yml"), """
            databases:
              source: { url: "${BENCHMARK_SOURCE}", role: production }
              target: { url: "${BENCHMARK_TARGET}", role: backup }
            jobs:
              benchmark:
                source: source
                target: target
                publish: swap
                limits: { dump: 10h, safetyBackup: 10h, restore: 10h, total: 10h }
                backups: { directory: backups }
            """, ct);
        var measured = await program.RunAsync(["sync", "benchmark", "--config", PathOf("backupsync.yml")], Addresses, ct);
        var steps = RunHistory.Read(backups).First().Steps;
        Directory.Delete(backups, recursive: true);
        return measured with { Steps = steps };
    }

    Dictionary<string, string> Addresses =>
        new() { ["BENCHMARK_SOURCE"] = source.ConnectionString, ["BENCHMARK_TARGET"] = target.ConnectionString };

    string PathOf(string name) => Path.Combine(folder, name);
}
