using BackupSync.Alerting;
using BackupSync.Configuration;

namespace BackupSync.Tests.Alerting;

/// <summary>What becomes of failures by the rules: how many messages, to whom, and when.</summary>
[Trait("Needs", "nothing")]
public sealed class AlertRulesTests : IDisposable
{
    static readonly ChannelConfig Team = AlertSamples.Webhook("team", "http://127.0.0.1:9/team");
    static readonly ChannelConfig Ops = AlertSamples.Webhook("ops", "http://127.0.0.1:9/ops");
    static readonly ChannelConfig Pager =
        new() { Name = "pager", PagerDuty = new PagerDutyConfig { Key = AlertSamples.Late("routing") } };

    readonly AlertSamples _samples = new();

    public void Dispose() => _samples.Dispose();

    [Theory]
    [InlineData(24, 4)]
    [InlineData(10, 3)]
    [InlineData(1, 24)]
    public void A_thousand_failures_of_one_cause_give_one_message_and_one_each_time_it_is_repeated(int hours, int repeat)
    {
        var outbox = Outbox(AlertSamples.Rule([Team]) with { Repeat = TimeSpan.FromHours(repeat) });
        for (var i = 0; i < 1000; i++)
        {
            outbox.Raise(AlertSamples.Failure());
            Take(outbox);
            _samples.Clock.Advance(TimeSpan.FromHours(hours) / 1000);
            outbox.Pass();
        }
        Take(outbox);

        Assert.InRange(_taken.Count, 1, 1 + (int)Math.Ceiling(hours / (double)repeat));
        Assert.Equal(1, _taken.Count(m => m.Purpose == MessagePurpose.Raised));
        var alert = Assert.Single(outbox.List());
        Assert.Equal((1000, AlertState.Open), (alert.Count, alert.State));
    }

    [Fact]
    public void Failures_of_two_causes_are_two_alerts()
    {
        var outbox = Outbox(AlertSamples.Rule([Team]));
        outbox.Raise(AlertSamples.Failure());
        outbox.Raise(AlertSamples.Failure() with { Cause = "TimeLimit" });
        outbox.Raise(AlertSamples.Failure("another"));

        Assert.Equal(
            ["another/failed/ConnectionFailed", "railway-to-neon/failed/ConnectionFailed", "railway-to-neon/failed/TimeLimit"],
            outbox.List().Select(a => a.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void It_is_told_after_so_many_failures_in_a_row_and_is_over_after_so_many_successes()
    {
        var outbox = Outbox(AlertSamples.Rule([Team]) with { After = 2, RecoverAfter = 2 });
        var key = AlertSamples.Failure().Key;
        outbox.Raise(AlertSamples.Failure());
        Assert.Empty(Take(outbox));
        Assert.Equal(AlertState.Watched, outbox.List().Single().State);

        outbox.Resolve(key);
        outbox.Raise(AlertSamples.Failure());
        Assert.Empty(Take(outbox));
        outbox.Raise(AlertSamples.Failure());
        Assert.Equal([MessagePurpose.Raised], Take(outbox).Select(m => m.Purpose));

        outbox.Resolve(key);
        outbox.Raise(AlertSamples.Failure());
        outbox.Resolve(key);
        Assert.Empty(Take(outbox));
        outbox.Resolve(key);
        Assert.Equal([MessagePurpose.Recovered], Take(outbox).Select(m => m.Purpose));
        Assert.Empty(outbox.List());
    }

    [Fact]
    public void Its_end_tells_how_long_it_was_and_what_it_has_cost()
    {
        var outbox = Outbox(AlertSamples.Rule([Team, Ops]));
        outbox.Raise(AlertSamples.Failure());
        Take(outbox);
        _samples.Clock.Advance(TimeSpan.FromMinutes(125));
        outbox.Resolve(AlertSamples.Failure().Key, "The copy had become 14h 05m old.");

        var over = Take(outbox);
        Assert.Equal(["team", "ops"], over.Select(m => m.Channel));
        Assert.All(over, m => Assert.StartsWith("Over after 2h 05m: railway-to-neon:", m.FirstLine));
        Assert.All(over, m => Assert.EndsWith("The copy had become 14h 05m old.", m.FirstLine));
        Assert.All(over, m => Assert.Equal(AlertSeverity.Information, m.Severity));
        Assert.Equal(AlertState.Closed, Assert.Single(outbox.List(all: true)).State);
    }

    [Fact]
    public void What_nobody_was_told_of_ends_without_a_word()
    {
        var outbox = Outbox(AlertSamples.Rule([Team]) with { After = 3 });
        outbox.Raise(AlertSamples.Failure());
        outbox.Resolve(AlertSamples.Failure().Key);
        outbox.Resolve("nothing/failed");

        Assert.Empty(Take(outbox));
    }

    [Fact]
    public void Others_are_told_once_where_nobody_acknowledges_and_hear_of_its_end()
    {
        var outbox = Outbox(AlertSamples.Rule([Team]) with { Escalate = new EscalationConfig { To = [Ops] } });
        outbox.Raise(AlertSamples.Failure());
        Take(outbox);
        _samples.Clock.Advance(TimeSpan.FromMinutes(59));
        outbox.Pass();
        Assert.Empty(Take(outbox));
        _samples.Clock.Advance(TimeSpan.FromMinutes(1));
        outbox.Pass();
        outbox.Pass();
        Assert.Equal([("ops", MessagePurpose.Escalated)], Take(outbox).Select(m => (m.Channel, m.Purpose)));

        outbox.Resolve(AlertSamples.Failure().Key);
        Assert.Equal(["ops", "team"], Take(outbox).Select(m => m.Channel).Order());
    }

    [Fact]
    public void What_is_acknowledged_is_neither_repeated_nor_escalated_and_its_end_is_told()
    {
        var rule = AlertSamples.Rule([Team, Pager]) with
        {
            Repeat = TimeSpan.FromHours(1), Escalate = new EscalationConfig { To = [Ops] },
        };
        var outbox = Outbox(rule);
        outbox.Raise(AlertSamples.Failure());
        Take(outbox);
        var code = outbox.List().Single().Code;
        var alert = outbox.Acknowledge(code, "ana");
        Assert.Equal((AlertState.Acknowledged, "ana"), (alert.State, alert.AcknowledgedBy));
        Assert.Equal([("pager", MessagePurpose.Acknowledged)], Take(outbox).Select(m => (m.Channel, m.Purpose)));

        _samples.Clock.Advance(TimeSpan.FromHours(5));
        outbox.Raise(AlertSamples.Failure());
        outbox.Pass();
        Assert.Empty(Take(outbox));
        outbox.Resolve(alert.Key);
        Assert.Equal(2, Take(outbox).Count(m => m.Purpose == MessagePurpose.Recovered));
    }

    [Fact]
    public void Acknowledging_what_does_not_go_on_tells_the_nearest_key()
    {
        var outbox = Outbox(AlertSamples.Rule([Team]));
        outbox.Raise(AlertSamples.Failure());

        var failure = Assert.Throws<BackupSyncException>(() => outbox.Acknowledge("railway-to-neon/failed/ConnectionFailde", "ana"));
        Assert.Equal(ErrorIds.UnknownName, failure.ErrorId);
        Assert.Contains("Did you mean 'railway-to-neon/failed/ConnectionFailed'?", failure.Message);
    }

    [Fact]
    public void Quiet_hours_hold_all_but_what_is_critical_and_tell_the_rest_at_their_end()
    {
        Assert.True(QuietHours.TryParse("05:00-07:30 UTC", out var quiet));
        var outbox = Outbox(AlertSamples.Rule([Team]) with { Quiet = quiet });
        outbox.Raise(AlertSamples.Failure());
        Assert.Empty(Take(outbox));
        outbox.Raise(AlertSamples.Failure(kind: AlertEventKind.RollbackFailed));
        Assert.Equal([AlertEventKind.RollbackFailed], Take(outbox).Select(m => m.Kind!.Value));

        _samples.Clock.Advance(TimeSpan.FromMinutes(90));
        Assert.Equal([AlertEventKind.Failed], Take(outbox).Select(m => m.Kind!.Value));
    }

    [Fact]
    public void What_begins_and_ends_in_quiet_hours_is_one_message_at_their_end()
    {
        Assert.True(QuietHours.TryParse("05:00-07:30 UTC", out var quiet));
        var outbox = Outbox(AlertSamples.Rule([Team]) with { Quiet = quiet });
        outbox.Raise(AlertSamples.Failure());
        outbox.Resolve(AlertSamples.Failure().Key);
        Assert.Empty(Take(outbox));

        _samples.Clock.Advance(TimeSpan.FromMinutes(90));
        Assert.Equal([MessagePurpose.Recovered], Take(outbox).Select(m => m.Purpose));
    }

    [Fact]
    public void Without_rules_all_channels_are_told_of_everything_but_what_was_skipped()
    {
        var outbox = Outbox();
        outbox.Raise(AlertSamples.Failure());
        outbox.Raise(AlertSamples.Failure(kind: AlertEventKind.Skipped));

        Assert.Equal([("team", AlertEventKind.Failed), ("ops", AlertEventKind.Failed), ("pager", AlertEventKind.Failed)],
            Take(outbox).Select(m => (m.Channel, m.Kind!.Value)));
    }

    [Fact]
    public void Where_names_are_left_out_nothing_is_told_but_the_kind_and_a_code()
    {
        var config = _samples.Config([Team], AlertSamples.Rule([Team])) with { Names = false };
        var outbox = new AlertOutbox(config, _samples.Clock);
        outbox.Raise(AlertSamples.Failure());

        var message = Assert.Single(Take(outbox));
        var all = WebhookPayload.Body(message);
        Assert.DoesNotContain("neon", all);
        Assert.DoesNotContain("db.example.com", all);
        Assert.DoesNotContain(Environment.MachineName, all);
        Assert.Contains(outbox.List().Single().Code, message.FirstLine);
    }

    [Fact]
    public void Alerts_are_forgotten_thirty_days_after_their_end()
    {
        var outbox = Outbox(AlertSamples.Rule([Team]));
        outbox.Raise(AlertSamples.Failure());
        outbox.Resolve(AlertSamples.Failure().Key);
        Take(outbox);
        _samples.Clock.Advance(TimeSpan.FromDays(29));
        outbox.Pass();
        Assert.Single(outbox.List(all: true));
        _samples.Clock.Advance(TimeSpan.FromDays(2));
        outbox.Pass();

        Assert.Empty(outbox.List(all: true));
    }

    readonly List<AlertMessage> _taken = [];

    AlertOutbox Outbox(params AlertRule[] rules) => new(_samples.Config([Team, Ops, Pager], rules), _samples.Clock);

    /// <summary>What could be sent now, as if it had been.</summary>
    List<AlertMessage> Take(AlertOutbox outbox)
    {
        var now = _samples.Clock.GetUtcNow();
        var due = outbox.Store.ReadAll().SelectMany(a => a.Messages.Where(m => m.Next <= now).Select(m => (a.Key, Message: m))).ToList();
        foreach (var (key, message) in due)
            outbox.Store.Change(key, a => a! with { Messages = [.. a.Messages.Where(m => m.Id != message.Id)] });
        List<AlertMessage> taken = [.. due.Select(d => d.Message)];
        _taken.AddRange(taken);
        return taken;
    }
}
