using BackupSync.Alerting;
using BackupSync.Reporting;

namespace BackupSync.Tests.Reporting;

[Trait("Needs", "nothing")]
public sealed class ProbeAlertsTests
{
    static readonly DateTimeOffset Now = new(2025, 10, 18, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(ProbeKind.Database, "neon/unreachable: Neon is down for 3m 00s: no answer.")]
    [InlineData(ProbeKind.Service, "neon/serviceDown: The service neon is down for 3m 00s: no answer.")]
    public void What_a_probe_has_found_down_is_told_until_it_is_up(ProbeKind kind, string expected)
    {
        var sink = new Sink();
        ProbeAlerts.Tell(new ProbeChange(kind, "neon", ProbeState.Up, ProbeState.Failing, Now, Now, null, "no answer."), sink);
        Assert.Empty(sink.Raised);
        ProbeAlerts.Tell(
            new ProbeChange(kind, "neon", ProbeState.Failing, ProbeState.Down, Now, Now.AddMinutes(-3), null, "neon: no answer."), sink);
        Assert.Equal([expected], sink.Raised);
        ProbeAlerts.Tell(new ProbeChange(kind, "neon", ProbeState.Down, ProbeState.Up, Now, null, TimeSpan.FromMinutes(5), null), sink);
        Assert.Equal([expected.Split(':')[0]], sink.Resolved);
    }

    sealed class Sink : IAlertSink
    {
        public List<string> Raised { get; } = [];
        public List<string> Resolved { get; } = [];

        public void Raise(AlertEvent alertEvent) => Raised.Add($"{alertEvent.Key}: {alertEvent.Headline}");

        public void Resolve(string key, string? note = null) => Resolved.Add(key);
    }
}
