using System.Diagnostics;
using BackupSync.PgTools;
using BackupSync.Runs;
using BackupSync.Sandbox;

namespace BackupSync.Benchmarks;

/// <summary>Taking, checking and restoring a backup, each beside PostgreSQL's own program alone.</summary>
sealed class BackupContenders(SandboxServer source, SandboxServer target, PgToolset tools, OurProgram program, string folder) : IContenders
{
    const string Empty = "empty";

    string? _archive;

    public IReadOnlyList<Target> Targets =>
    [
        new("e", "d", 1.15),
        new("g", "f", 1.0),
        new("i", "h", 1.25),
    ];

    public IReadOnlyList<Contender> All =>
    [
        new("d", "pg_dump -Fc -Z1 alone", DumpAsync) { IsOurs = false },
        new("e", "backupsync backup: encrypted, every row hashed and counted", BackUpAsync),
        new("f", "pg_restore -f /dev/null, sha256sum", ReadAsync) { IsOurs = false },
        new("g", "backupsync verify: every byte, every row counted", VerifyAsync),
        new("h", "pg_restore -j2 into an empty database", RestoreByToolAsync) { IsOurs = false },
        new("i", "backupsync restore: every row compared before it is visible", RestoreAsync),
    ];

    async Task<Measurement> DumpAsync(CancellationToken ct)
    {
        var file = PathOf("plain.dump");
        var watch = Stopwatch.StartNew();
        await PostgresProgram.RunAsync(source.Address, ct, tools.PgDump, "-Fc", "-Z1", $"--file={file}");
        watch.Stop();
        File.Delete(file);
        return new Measurement(watch.Elapsed);
    }

    async Task<Measurement> BackUpAsync(CancellationToken ct)
    {
        var config = await ConfigAsync("encrypted", "encryption: { passphrase: a passphrase for benchmarks }", ct);
        var measured = await program.RunAsync(["backup", "source", "--config", config], Addresses, ct);
        var steps = StepsIn("encrypted", "source");
        Directory.Delete(PathOf("encrypted"), recursive: true);
        return measured with { Steps = steps };
    }

    async Task<Measurement> ReadAsync(CancellationToken ct)
    {
        var archive = await ArchiveAsync(ct);
        var watch = Stopwatch.StartNew();
        await PostgresProgram.RunAsync(source.Address, ct, tools.PgRestore, "--file=/dev/null", archive);
        await PostgresProgram.RunAsync(source.Address, ct, "sha256sum", archive);
        return new Measurement(watch.Elapsed);
    }

    async Task<Measurement> VerifyAsync(CancellationToken ct) =>
        await program.RunAsync(["verify", "--path", await ArchiveAsync(ct), "--config", PathOf("plain.yml")], Addresses, ct);

    async Task<Measurement> RestoreByToolAsync(CancellationToken ct)
    {
        var archive = await ArchiveAsync(ct);
        await RecreateAsync(ct);
        var watch = Stopwatch.StartNew();
        await PostgresProgram.RunAsync(target.Address, ct, tools.PgRestore, "-j2", "--exit-on-error", $"--dbname={Empty}", archive);
        return new Measurement(watch.Elapsed);
    }

    async Task<Measurement> RestoreAsync(CancellationToken ct)
    {
        var archive = await ArchiveAsync(ct);
        await RecreateAsync(ct);
        var measured = await program.RunAsync(
            ["restore", "source", "--path", archive, "--to", "target", "--yes", "--config", PathOf("plain.yml")], Addresses, ct);
        return measured with { Steps = StepsIn("plain", "target") };
    }

    /// <summary>One backup of ours, read and restored by all.</summary>
    async Task<string> ArchiveAsync(CancellationToken ct)
    {
        if (_archive is not null)
            return _archive;
        var config = await ConfigAsync("plain", "", ct);
        await program.RunAsync(["backup", "source", "--config", config], Addresses, ct);
        return _archive = Directory.GetFiles(PathOf("plain"), "*.dump", SearchOption.AllDirectories).Single();
    }

    async Task<string> ConfigAsync(string name, string more, CancellationToken ct)
    {
        var path = PathOf(name + ".yml");
        await File.WriteAllTextAsync(path, $$"""
            databases:
              source: { url: "${BENCHMARK_SOURCE}", role: production }
              target: { url: "${BENCHMARK_TARGET}", role: backup }
            places:
              local: { directory: {{name}} }
            {{more}}
            """, ct);
        return path;
    }

    async Task RecreateAsync(CancellationToken ct)
    {
        var maintenance = target.Address.WithDatabase("postgres");
        await BenchmarkDatabase.ExecuteAsync(maintenance, $"DROP DATABASE IF EXISTS {Empty} WITH (FORCE)", ct);
        await BenchmarkDatabase.ExecuteAsync(maintenance, $"CREATE DATABASE {Empty}", ct);
        await BenchmarkDatabase.ExecuteAsync(maintenance, "CHECKPOINT", ct);
    }

    Dictionary<string, string> Addresses => new()
    {
        ["BENCHMARK_SOURCE"] = source.ConnectionString,
        ["BENCHMARK_TARGET"] = target.ConnectionString.Replace($"/{target.Address.Database}", $"/{Empty}", StringComparison.Ordinal),
    };

    IReadOnlyList<StepResult> StepsIn(string place, string database) =>
        RunHistory.Read(PathOf(Path.Combine(place, database))).First().Steps;

    string PathOf(string name) => Path.Combine(folder, name);
}
