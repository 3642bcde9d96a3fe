using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Operations;

/// <summary>What is asked for where a backup is to be proven.</summary>
sealed record ProveRequest
{
    public required BackupHandle Backup { get; init; }
    public required BackupProof How { get; init; }
    public required RunSettings Settings { get; init; }

    /// <summary>The recovery objectives of the database it is of; null where none are known.</summary>
    public TierConfig? Tier { get; init; }

    /// <summary>The database beside which a drill restores; null for a throw-away server on this machine.</summary>
    public Endpoint? On { get; init; }
}
