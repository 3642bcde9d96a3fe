using BackupSync.Alerting;
using BackupSync.Configuration;

namespace BackupSync.Tests.Alerting;

/// <summary>The real program, killed while it sends, and its commands of alerts.</summary>
public sealed class AlertKillTests : IDisposable
{
    const int Kills = 40;
    const int Alerts = 12;

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Each time at another request: before it is answered, and so before the program can know, or when it is, and so about to write it.
    /// </summary>
    [Fact]
    public async Task Whatever_is_killed_while_it_sends_loses_no_alert_and_doubles_one_at_most()
    {
        var random = new Random(14);
        Cli? sending = null;
        var killAt = 0;
        var (count, beforeAnswer) = (0, false);
        await using var receiver = new HttpReceiver();
        receiver.Answer = request =>
        {
            if (++count == killAt && beforeAnswer)
                sending!.Kill();
            else if (count == killAt)
                Task.Run(() => sending!.Kill());
            return HttpReceiver.Status(200);
        };
        var file = Configure(receiver.Url);
        var config = ConfigurationFile.Load(file, _ => null);
        var doubles = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            var outbox = new AlertOutbox(config.Alerts, TimeProvider.System);
            for (var i = 0; i < Alerts; i++)
                outbox.Raise(AlertSamples.Failure($"job{kill}-{i}"));
            var before = receiver.Received.Count;
            (count, killAt, beforeAnswer) = (0, random.Next(1, Alerts + 1), random.Next(2) == 0);
            await using (sending = Cli.Start(["alert", "acknowledge", $"job{kill}-0/failed/ConnectionFailed", "--config", file]))
            {
                await sending.EndAsync();
                await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
            }

            var sent = receiver.Received.Skip(before).Select(r => r.Headers["webhook-id"]).ToList();
            Assert.Equal(Alerts, sent.Distinct().Count());
            Assert.InRange(sent.Count, Alerts, Alerts + 1);
            doubles += sent.Count - Alerts;
            foreach (var alert in outbox.List())
            {
                Assert.Empty(alert.Waiting);
                outbox.Store.Remove(alert.Key, _ => true);
            }
        }
        Assert.True(doubles > 0, "Nothing was killed between an answer and its being kept.");
    }

    [Fact]
    public async Task Commands_list_test_and_acknowledge()
    {
        await using var receiver = new HttpReceiver();
        var file = Configure(receiver.Url);
        var none = await Cli.RunAsync(["alert", "list", "--config", file]);
        Assert.True(none.ExitCode == 0 && none.Output.Contains("There are no alerts.", StringComparison.Ordinal), none.All);

        var failed = await Cli.RunAsync(["sync", "copy", "--yes", "--config", file]);
        Assert.True(failed.ExitCode == 1, failed.All);
        Assert.Single(receiver.Received);
        const string Key = "copy/failed/ConnectionFailed";
        var list = await Cli.RunAsync(["alert", "list", "--config", file]);
        Assert.True(list.ExitCode == 0 && list.Output.Contains(Key, StringComparison.Ordinal), list.All);

        var acknowledged = await Cli.RunAsync(["alert", "acknowledge", Key, "--by", "ana", "--json", "--config", file]);
        Assert.True(acknowledged.ExitCode == 0 && acknowledged.Output.Contains("\"AcknowledgedBy\": \"ana\"", StringComparison.Ordinal),
            acknowledged.All);
        var unknown = await Cli.RunAsync(["alert", "acknowledge", "copy/faild", "--config", file]);
        Assert.True(unknown.ExitCode == 2, unknown.All);

        var test = await Cli.RunAsync(["alert", "test", "--config", file]);
        Assert.True(test.ExitCode == 0 && test.Output.Contains("accepted", StringComparison.Ordinal), test.All);
        receiver.Answer = _ => HttpReceiver.Status(403);
        var refused = await Cli.RunAsync(["alert", "test", "team", "--config", file]);
        Assert.True(refused.ExitCode == 1 && refused.Output.Contains("answered 403", StringComparison.Ordinal), refused.All);
        Assert.DoesNotContain("Zq7Wk9", refused.All);
    }

    string Configure(string url) => _folder.Write("backupsync.yml", $$"""
        databases:
          a: { url: "postgresql://u@127.0.0.1:9/a" }
          b: { url: "postgresql://u@127.0.0.1:9/b" }
        alerts: { channels: { team: { webhook: { url: "{{url}}" } } } }
        jobs: { copy: { source: a, target: b, limits: { connect: 1s } } }
        """);
}
