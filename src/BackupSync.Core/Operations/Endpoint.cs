using BackupSync.Configuration;
using BackupSync.Postgres;

namespace BackupSync.Operations;

/// <summary>A database as an operation is handed it: its address is known and can be used.</summary>
sealed record Endpoint
{
    public required string Name { get; init; }
    public required DatabaseAddress Address { get; init; }
    public required DatabaseRole Role { get; init; }

    /// <summary>As stated; null to detect it.</summary>
    public DatabaseProvider? Provider { get; init; }

    /// <summary>Its recovery objectives; null where it has none.</summary>
    public TierConfig? Tier { get; init; }

    /// <summary>Databases that it must not turn out to be when it is connected to: production, by another spelling of its address.</summary>
    public IReadOnlyList<(string Name, DatabaseAddress Address)> NotToBe { get; init; } = [];

    /// <summary>The admin console of the PgBouncer in front of it; null where it has none.</summary>
    public DatabaseAddress? Pooler { get; init; }
}
