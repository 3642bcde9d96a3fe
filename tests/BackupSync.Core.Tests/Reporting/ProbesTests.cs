using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using BackupSync.Alerting;
using BackupSync.Configuration;
using BackupSync.Reporting;
using BackupSync.Tests.Alerting;
using BackupSync.Tests.Places;
using Microsoft.Extensions.Time.Testing;

namespace BackupSync.Tests.Reporting;

/// <summary>Services that are asked by HTTP, with a clock that the tests move.</summary>
[Trait("Needs", "nothing")]
public sealed class ProbesTests : IDisposable
{
    static readonly DateTimeOffset Start = new(2026, 12, 1, 6, 0, 0, TimeSpan.Zero);

    readonly TempFolder _temp = new();
    readonly FakeTimeProvider _clock = new(Start);
    readonly ConcurrentQueue<ProbeChange> _changes = [];
    readonly ConcurrentQueue<string> _warnings = [];

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task A_service_that_answers_is_up_and_one_that_answers_otherwise_goes_down()
    {
        await using var well = new WebPage("ok");
        await using var ill = new WebPage("broken", 503);
        var config = Config($"well: {{ http: \"{well.Address}?key=never-shown\" }}", $"ill: {{ http: \"{ill.Address}?key=never-shown\" }}");
        await RunAsync(config, async () =>
        {
            await ProbedAsync(config, "well", 1);
            await ProbedAsync(config, "ill", 1);
            for (var i = 2; i <= 7; i++)
            {
                _clock.Advance(TimeSpan.FromSeconds(30));
                await ProbedAsync(config, "well", i);
                await ProbedAsync(config, "ill", i);
            }
        });

        var record = Read(config, "well")!;
        Assert.Equal((ProbeState.Up, null, Start), (record.State, record.Problem, record.Since));
        Assert.True(record.LatencyMs > 0);
        Assert.Equal(
            [(null, ProbeState.Failing), (ProbeState.Failing, ProbeState.Down)],
            _changes.Where(c => c.Name == "ill").Select(c => (c.From, c.To)));
        Assert.Equal(
            $"[DB-Redundancy] the service ill is down for 3m 00s: {ill.Address} answered 503, and 200 is expected.",
            _changes.Last(c => c.Name == "ill").ToString());
        Assert.Equal("[DB-Redundancy] the service well is healthy", _changes.Single(c => c.Name == "well").ToString());
        Assert.DoesNotContain("never-shown", File.ReadAllText(_temp.File("state/probes/service-ill.json")), StringComparison.Ordinal);
        Assert.Empty(_warnings);
        var health = (await HealthReport.ReadAsync(config, _clock, _warnings.Enqueue, default)).Services;
        Assert.Equal([HealthStatus.Healthy, HealthStatus.Down], health.Select(s => s.Status));
    }

    [Fact]
    public async Task Alerts_count_each_probe_that_finds_it_down_or_up_again()
    {
        await using var page = new WebPage("broken", 503);
        var config = Config($"gateway: {{ http: \"{page.Address}\", down: 0, errorShare: {{ above: 100% }} }}");
        using var samples = new AlertSamples();
        var channel = AlertSamples.Webhook("team", "http://127.0.0.1:9/");
        var alerts = samples.Outbox(samples.Config(
            [channel], AlertSamples.Rule([channel], AlertEventKind.ServiceDown) with { After = 2, RecoverAfter = 2 }));
        using var stop = new CancellationTokenSource();
        var states = new List<AlertState?>();
        var probes = new Probes(config, _clock, _changes.Enqueue, _warnings.Enqueue, change =>
        {
            ProbeAlerts.Tell(change, alerts);
            states.Add(alerts.List().SingleOrDefault()?.State);
        });
        var running = probes.RunAsync(stop.Token);
        for (var i = 1; i <= 4; i++)
        {
            await ProbedAsync(config, "gateway", i);
            await Eventually.IsTrueAsync(() => states.Count == i, $"{i} probes are told", pause: 5);
            if (i == 2)
                page.Status = 200;
            _clock.Advance(TimeSpan.FromSeconds(30));
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        Assert.Equal([AlertState.Watched, AlertState.Open, AlertState.Open, null], states.Take(4));
        Assert.Equal(2, _changes.Count);
    }

    [Fact]
    public async Task Recovery_is_told_with_how_long_it_was_down_also_after_a_restart()
    {
        await using var page = new WebPage("ok");
        var config = Config($"gateway: {{ http: \"{page.Address}\", down: 0 }}");
        new ProbeRule(TimeSpan.FromSeconds(30), TimeSpan.Zero, TimeSpan.FromMinutes(5), 0.1)
            .After(null, ProbeKind.Service, "gateway", new ProbeAnswer(null, "no answer"), Start.AddMinutes(-12)).Write(Folder(config));

        await RunAsync(config, () => ProbedAsync(config, "gateway", 2));

        Assert.Equal(
            "[DB-Redundancy] the service gateway is healthy again, after it was down for 12m 00s", Assert.Single(_changes).ToString());
    }

    [Fact]
    public async Task Nobody_there_and_nobody_who_answers_in_time_are_failures_with_their_reason()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        int closed;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            closed = ((IPEndPoint)free.LocalEndpoint).Port;
        }
        var config = Config(
            $"silent: {{ http: \"http://{silent.LocalEndpoint}/\", timeout: 1s }}", $"closed: {{ http: \"http://127.0.0.1:{closed}/\" }}");

        await RunAsync(config, async () =>
        {
            await ProbedAsync(config, "silent", 1);
            await ProbedAsync(config, "closed", 1);
        });

        Assert.Equal($"http://{silent.LocalEndpoint}/ did not answer within 1.0s.", Read(config, "silent")!.Problem);
        Assert.Equal($"http://127.0.0.1:{closed}/ cannot be reached (ConnectionError).", Read(config, "closed")!.Problem);
    }

    [Fact]
    public async Task Of_two_processes_one_asks_and_the_other_goes_on_when_it_has_ended()
    {
        await using var page = new WebPage("ok");
        var config = Config($"gateway: {{ http: \"{page.Address}\" }}");
        using var second = new CancellationTokenSource();
        Task watching = Task.CompletedTask;
        await RunAsync(config, async () =>
        {
            await ProbedAsync(config, "gateway", 1);
            watching = new Probes(config, _clock, _changes.Enqueue, _warnings.Enqueue).RunAsync(second.Token);
        });
        Assert.Equal(1, Read(config, "gateway")!.Probes);

        _clock.Advance(TimeSpan.FromSeconds(15));
        await ProbedAsync(config, "gateway", 2);

        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
        Assert.Single(_changes);
    }

    [Fact]
    public async Task Without_anything_to_ask_it_goes_on_until_it_is_stopped()
    {
        var config = Config();

        await RunAsync(config, () => Task.CompletedTask);

        Assert.Empty(_changes);
    }

    [Theory]
    [InlineData("provider: neon", "{ every: 5m }", false)]
    [InlineData("provider: neon", "{ every: 5m, wake: true }", true)]
    [InlineData("role: backup", "{ every: 30s }", true)]
    public void A_database_that_sleeps_is_not_woken_unless_that_is_said(string database, string probe, bool isAsked)
    {
        var config = ConfigurationFile.Load(_temp.Write("neon.yml", $$"""
            databases: { neon: { url: "postgresql://u:p@ep-x.eu.example.com/d", {{database}} } }
            health: { databases: { neon: {{probe}} } }
            """));

        Assert.Equal(isAsked, Probes.IsAsked(config.Health.Databases[0]));
    }

    [Fact]
    public void A_host_of_neon_is_known_by_its_name()
    {
        var config = ConfigurationFile.Load(_temp.Write("neon.yml", """
            databases: { copy: { url: "postgresql://u:p@ep-cool-1.eu-central-1.aws.neon.tech/d" } }
            health: { databases: { copy: { every: 30s } } }
            """));

        Assert.False(Probes.IsAsked(config.Health.Databases[0]));
    }

    async Task RunAsync(BackupSyncConfig config, Func<Task> meanwhile)
    {
        using var stop = new CancellationTokenSource();
        var running = new Probes(config, _clock, _changes.Enqueue, _warnings.Enqueue).RunAsync(stop.Token);
        await meanwhile();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    static Task ProbedAsync(BackupSyncConfig config, string name, int times) => Eventually.IsTrueAsync(
        () => Read(config, name)?.Probes == times, $"{name} is probed {times} times", pause: 5);

    static ProbeRecord? Read(BackupSyncConfig config, string name) => ProbeRecord.Read(config.Service.State, ProbeKind.Service, name);

    static string Folder(BackupSyncConfig config)
    {
        Directory.CreateDirectory(ProbeRecord.FolderOf(config.Service.State));
        return config.Service.State;
    }

    BackupSyncConfig Config(params string[] services) => ConfigurationFile.Load(_temp.Write("backupsync.yml", $$"""
        databases: { railway: { url: "${NOT_SET_ANYWHERE}" } }
        health: { services: {{{string.Join(", ", services)}}} }
        """));
}
