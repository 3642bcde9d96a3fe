using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BackupSync.Benchmarks;

/// <summary>
/// What <c>serve</c> takes at rest, with 50 jobs whose databases are not there: memory, processor time and how fast health is answered.
/// </summary>
static class ServiceBenchmark
{
    const int Jobs = 50, Questions = 200;
    const long MostBytes = 80_000_000;
    const double MostShare = 0.005, MostMilliseconds = 20;

    /// <returns>Whether all is as it is to be.</returns>
    public static async Task<bool> RunAsync(TimeSpan time, TextWriter writer, CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("backupsync-service-").FullName;
        try
        {
            var program = await OurProgram.PublishAsync(Path.Combine(folder, "program"), ct);
            var port = FreePort();
            await File.WriteAllTextAsync(Path.Combine(folder, "backupsync.yml"), Configuration(port), ct);
            using var service = program.Start(["serve", "--config", Path.Combine(folder, "backupsync.yml")], folder);
            try
            {
                return await MeasureAsync(service, new Uri($"http://127.0.0.1:{port}/"), time, writer, ct);
            }
            finally
            {
                service.Kill();
                await service.WaitForExitAsync(CancellationToken.None);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static async Task<bool> MeasureAsync(Process service, Uri address, TimeSpan time, TextWriter writer, CancellationToken ct)
    {
        using var client = new HttpClient { BaseAddress = address };
        // Its own start is over, and so is the first answer of this client, which takes as long here.
        await Task.Delay(TimeSpan.FromSeconds(20), ct);
        (await client.GetAsync(new Uri("no-such-address", UriKind.Relative), ct)).Dispose();
        var first = await AskAsync(client, ct);
        var (share, memory) = await WatchAsync(service, time, ct);
        var answers = new List<double>();
        for (var i = 0; i < Questions; i++)
            answers.Add(await AskAsync(client, ct));
        answers.Sort();
        (string What, double Measured, double Most, string Unit)[] rows =
        [
            ("memory, median", memory[memory.Count / 2] / 1e6, MostBytes / 1e6, "MB"),
            ("memory, most", memory[^1] / 1e6, MostBytes / 1e6, "MB"),
            ("of a core", share * 100, MostShare * 100, "%"),
            ("db-health, first answer", first, MostMilliseconds, "ms"),
            ($"db-health, median of {Questions}", answers[Questions / 2], MostMilliseconds, "ms"),
            ($"db-health, slowest of {Questions}", answers[^1], MostMilliseconds, "ms"),
        ];
        foreach (var (what, measured, most, unit) in rows)
        {
            var judged = measured <= most ? "reached" : "MISSED";
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {what} | {measured:0.00} {unit} | at most {most:0.0} {unit} | {judged} |"));
        }
        return rows.All(r => r.Measured <= r.Most);
    }

    /// <returns>The share of a core, and the memory at each second, sorted.</returns>
    static async Task<(double Share, IReadOnlyList<long> Memory)> WatchAsync(Process service, TimeSpan time, CancellationToken ct)
    {
        var memory = new List<long>();
        service.Refresh();
        var (watch, before) = (Stopwatch.StartNew(), service.TotalProcessorTime);
        while (watch.Elapsed < time)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), ct);
            service.Refresh();
            memory.Add(service.WorkingSet64);
        }
        var share = (service.TotalProcessorTime - before) / watch.Elapsed;
        return (share, [.. memory.Order()]);
    }

    static async Task<double> AskAsync(HttpClient client, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await client.GetAsync(new Uri("api/system/db-health", UriKind.Relative), ct);
        await answer.Content.ReadAsByteArrayAsync(ct);
        return watch.Elapsed.TotalMilliseconds;
    }

    static string Configuration(int port)
    {
        var text = new StringBuilder();
        text.AppendLine("databases:");
        text.AppendLine("  a: { url: \"postgresql://u:p@127.0.0.1:1/a\" }");
        text.AppendLine("  b: { url: \"postgresql://u:p@127.0.0.1:1/b\" }");
        text.AppendLine(CultureInfo.InvariantCulture, $"service: {{ listen: \"http://127.0.0.1:{port}\", state: state }}");
        text.AppendLine("jobs:");
        for (var job = 1; job <= Jobs; job++)
            text.AppendLine(CultureInfo.InvariantCulture,
                $"  job{job}: {{ source: a, target: b, backups: {{ directory: copies{job} }}, schedule: {{ every: 6h }} }}");
        return text.ToString();
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
