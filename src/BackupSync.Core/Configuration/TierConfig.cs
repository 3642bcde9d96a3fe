namespace BackupSync.Configuration;

/// <summary>What an outage may cost the databases of a tier. Measured in every drill and restore.</summary>
public sealed record TierConfig
{
    public required string Name { get; init; }

    /// <summary>Recovery time objective: how long bringing a database back may take.</summary>
    public TimeSpan? Rto { get; init; }

    /// <summary>Recovery point objective: how old the data may be that is brought back.</summary>
    public TimeSpan? Rpo { get; init; }
}
