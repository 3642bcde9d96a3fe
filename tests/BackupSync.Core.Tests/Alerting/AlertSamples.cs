using System.Diagnostics.CodeAnalysis;
using BackupSync.Alerting;
using BackupSync.Configuration;
using Microsoft.Extensions.Time.Testing;

namespace BackupSync.Tests.Alerting;

/// <summary>Channels, events and an outbox in a folder of its own, at a time that stands still.</summary>
sealed class AlertSamples : IDisposable
{
    readonly TempFolder _folder = new();

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 30, 6, 0, 0, TimeSpan.Zero));

    public string Folder => _folder.File("alerts");

    public static ChannelConfig Webhook(string name, string url, string? key = null, string? previous = null) => new()
    {
        Name = name,
        Webhook = new WebhookConfig { Url = Late(url), SigningKey = Late(key), PreviousKey = Late(previous) },
    };

    [return: NotNullIfNotNull(nameof(text))]
    public static LateValue<Secret>? Late(string? text) => text is null ? null : new(new Secret(text));

    public static AlertRule Rule(IReadOnlyList<ChannelConfig> to, params AlertEventKind[] on) =>
        new() { On = on.Length > 0 ? on : [AlertEventKind.Failed, AlertEventKind.RollbackFailed], To = to };

    public AlertsConfig Config(IReadOnlyList<ChannelConfig> channels, params AlertRule[] rules) =>
        new() { Channels = channels, Rules = rules, Folder = Folder };

    public AlertOutbox Outbox(AlertsConfig config, double attemptSeconds = 10)
    {
        var outbox = new AlertOutbox(config, Clock);
        return attemptSeconds == 10 ? outbox : new AlertOutbox(config, Clock)
        {
            Delivery = new AlertDelivery(config, outbox.Store, outbox, Clock) { AttemptLimit = TimeSpan.FromSeconds(attemptSeconds) },
        };
    }

    public static AlertEvent Failure(string job = "railway-to-neon", AlertEventKind kind = AlertEventKind.Failed) => new()
    {
        Kind = kind,
        What = job,
        Cause = "ConnectionFailed",
        Headline = $"{job}: the sync of railway to neon failed, and nothing was changed. Nothing listens on db.example.com.",
        Advice = "Check host and port.",
        Details = new Dictionary<string, string> { ["Run"] = "0a1b2c3d4e", ["Step"] = "Check" },
    };

    public static AlertMessage Message(string headline = "railway-to-neon failed.", int details = 2, int detailLength = 10) => new()
    {
        Id = "msg_1",
        Channel = "team",
        Purpose = MessagePurpose.Raised,
        Key = "railway-to-neon/failed/ConnectionFailed",
        Kind = AlertEventKind.Failed,
        Severity = AlertSeverity.Error,
        What = "railway-to-neon",
        Headline = headline,
        Advice = "Check host and port.",
        Details = Enumerable.Range(0, details).ToDictionary(i => $"Detail {i}", i => new string('x', detailLength)),
        Host = "machine",
        Created = DateTimeOffset.UnixEpoch,
        Due = DateTimeOffset.UnixEpoch,
        Next = DateTimeOffset.UnixEpoch,
    };

    public void Dispose() => _folder.Dispose();
}
