using System.Text.Json.Serialization;
using BackupSync.Application;

namespace BackupSync.Reporting;

/// <summary>How healthy something is.</summary>
public enum HealthStatus
{
    Healthy,

    /// <summary>Something is late, has failed or is not known, and what people use still works as far as is known.</summary>
    Degraded,

    /// <summary>A database or a service does not answer, or a target could not be brought back.</summary>
    Down,
}

/// <summary>What of a configuration has its health told.</summary>
public enum HealthKind
{
    Database,
    Job,
    Service,
}

/// <summary>What told whether a database or a service can be reached.</summary>
public enum HealthCheck
{
    Probe,

    /// <summary>A run that connected to it, or could not.</summary>
    Run,
}

/// <summary>How a database, a job or a service stands, by what is recorded.</summary>
public sealed record HealthEntry
{
    public required string Name { get; init; }
    public required HealthKind Kind { get; init; }
    public required HealthStatus Status { get; init; }

    /// <summary>Why it is not healthy; null where it is.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether it could be reached when it was last tried; null where that is not known, and for jobs.</summary>
    public bool? Connected { get; init; }

    /// <summary>How long a probe took to be answered, in milliseconds; null where no probe was.</summary>
    public double? Latency { get; init; }

    /// <summary>When that was found out, in UTC.</summary>
    public DateTimeOffset? LastCheck { get; init; }
    public HealthCheck? CheckedBy { get; init; }

    /// <summary>Of the last probes of a service or a database, the share that failed, from 0 to 1.</summary>
    public double? FailedShare { get; init; }

    /// <summary>Client connections on its server, and how many this role may have.</summary>
    public int? ConnectionsUsed { get; init; }
    public int? ConnectionsLimit { get; init; }

    /// <summary>How its copies stand; null for services.</summary>
    public StatusState? State { get; init; }

    /// <summary>As of when its newest good copy is, in UTC.</summary>
    public DateTimeOffset? LastCopy { get; init; }

    /// <summary>How old that is, and may be, in seconds.</summary>
    public double? AgeSeconds { get; init; }
    public double? RpoLimitSeconds { get; init; }

    /// <summary>When one of its backups was last proven, in UTC, and what that found out.</summary>
    public DateTimeOffset? LastProof { get; init; }
    public string? Proof { get; init; }

    /// <summary>When its schedule comes due next, in UTC.</summary>
    public DateTimeOffset? NextDue { get; init; }

    public bool IsHealthy => Status == HealthStatus.Healthy;

    /// <summary><see cref="AgeSeconds"/>, to be shown.</summary>
    [JsonIgnore]
    public TimeSpan? Age => AgeSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary><see cref="RpoLimitSeconds"/>, to be shown.</summary>
    [JsonIgnore]
    public TimeSpan? RpoLimit => RpoLimitSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Such as <c>railway: Down (railway: db.example.com:5432 did not answer within 5.0s.)</c>.</summary>
    public override string ToString() => $"{Name}: {Status}{(Reason is null ? "" : $" ({Reason})")}";
}

/// <summary>One of the two databases of a job.</summary>
/// <param name="Connected">Whether it could be reached when it was last tried; null where that is not known.</param>
/// <param name="Latency">How long a probe took to be answered, in milliseconds; null where no probe was.</param>
/// <param name="LastCheck">When that was found out, in UTC.</param>
public sealed record SideHealth(string Name, bool? Connected, double? Latency, DateTimeOffset? LastCheck, HealthCheck? CheckedBy)
{
    /// <summary>Such as <c>railway, connected in 3.2 ms at 2026-12-01 06:00Z (probe)</c>.</summary>
    public override string ToString() => Name + Connected switch
    {
        true => ", connected",
        false => ", NOT connected",
        null => ", not known whether it can be reached",
    } + (Latency is { } latency ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $" in {latency:0.0} ms") : "")
        + (LastCheck is { } at ? $" at {at.UtcDateTime:yyyy-MM-dd HH:mm}Z ({CheckedBy!.Value.ToString().ToLowerInvariant()})" : "");
}

/// <summary>How a job and its two databases stand: what <c>/api/system/db-health</c> answers.</summary>
public sealed record JobHealth
{
    public required HealthStatus Status { get; init; }
    public required SideHealth Primary { get; init; }
    public required SideHealth Secondary { get; init; }

    /// <summary>The one that applications use: the job's source.</summary>
    public required string ActiveDatabase { get; init; }

    /// <summary>As of when the secondary is, in UTC; null where no sync has succeeded, or something else was brought to it since.</summary>
    public DateTimeOffset? LastSync { get; init; }
    public required StatusState SyncStatus { get; init; }
    public required string Job { get; init; }

    /// <summary>Why it is not healthy; null where it is.</summary>
    public string? Reason { get; init; }

    /// <summary>How old the copy is, and may be, in seconds.</summary>
    public double? AgeSeconds { get; init; }
    public double? RpoLimitSeconds { get; init; }

    /// <summary>When the schedule comes due next, in UTC.</summary>
    public DateTimeOffset? NextDue { get; init; }

    /// <summary>As of when all of this is, in UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    public bool IsHealthy => Status == HealthStatus.Healthy;

    /// <summary><see cref="AgeSeconds"/>, to be shown.</summary>
    [JsonIgnore]
    public TimeSpan? Age => AgeSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary><see cref="RpoLimitSeconds"/>, to be shown.</summary>
    [JsonIgnore]
    public TimeSpan? RpoLimit => RpoLimitSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
}
