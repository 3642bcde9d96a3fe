using System.Collections.Concurrent;
using BackupSync.Configuration;
using BackupSync.Reporting;

namespace BackupSync.Tests.Reporting;

/// <summary>A database that is connected to.</summary>
public sealed class DatabaseProbeTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task A_probe_tells_latency_and_connections_or_why_there_are_none()
    {
        await using var database = await servers.CreateSourceAsync();
        using var temp = new TempFolder();
        var config = ConfigurationFile.Load(temp.Write("backupsync.yml", $$"""
            databases:
              there: { url: "{{database.ConnectionString}}" }
              gone: { url: "postgresql://nobody:never-shown@127.0.0.1:9/none" }
            health: { databases: { there: {}, gone: { timeout: 1s } } }
            """));
        var changes = new ConcurrentQueue<ProbeChange>();
        using var stop = new CancellationTokenSource();
        var running = new Probes(config, TimeProvider.System, changes.Enqueue, _ => { }).RunAsync(stop.Token);
        await Eventually.IsTrueAsync(() => changes.Count == 2, "both are probed", seconds: 30);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        var health = await HealthReport.ReadAsync(config, TimeProvider.System, _ => { }, default);
        var (there, gone) = (health.Databases[0], health.Databases[1]);
        Assert.Equal((true, HealthCheck.Probe), (there.Connected, there.CheckedBy));
        Assert.True(there.Latency > 0);
        Assert.InRange(there.ConnectionsUsed!.Value, 1, there.ConnectionsLimit!.Value);
        Assert.Equal((false, HealthStatus.Degraded), (gone.Connected, gone.Status));
        Assert.StartsWith("gone: ", gone.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("never-shown", HealthJson.Of(health), StringComparison.Ordinal);
    }
}
