using System.Text.Json;
using BackupSync.Alerting;
using BackupSync.Configuration;

namespace BackupSync.Tests.Alerting;

/// <summary>Sending to receivers that take it, are busy, refuse or never answer.</summary>
[Trait("Needs", "nothing")]
public sealed class AlertDeliveryTests : IDisposable
{
    readonly AlertSamples _samples = new();

    public void Dispose() => _samples.Dispose();

    [Fact]
    public async Task What_was_accepted_is_not_sent_again()
    {
        await using var receiver = new HttpReceiver();
        var outbox = _samples.Outbox(_samples.Config([AlertSamples.Webhook("team", receiver.Url)]));
        outbox.Raise(AlertSamples.Failure());
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);

        var body = JsonDocument.Parse(Assert.Single(receiver.Received).Body).RootElement.GetProperty("data");
        Assert.Equal(
            ("railway-to-neon/failed/ConnectionFailed", "failed", "error"),
            (body.GetProperty("key").GetString(), body.GetProperty("event").GetString(), body.GetProperty("severity").GetString()));
        Assert.Empty(outbox.List().Single().Waiting);
    }

    [Theory]
    [InlineData("\r\nRetry-After: 120", "")]
    [InlineData("\r\nRetry-After: Mon, 30 Nov 2026 06:02:00 GMT", "")]
    [InlineData("", """{"retry_after": 120.0}""")]
    [InlineData("", """{"ok": false, "parameters": {"retry_after": 120}}""")]
    public async Task A_busy_receiver_is_left_alone_for_as_long_as_it_wants(string headers, string body)
    {
        await using var receiver = new HttpReceiver(_ => HttpReceiver.Status(429, headers, body));
        var outbox = _samples.Outbox(_samples.Config([AlertSamples.Webhook("team", receiver.Url)]));
        outbox.Raise(AlertSamples.Failure());
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
        receiver.Answer = _ => HttpReceiver.Status(200);
        _samples.Clock.Advance(TimeSpan.FromSeconds(119));
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
        Assert.Single(receiver.Received);

        _samples.Clock.Advance(TimeSpan.FromSeconds(1));
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
        Assert.Equal(2, receiver.Received.Count);
        Assert.Single(receiver.Received.Select(r => r.Headers["webhook-id"]).Distinct());
    }

    [Fact]
    public async Task It_is_tried_less_and_less_often_for_a_day_and_then_given_up_and_said()
    {
        await using var receiver = new HttpReceiver(_ => HttpReceiver.Status(500));
        var config = _samples.Config([AlertSamples.Webhook("team", receiver.Url)], AlertSamples.Rule([AlertSamples.Webhook("team", "")]));
        var outbox = _samples.Outbox(config);
        outbox.Raise(AlertSamples.Failure());
        for (var minute = 0; minute < 25 * 60; minute++)
        {
            await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
            _samples.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.InRange(receiver.Received.Count, 90, 110); // every 15 minutes in the end
        var alert = outbox.List().Single(a => a.Kind == AlertEventKind.Failed);
        Assert.Empty(alert.Waiting);
        Assert.Contains("team, Raised: The receiver answered 500", Assert.Single(alert.Undelivered));
    }

    [Fact]
    public async Task What_was_sent_is_not_sent_again_when_the_disk_cannot_note_it()
    {
        await using var receiver = new HttpReceiver();
        var outbox = _samples.Outbox(_samples.Config([AlertSamples.Webhook("team", receiver.Url)]));
        outbox.Raise(AlertSamples.Failure());
        var obstacle = Directory.GetFiles(_samples.Folder, "alert-*.json").Single() + ".partial";
        Directory.CreateDirectory(obstacle);
        for (var look = 0; look < 5; look++)
        {
            await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
            _samples.Clock.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.Single(receiver.Received);
        Assert.Throws<BackupSyncException>(outbox.EnsureWritten);
        // What this process alone would know is not said to be done.
        Assert.Throws<BackupSyncException>(() => outbox.Acknowledge(AlertSamples.Failure().Key, "me"));

        Directory.Delete(obstacle);
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
        outbox.EnsureWritten();
        Assert.Empty(outbox.Store.Read(AlertSamples.Failure().Key)!.Messages);
        Assert.DoesNotContain("msg_", File.ReadAllText(obstacle[..^".partial".Length]), StringComparison.Ordinal);
        Assert.Single(receiver.Received);
    }

    [Fact]
    public async Task Where_nothing_can_be_written_it_is_sent_from_memory_and_that_is_warned_of_once()
    {
        await using var receiver = new HttpReceiver();
        File.WriteAllText(_samples.Folder, "in the way");
        var config = _samples.Config([AlertSamples.Webhook("team", receiver.Url)]);
        var warnings = new List<string>();
        var service = new AlertService(config, _samples.Clock, warnings.Add);
        // By another part of the same process, such as a run.
        new AlertOutbox(config, _samples.Clock).Raise(AlertSamples.Failure());
        for (var look = 0; look < 3; look++)
        {
            await service.PumpAsync(default);
            await service.SentAsync();
        }
        Assert.Single(receiver.Received);
        Assert.Contains("They are sent from memory.", Assert.Single(warnings), StringComparison.Ordinal);

        service.Resolve(AlertSamples.Failure().Key);
        await service.PumpAsync(default);
        await service.SentAsync();
        Assert.Contains("recovered", receiver.Received.Last().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_clock_of_the_future_has_noted_holds_nothing_back()
    {
        await using var receiver = new HttpReceiver();
        var channel = AlertSamples.Webhook("team", receiver.Url);
        var rule = AlertSamples.Rule([channel]) with { Repeat = TimeSpan.FromHours(1) };
        var outbox = _samples.Outbox(_samples.Config([channel], rule));
        outbox.Raise(AlertSamples.Failure());
        var future = _samples.Clock.GetUtcNow().AddYears(10);
        outbox.Store.Change(AlertSamples.Failure().Key, there => there! with
        {
            Messages = [there.Messages.Single() with { Next = future }],
            Rules = there.Rules.ToDictionary(r => r.Key, _ => new RuleState(future, future, null)),
        });
        new ChannelHealth(1, future, future, "no", null).Write(_samples.Folder, "team");

        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
        Assert.Single(receiver.Received);
        _samples.Clock.Advance(TimeSpan.FromHours(1));
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
        Assert.Equal(2, receiver.Received.Count);
    }

    [Fact]
    public async Task What_a_channel_that_is_gone_was_to_be_told_is_given_up()
    {
        var outbox = _samples.Outbox(_samples.Config([AlertSamples.Webhook("team", "http://127.0.0.1:9/")]));
        outbox.Raise(AlertSamples.Failure());

        await using var receiver = new HttpReceiver();
        outbox = _samples.Outbox(_samples.Config([AlertSamples.Webhook("other", receiver.Url)]));
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);

        var alert = Assert.Single(outbox.List());
        Assert.Empty(alert.Waiting);
        Assert.EndsWith("team, Raised: there is no such channel any more", Assert.Single(alert.Undelivered), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dead_channel_holds_up_none_and_is_told_by_the_others()
    {
        await using var dead = new HttpReceiver(_ => null);
        await using var alive = new HttpReceiver();
        var config = _samples.Config([AlertSamples.Webhook("dead", dead.Url), AlertSamples.Webhook("alive", alive.Url)]);
        var outbox = _samples.Outbox(config, attemptSeconds: 0.3);
        outbox.Raise(AlertSamples.Failure());
        for (var i = 0; i < 3; i++)
        {
            await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
            _samples.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        var told = alive.Received.Select(r => JsonDocument.Parse(r.Body).RootElement.GetProperty("data")).ToList();
        Assert.Equal(["failed", "channelFailed"], told.Select(t => t.GetProperty("event").GetString()));
        Assert.Contains("channel dead: There was no answer", told[1].GetProperty("headline").GetString());
        Assert.DoesNotContain("secret", told[1].ToString());
        Assert.All(dead.Received, r => Assert.DoesNotContain("channelFailed", r.Body));

        dead.Answer = _ => HttpReceiver.Status(200);
        _samples.Clock.Advance(TimeSpan.FromHours(1));
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
        Assert.Contains("backupsync.alert.recovered", alive.Received[^1].Body);
        Assert.Equal(["railway-to-neon/failed/ConnectionFailed"], outbox.List().Select(a => a.Key));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(401)]
    [InlineData(301)]
    public async Task A_receiver_that_says_no_for_good_is_told_at_once(int status)
    {
        await using var gone = new HttpReceiver(
            _ => HttpReceiver.Status(status, "\r\nLocation: http://127.0.0.1:9/", "no /hook/Zq7Wk9secret"));
        await using var alive = new HttpReceiver();
        var config = _samples.Config([AlertSamples.Webhook("gone", gone.Url), AlertSamples.Webhook("alive", alive.Url)]);
        var outbox = _samples.Outbox(config);
        outbox.Raise(AlertSamples.Failure());
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);

        Assert.Contains("channelFailed", alive.Received[^1].Body);
        Assert.Contains($"answered {status}", alive.Received[^1].Body);
        Assert.DoesNotContain("/hook/Zq7Wk9secret", alive.Received[^1].Body);
    }

    [Fact]
    public async Task A_message_that_a_receiver_refuses_does_not_keep_back_the_others()
    {
        await using var receiver = new HttpReceiver(
            r => HttpReceiver.Status(r.Body.Contains("poison", StringComparison.Ordinal) ? 400 : 200));
        var outbox = _samples.Outbox(_samples.Config([AlertSamples.Webhook("team", receiver.Url)]));
        outbox.Raise(AlertSamples.Failure("poison"));
        for (var i = 0; i < 5; i++)
        {
            outbox.Raise(AlertSamples.Failure($"job{i}"));
            await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
            _samples.Clock.Advance(TimeSpan.FromMinutes(1));
        }
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);

        Assert.Equal(5, receiver.Received.Count(r => r.Body.Contains("/failed/", StringComparison.Ordinal)
            && !r.Body.Contains("poison", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Of_several_processes_one_sends()
    {
        await using var receiver = new HttpReceiver();
        var config = _samples.Config([AlertSamples.Webhook("team", receiver.Url)]);
        var outboxes = Enumerable.Range(0, 8).Select(_ => _samples.Outbox(config)).ToList();
        await Task.WhenAll(outboxes.Select((outbox, i) => Task.Run(async () =>
        {
            for (var j = 0; j < 5; j++)
            {
                outbox.Raise(AlertSamples.Failure($"job{i}-{j}"));
                await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
            }
        })));
        await outboxes[0].DeliverAsync(TimeSpan.FromSeconds(30), default);

        Assert.Equal(40, receiver.Received.Count);
        Assert.Equal(40, receiver.Received.Select(r => r.Headers["webhook-id"]).Distinct().Count());
    }

    [Fact]
    public async Task A_service_sends_at_once_what_is_raised_in_its_process_and_leaves_the_outbox_whole_when_it_is_stopped()
    {
        await using var dead = new HttpReceiver(_ => null);
        await using var alive = new HttpReceiver();
        var config = _samples.Config([AlertSamples.Webhook("dead", dead.Url), AlertSamples.Webhook("alive", alive.Url)]);
        using var stop = new CancellationTokenSource();
        var running = new AlertService(config, _samples.Clock).RunAsync(stop.Token);
        await Eventually.IsTrueAsync(() => File.Exists(Path.Combine(_samples.Folder, AlertOutbox.PumpLock)), "the service runs");
        var outbox = _samples.Outbox(config);
        outbox.Raise(AlertSamples.Failure());
        await outbox.DeliverAsync(TimeSpan.FromSeconds(30), default);
        await Eventually.IsTrueAsync(() => alive.Received.Count == 1 && dead.Received.Count == 1, "both were posted to");
        await stop.CancelAsync();
        await running;

        Assert.Equal(["dead"], outbox.List().Single().Waiting);
    }

    [Fact]
    public async Task A_digest_is_told_once_at_its_time_however_many_were_missed()
    {
        await using var receiver = new HttpReceiver();
        var channel = AlertSamples.Webhook("team", receiver.Url);
        var config = _samples.Config([channel], AlertSamples.Rule([channel], AlertEventKind.Paused)) with
        {
            Digest = new DigestConfig { Cron = "0 8 * * *", To = [channel] },
        };
        var outbox = _samples.Outbox(config);
        var service = new AlertService(outbox, config, _samples.Clock, page: _ => Task.FromResult<string?>("<p>page</p>"));
        await PumpAsync(service);
        outbox.Raise(AlertSamples.Failure(kind: AlertEventKind.Paused));
        await PumpAsync(service);
        _samples.Clock.Advance(TimeSpan.FromDays(3));
        await PumpAsync(service);
        await PumpAsync(service);

        var digest = Assert.Single(receiver.Received, r => r.Body.Contains("backupsync.alert.digest", StringComparison.Ordinal));
        Assert.Contains("1 alert open, 0 over.", digest.Body);
        Assert.Contains("railway-to-neon", digest.Body);
    }

    [Theory]
    [InlineData(0, "Nothing is to be done.")]
    [InlineData(1, "All the same 1 database, job or service is not healthy: Get-DbHealth -All (backupsync health --all).")]
    [InlineData(2, "All the same 2 databases, jobs or services are not healthy: Get-DbHealth -All (backupsync health --all).")]
    public async Task A_digest_without_alerts_tells_what_is_not_healthy_all_the_same(int unwell, string advice)
    {
        await using var receiver = new HttpReceiver();
        var channel = AlertSamples.Webhook("team", receiver.Url);
        var config = _samples.Config([channel]) with { Digest = new DigestConfig { Cron = "0 8 * * *", To = [channel] } };
        var service = new AlertService(_samples.Outbox(config), config, _samples.Clock, unwell: () => unwell);
        await PumpAsync(service);
        _samples.Clock.Advance(TimeSpan.FromDays(1));
        await PumpAsync(service);
        await PumpAsync(service);

        Assert.Contains($"\"advice\":\"{advice}\"", Assert.Single(receiver.Received).Body);
    }

    [Fact]
    public async Task A_test_proves_each_channel_and_says_why_one_is_refused()
    {
        await using var good = new HttpReceiver();
        await using var bad = new HttpReceiver(_ => HttpReceiver.Status(403, body: "invalid token"));
        ChannelConfig[] channels =
        [
            AlertSamples.Webhook("good", good.Url), AlertSamples.Webhook("bad", bad.Url),
            new ChannelConfig { Name = "program", Command = ["false"], WorkingFolder = "/" },
            new ChannelConfig { Name = "unset", Slack = new(new ConfigurationProblem("f", 1, 1, "k", "SLACK is not set")) },
        ];
        var results = await _samples.Outbox(_samples.Config(channels)).TestAsync(channels, default);

        Assert.Equal([true, false, false, false], results.Select(r => r.Accepted));
        Assert.Contains("answered 403: invalid token", results[1].Error);
        Assert.Contains("The command false failed (exit code 1)", results[2].Error);
        Assert.Contains("SLACK is not set", results[3].Error);
        Assert.Contains("backupsync.alert.test", Assert.Single(good.Received).Body);
    }

    [SkippableFact]
    public async Task A_command_gets_the_alert_as_json_on_its_standard_input()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        using var folder = new TempFolder();
        var channel = new ChannelConfig { Name = "program", Command = ["/bin/sh", "-c", "cat > got.json"], WorkingFolder = folder.Path };
        await AlertDelivery.AttemptAsync(channel, AlertSamples.Message(), TimeSpan.FromSeconds(10), _samples.Clock, default);

        Assert.Equal(WebhookPayload.Body(AlertSamples.Message()), File.ReadAllText(folder.File("got.json")));
    }

    static async Task PumpAsync(AlertService service)
    {
        await service.PumpAsync(default);
        await service.SentAsync();
    }
}
