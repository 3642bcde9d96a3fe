using System.Text.Json.Serialization;
using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>How an alert stands.</summary>
public enum AlertState
{
    /// <summary>It goes on, and nobody has said that he sees to it.</summary>
    Open,

    /// <summary>It goes on, and somebody sees to it: it is neither repeated nor escalated.</summary>
    Acknowledged,

    /// <summary>It goes on, but not often enough yet for any rule to tell it.</summary>
    Watched,

    /// <summary>It is over.</summary>
    Closed,
}

/// <summary>An alert, as people look at it.</summary>
public sealed record Alert
{
    /// <summary>What, kind and cause: by it, an alert is acknowledged.</summary>
    public required string Key { get; init; }

    public required AlertEventKind Kind { get; init; }
    public required AlertSeverity Severity { get; init; }
    public required AlertState State { get; init; }

    /// <summary>What happened to what.</summary>
    public required string Headline { get; init; }

    /// <summary>What to do.</summary>
    public string? Advice { get; init; }

    /// <summary>When it was first seen, in UTC.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When it was last seen, in UTC.</summary>
    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>How often it was seen.</summary>
    public required int Count { get; init; }

    public DateTimeOffset? AcknowledgedAt { get; init; }
    public string? AcknowledgedBy { get; init; }
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>The code by which messages name it that leave names out.</summary>
    public required string Code { get; init; }

    /// <summary>Channels that have not been told yet what they are to be told of it.</summary>
    public IReadOnlyList<string> Waiting { get; init; } = [];

    /// <summary>What could not be delivered within a day, with the reason.</summary>
    public IReadOnlyList<string> Undelivered { get; init; } = [];

    /// <summary>How long it has gone on, or went on.</summary>
    [JsonIgnore]
    public TimeSpan Duration => (ClosedAt ?? LastSeen) - Since;

    public override string ToString() => $"{Key}: {State}: {Headline}";

    internal static Alert Of(AlertRecord record) => new()
    {
        Key = record.Key,
        Kind = record.Kind!.Value,
        Severity = record.Severity,
        State = !record.IsOpen ? AlertState.Closed
            : record.AcknowledgedAt is not null ? AlertState.Acknowledged
            : record.Rules.Count == 0 ? AlertState.Watched
            : AlertState.Open,
        Headline = record.Headline,
        Advice = record.Advice,
        Since = record.FirstSeen,
        LastSeen = record.LastSeen,
        Count = record.Count,
        AcknowledgedAt = record.AcknowledgedAt,
        AcknowledgedBy = record.AcknowledgedBy,
        ClosedAt = record.ClosedAt,
        Code = AlertText.CodeOf(record.Key),
        Waiting = [.. record.Messages.Select(m => m.Channel).Distinct()],
        Undelivered = record.Undelivered,
    };
}
