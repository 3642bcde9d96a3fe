using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations;

enum RollbackState
{
    NotNeeded,
    Succeeded,
    Failed,
}

/// <summary>What a run has learnt of the database that it replaces or updates, and what it has done to it.</summary>
sealed class TargetFindings
{
    public DatabaseFacts? Facts { get; set; }
    public DatabaseFingerprint? Before { get; set; }

    /// <summary>What it holds, as read last.</summary>
    public DatabaseFingerprint? After { get; set; }
    public BackupFile? SafetyBackup { get; set; }

    /// <summary>How new content became visible; null where it did not.</summary>
    public PublishMode? Publish { get; set; }

    /// <summary>Whether what was brought was compared and is equal.</summary>
    public bool IsVerified { get; set; }

    /// <inheritdoc cref="Runs.RunResult.LeftOut"/>
    public List<string> LeftOut { get; } = [];
    public RollbackState Rollback { get; set; }

    /// <summary>What the rollback did, or why it failed.</summary>
    public string? RollbackNote { get; set; }
}
