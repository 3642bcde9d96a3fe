using System.Globalization;
using System.Runtime.InteropServices;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Sandbox;

namespace BackupSync.Benchmarks;

/// <summary>Two servers with the same database, and those that take turns on them. All gone when disposed.</summary>
sealed class Benchmark : IAsyncDisposable
{
    /// <summary>How much slower than an earlier version ours may be: noise of one machine is about that.</summary>
    const double MostOfBefore = 1.05;

    readonly SandboxServer _source;
    readonly SandboxServer _target;
    readonly string _folder;
    readonly IReadOnlyList<IContenders> _suites;
    readonly long _databaseBytes;

    Benchmark(
        SandboxServer source,
        SandboxServer target,
        PgToolset tools,
        OurProgram program,
        string folder,
        long databaseBytes,
        int readings,
        int tables,
        int rows)
    {
        _source = source;
        _target = target;
        _databaseBytes = databaseBytes;
        _folder = folder;
        _suites =
        [
            new SyncContenders(source, target, tools, program, folder),
            new BackupContenders(source, target, tools, program, folder),
            new IncrementalContenders(source, target, tools, program, folder, readings),
            new ManyTablesContenders(source, target, program, folder, tables),
            new ManyRowsContenders(source, target, tools, program, folder, rows),
            new WaitContenders(source, target, program, folder),
        ];
    }

    /// <param name="program">Null: what stands in this repository, published.</param>
    /// <param name="bytes">How large the database is to be on disk, about.</param>
    /// <param name="readings">Rows of the table that incremental syncs have besides.</param>
    /// <param name="tables">Tables of the database of many small ones.</param>
    /// <param name="rows">Of each of the tables that are compared by content alone.</param>
    public static async Task<Benchmark> StartAsync(
        OurProgram? program, long bytes, int readings, int tables, int rows, CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("backupsync-benchmark-").FullName;
        SandboxServer? source = null, target = null;
        try
        {
            program ??= await OurProgram.PublishAsync(Path.Combine(folder, "program"), ct);
            source = await StartServerAsync("source", tables, ct);
            target = await StartServerAsync("target", tables, ct);
            var tools = await new ToolLocator(new ToolsConfig()).FindAsync(source.Version.Major, ct);
            Console.WriteLine($"Filling two servers (PostgreSQL {source.Version}) with about {ByteSizes.Show(bytes)} each ...");
            await Task.WhenAll(
                BenchmarkDatabase.FillAsync(source.Address, bytes, ct),
                BenchmarkDatabase.FillAsync(target.Address, bytes, ct));
            return new Benchmark(
                source, target, tools, program, folder, await BenchmarkDatabase.SizeAsync(source.Address, ct), readings, tables, rows);
        }
        catch
        {
            await (target?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (source?.DisposeAsync() ?? ValueTask.CompletedTask);
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>In turn, round by round, so that whatever else the machine does meets all of them.</summary>
    /// <param name="before">
    /// An earlier version of ours, on servers of its own: each takes its turn after the one of today. Null where there is none.
    /// </param>
    public async Task<Report> RunAsync(int rounds, IReadOnlyList<string> keys, Benchmark? before, CancellationToken ct)
    {
        var report = new Report($"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, PostgreSQL {_source.Version}, "
                                + $"database of {ByteSizes.Show(_databaseBytes)}, {rounds} round(s), {DateTime.UtcNow:yyyy-MM-dd}",
            [.. _suites.SelectMany(s => s.Targets), .. before is null ? [] : keys.Select(k => new Target(k, Before(k), MostOfBefore))]);
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var contender in Contenders(keys))
            {
                await MeasureAsync(contender, contender.Key, report, round, ct);
                if (contender.IsOurs && before?.Contenders([contender.Key]).Single() is { } earlier)
                    await before.MeasureAsync(earlier, Before(contender.Key), report, round, ct);
            }
        }
        return report;
    }

    IEnumerable<Contender> Contenders(IReadOnlyList<string> keys) => _suites.SelectMany(s => s.All).Where(c => keys.Contains(c.Key));

    async Task MeasureAsync(Contender contender, string key, Report report, int round, CancellationToken ct)
    {
        // Each begins with databases at rest: nothing to be flushed or vacuumed that another has left.
        await Task.WhenAll(BenchmarkDatabase.SettleAsync(_source.Address, ct), BenchmarkDatabase.SettleAsync(_target.Address, ct));
        var measured = await contender.RunAsync(ct);
        report.Add(key, contender.Title, measured);
        Console.WriteLine($"round {round}  ({key}) {Durations.Show(measured.Duration)}");
    }

    static string Before(string key) => $"{key} before";

    public async ValueTask DisposeAsync()
    {
        await _target.DisposeAsync();
        await _source.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>As a small managed server is set up: it waits for the disk, and its memory is a fraction of the database.</summary>
    static Task<SandboxServer> StartServerAsync(
        string name,
        int tables,
        CancellationToken ct) => SandboxServer.StartAsync(new SandboxOptions
    {
        Name = name,
        Database = "bench",
        Fsync = true,
        Settings = new Dictionary<string, string> 
        {
            ["shared_buffers"] = "256MB",
            // pg_dump locks all of them; 64 is the default.
            ["max_locks_per_transaction"] = Math.Max(64, tables / 40).ToString(CultureInfo.InvariantCulture),
        },
        OnMessage = Console.WriteLine,
    }, ct);
}
