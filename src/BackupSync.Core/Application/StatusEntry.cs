using System.Text.Json.Serialization;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>What of a configuration has a status.</summary>
public enum StatusKind
{
    Database,
    Job,
}

/// <summary>How a database or a job stands.</summary>
public enum StatusState
{
    /// <summary>There is a good copy, no older than its tier allows; what should have run, has run, and did not fail.</summary>
    Good,

    /// <summary>
    /// The newest good copy is older than the tier's RPO, a run has been missed, a place lacks backups that another has, or the copy was
    /// replaced since by a restore.
    /// </summary>
    Late,

    /// <summary>The last run failed, or the newest backup was found to be bad.</summary>
    Failed,

    /// <summary>What is asked for was never done: a job that has not run, a plan's database without a backup.</summary>
    Never,

    /// <summary>A place or a record that it depends on cannot be read, or is from the future: a clock was or is wrong.</summary>
    Unknown,

    /// <summary>There is no copy, and no job, plan or tier asks for one. Nothing is wrong with that.</summary>
    Unplanned,
}

/// <summary>How a database or a job stands, from the records of runs and the manifests of backups alone.</summary>
public sealed record StatusEntry
{
    public required string Name { get; init; }
    public required StatusKind Kind { get; init; }
    public required StatusState State { get; init; }

    /// <summary>Why it is not good; null where it is.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// As of when the newest good copy is, in UTC. A job's: the snapshot of its last sync that succeeded. A database's: that of its newest
    /// good backup or, where this is newer, of a sync that it was the source or the target of: both hold the same since.
    /// </summary>
    public DateTimeOffset? LastCopy { get; init; }

    /// <summary>A job's: the mode of that sync. A database's: the plan, or by-hand, or the job that made the copy.</summary>
    public string? CopiedBy { get; init; }

    /// <summary>How old that copy is, in seconds: what would be lost now.</summary>
    public double? AgeSeconds { get; init; }

    /// <summary>How old it may be, in seconds: the RPO of the tier. Null where the tier has none, or there is none.</summary>
    public double? RpoLimitSeconds { get; init; }

    /// <summary>When the last run of any kind began, in UTC, however it ended.</summary>
    public DateTimeOffset? LastRun { get; init; }
    public RunKind? LastKind { get; init; }
    public RunOutcome? LastOutcome { get; init; }

    /// <summary>Why that run did not succeed, such as <c>BackupSync.ConnectionFailed</c>.</summary>
    public string? ErrorId { get; init; }

    /// <summary>The snapshot of the newest good backup, in UTC: a database's in its places, a job's in its own directory.</summary>
    public DateTimeOffset? LastBackup { get; init; }

    /// <summary>When one of its backups was last read to its end or restored on trial, in UTC.</summary>
    public DateTimeOffset? LastProof { get; init; }

    /// <summary>What that proof found out: <c>read</c>, <c>restored 18.6</c>, <c>not proven here</c> or <c>BAD</c>.</summary>
    public string? Proof { get; init; }

    /// <summary>When its schedule, or one of the plans that have it, comes due next, in UTC. Whether something calls it is not known.</summary>
    public DateTimeOffset? NextDue { get; init; }

    /// <summary>Whether nothing is to be done about it.</summary>
    public bool IsGood => State is StatusState.Good or StatusState.Unplanned;

    /// <summary><see cref="AgeSeconds"/>, to be shown.</summary>
    [JsonIgnore]
    public TimeSpan? Age => AgeSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary><see cref="RpoLimitSeconds"/>, to be shown.</summary>
    [JsonIgnore]
    public TimeSpan? RpoLimit => RpoLimitSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Such as <c>neon: Late (the newest copy is 2h 03m old, and may be 15m 00s)</c>.</summary>
    public override string ToString() => $"{Name}: {State}{(Reason is null ? "" : $" ({Reason})")}";
}
