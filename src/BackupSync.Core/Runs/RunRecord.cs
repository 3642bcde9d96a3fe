using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Runs;

enum RollbackState
{
    NotNeeded,
    Succeeded,
    Failed,
}

/// <summary>What a run has found out and done so far; its result is made of it, however it ends.</summary>
sealed class RunRecord
{
    public DatabaseFacts? SourceFacts { get; set; }
    public DatabaseFacts? TargetFacts { get; set; }
    public DatabaseFingerprint? Source { get; set; }
    public DatabaseFingerprint? Before { get; set; }

    /// <summary>What the target holds, as read last.</summary>
    public DatabaseFingerprint? After { get; set; }

    /// <summary>Null for what is no sync.</summary>
    public SyncMode? Mode { get; set; }

    /// <summary>When the source was as the target is after the run.</summary>
    public DateTimeOffset? SnapshotTime { get; set; }

    /// <summary>What an incremental run found and wrote; null for other runs.</summary>
    public IReadOnlyList<TableResult>? Changes { get; set; }
    public BackupFile? SourceBackup { get; set; }
    public BackupFile? SafetyBackup { get; set; }
    public PublishMode? Publish { get; set; }
    public string? ToolVersion { get; set; }
    public bool Forced { get; set; }
    public bool Verified { get; set; }
    public bool Skipped { get; set; }

    /// <summary>A backup was taken; whatever fails from here on does not undo that.</summary>
    public bool BackupIsGood { get; set; }
    public RecoveryResult? Recovery { get; set; }

    /// <summary>As <see cref="RunResult.LeftOut"/>.</summary>
    public List<string> LeftOut { get; } = [];
    public RollbackState Rollback { get; set; }

    /// <summary>What the rollback did, or why it failed.</summary>
    public string? RollbackNote { get; set; }

    public IReadOnlyList<TableResult> Tables(bool published)
    {
        if (Changes is not null)
            return published ? Changes : Changes.Select(c => c with { TargetRows = null, Verified = null }).ToArray();
        if (Source is null)
            return [];
        // An array: scripts say $run.Tables[0], which a list that the compiler makes does not understand.
        return Source.Tables.Keys.Union(Before?.Tables.Keys ?? []).Order(StringComparer.Ordinal).Select(table => new TableResult(
                table,
                Source.Tables.GetValueOrDefault(table)?.Rows,
                After?.Tables.GetValueOrDefault(table)?.Rows,
                Before?.Tables.GetValueOrDefault(table)?.Rows,
                Source.Tables.GetValueOrDefault(table)?.Bytes,
                Source.Tables.ContainsKey(table) && published && Verified ? true : null)).ToArray();
    }
}
