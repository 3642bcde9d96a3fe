using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>How far a rule is with an alert.</summary>
/// <param name="First">When it was told first.</param>
/// <param name="Last">When it was told last.</param>
/// <param name="Escalated">When others were told as well; null as long as they were not.</param>
sealed record RuleState(DateTimeOffset First, DateTimeOffset Last, DateTimeOffset? Escalated);

/// <summary>
/// An alert as it is kept, in a file of its own: what it is about, how far its rules are, and what is still to be sent of it. One file, so
/// that whoever is killed leaves both or neither.
/// </summary>
sealed record AlertRecord
{
    public required string Key { get; init; }

    /// <summary>Null for the digest, which is about nothing.</summary>
    public AlertEventKind? Kind { get; init; }

    public string What { get; init; } = "";
    public string? Cause { get; init; }
    public string Headline { get; init; } = "";
    public string? Advice { get; init; }
    public IReadOnlyDictionary<string, string> Details { get; init; } = new Dictionary<string, string>();

    public DateTimeOffset FirstSeen { get; init; }
    public DateTimeOffset LastSeen { get; init; }

    /// <summary>How often it was seen.</summary>
    public int Count { get; init; }

    /// <summary>How often in a row it was seen to be over.</summary>
    public int Good { get; init; }

    /// <summary>Null while it goes on.</summary>
    public DateTimeOffset? ClosedAt { get; init; }
    public DateTimeOffset? AcknowledgedAt { get; init; }
    public string? AcknowledgedBy { get; init; }

    /// <summary>By <see cref="AlertRule.Id"/>.</summary>
    public IReadOnlyDictionary<string, RuleState> Rules { get; init; } = new Dictionary<string, RuleState>();

    /// <summary>Channels that were told, or will be.</summary>
    public IReadOnlyList<string> Told { get; init; } = [];

    /// <summary>What is still to be sent.</summary>
    public IReadOnlyList<AlertMessage> Messages { get; init; } = [];

    /// <summary>What was given up, with the reason.</summary>
    public IReadOnlyList<string> Undelivered { get; init; } = [];

    public bool IsOpen => Kind is not null && ClosedAt is null && Count > 0;

    public AlertSeverity Severity => Kind?.SeverityOf() ?? AlertSeverity.Information;
}
