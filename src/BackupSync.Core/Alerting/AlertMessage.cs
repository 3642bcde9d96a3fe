using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>Why a message is sent.</summary>
enum MessagePurpose
{
    Raised,
    Repeated,
    Escalated,
    Acknowledged,
    Recovered,
    Test,
    Digest,
}

/// <summary>What one channel is to be told: complete, so that it can be sent when all else has changed.</summary>
sealed record AlertMessage
{
    /// <summary>Stays the same however often it is sent, so that a receiver can tell a double.</summary>
    public required string Id { get; init; }

    public required string Channel { get; init; }
    public required MessagePurpose Purpose { get; init; }

    /// <summary>Of the alert: all of one alert have it.</summary>
    public required string Key { get; init; }

    /// <summary>Null for a test and a digest.</summary>
    public AlertEventKind? Kind { get; init; }

    public required AlertSeverity Severity { get; init; }

    /// <summary>What it happened to; null where names are left out.</summary>
    public string? What { get; init; }

    /// <summary>What happened to what.</summary>
    public required string Headline { get; init; }

    /// <summary>What to do.</summary>
    public string? Advice { get; init; }

    public IReadOnlyDictionary<string, string> Details { get; init; } = new Dictionary<string, string>();

    /// <summary>A page that goes with it, where the channel takes one.</summary>
    public string? Page { get; init; }

    /// <summary>The machine; null where names are left out.</summary>
    public string? Host { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>From when on it could be sent: later than <see cref="Created"/> in quiet hours.</summary>
    public required DateTimeOffset Due { get; init; }

    /// <summary>When it is tried next.</summary>
    public required DateTimeOffset Next { get; init; }

    public int Attempts { get; init; }

    /// <summary>Those of a channel's receivers that have it already, where each is told apart.</summary>
    public IReadOnlyList<string> Reached { get; init; } = [];

    /// <summary>Whether nobody has tried to send it yet, and quiet hours hold it.</summary>
    public bool IsHeld(DateTimeOffset now) => Attempts == 0 && Next > now;

    /// <summary>What happened, to what, and what to do: the first line everywhere.</summary>
    public string FirstLine => Advice is null ? Headline : $"{Headline} {Advice}";
}
