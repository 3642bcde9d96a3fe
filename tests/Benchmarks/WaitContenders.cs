using System.Diagnostics;
using BackupSync.Sandbox;
using Npgsql;

namespace BackupSync.Benchmarks;

/// <summary>
/// How long a reader of the target waits for an answer at most, for each way in which it is changed: what is timed is not the run, but
/// one short query after the other beside it, each until it is answered, by a new connection where that is lost or refused.
/// </summary>
sealed class WaitContenders(SandboxServer source, SandboxServer target, OurProgram program, string folder) : IContenders
{
    const string Database = "waits";

    bool _isFilled;

    public IReadOnlyList<Target> Targets => [];

    public IReadOnlyList<Contender> All =>
    [
        new("x", "longest wait of a reader: publish: swap", ct => RunAsync(["sync", "swap", "--mode", "full"], "documents", ct)),
        new(
            "y",
            "longest wait of a reader: publish: transaction",
            ct => RunAsync(["sync", "transaction", "--mode", "full"], "documents", ct)),
        new("z", "longest wait of a reader: incremental, 1 row in 100 changed", ct => RunAsync(["sync", "incremental"], "documents", ct)),
        new(
            "A",
            "longest wait of a reader: restore --table payments",
            ct => RunAsync(["restore", "target", "--latest", "--table", "payments", "--others-wait"], "payments", ct)),
    ];

    async Task<Measurement> RunAsync(string[] arguments, string table, CancellationToken ct)
    {
        if (!_isFilled)
            await FillAsync(ct);
        await program.RunAsync(["sync", "incremental", "--mode", "incremental", "--config", Configuration], Addresses, ct);
        await BenchmarkDatabase.ExecuteAsync(
            source.Address.WithDatabase(Database), "UPDATE documents SET score = score + 1 WHERE id % 100 = 0", ct);
        await BenchmarkDatabase.SettleAsync(target.Address.WithDatabase(Database), ct);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reading = ReadAsync($"SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 10) few", end.Token);
        try
        {
            var measured = await program.RunAsync([.. arguments, "--yes", "--config", Configuration], Addresses, ct);
            return measured with { Duration = await EndAsync(), PeakBytes = null };
        }
        finally
        {
            await EndAsync();
        }

        async Task<TimeSpan> EndAsync()
        {
            await end.CancelAsync();
            return await reading;
        }
    }

    /// <returns>The longest time from the question to its answer.</returns>
    async Task<TimeSpan> ReadAsync(string query, CancellationToken ct)
    {
        var address = new NpgsqlConnectionStringBuilder(target.Address.WithDatabase(Database).ToNpgsql().ConnectionString)
        {
            Pooling = false,
            CommandTimeout = 0,
        }.ConnectionString;
        var longest = TimeSpan.Zero;
        NpgsqlConnection? connection = null;
        while (!ct.IsCancellationRequested)
        {
            for (var asked = Stopwatch.StartNew(); ;)
            {
                try
                {
                    if (connection is null)
                    {
                        connection = new NpgsqlConnection(address);
                        await connection.OpenAsync(CancellationToken.None);
                    }
                    await using var command = new NpgsqlCommand(query, connection);
                    await command.ExecuteScalarAsync(CancellationToken.None);
                    longest = asked.Elapsed > longest ? asked.Elapsed : longest;
                    break;
                }
                catch (NpgsqlException) when (asked.Elapsed < TimeSpan.FromMinutes(1))
                {
                    await connection!.DisposeAsync();
                    connection = null;
                    await Task.Delay(10, CancellationToken.None);
                }
            }
            await Task.Delay(5, CancellationToken.None);
        }
        await (connection?.DisposeAsync() ?? ValueTask.CompletedTask);
        return longest;
    }

    async Task FillAsync(CancellationToken ct)
    {
        foreach (var server in new[] { source, target })
            await BenchmarkDatabase.ExecuteAsync(server.Address.WithDatabase("postgres"), $"CREATE DATABASE {Database} TEMPLATE bench", ct);
        await File.WriteAllTextAsync(Configuration, $$"""
            databases:
              source: { url: "${BENCHMARK_SOURCE}", role: production }
              target: { url: "${BENCHMARK_TARGET}", role: backup }
            places:
              local: { directory: "{{Path.Combine(folder, "vault")}}" }
            jobs:
              swap: { {{Job("publish: swap")}} }
              transaction: { {{Job("publish: transaction")}} }
              incremental: { {{Job("publish: swap, mode: incremental")}} }
            """, ct);
        await program.RunAsync(["backup", "target", "--config", Configuration], Addresses, ct);
        _isFilled = true;
    }

    /// <summary>What is measured is the way itself, not when it gives way.</summary>
    static string Job(string way) =>
        $"source: source, target: target, {way}, limits: {{ blocking: wait, dump: 10h, safetyBackup: 10h, restore: 10h, total: 10h }}";

    string Configuration => Path.Combine(folder, "waits.yml");

    Dictionary<string, string> Addresses => BenchmarkDatabase.Addresses(source, target, Database);
}
