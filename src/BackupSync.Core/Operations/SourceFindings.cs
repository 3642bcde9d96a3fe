using BackupSync.Backups;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations;

/// <summary>What a run has learnt of what it copies: a database, or a backup.</summary>
sealed class SourceFindings
{
    /// <summary>Null where it is a backup.</summary>
    public DatabaseFacts? Facts { get; set; }
    public DatabaseFingerprint? Content { get; set; }

    /// <summary>When it was as <see cref="Content"/> tells.</summary>
    public DateTimeOffset? SnapshotTime { get; set; }
    public BackupFile? Backup { get; set; }

    /// <param name="target">What became of it; null where it was brought nowhere.</param>
    /// <param name="published">Whether the run succeeded.</param>
    public IReadOnlyList<TableResult> Tables(TargetFindings? target, bool published)
    {
        if (Content is null)
            return [];
        // An array: scripts say $run.Tables[0], which a list that the compiler makes does not understand.
        return Content.Tables.Keys.Union(target?.Before?.Tables.Keys ?? []).Order(StringComparer.Ordinal).Select(table => new TableResult(
            table,
            Content.Tables.GetValueOrDefault(table)?.Rows,
            target?.After?.Tables.GetValueOrDefault(table)?.Rows,
            target?.Before?.Tables.GetValueOrDefault(table)?.Rows,
            Content.Tables.GetValueOrDefault(table)?.Bytes,
            Content.Tables.ContainsKey(table) && published && target is { IsVerified: true } ? true : null)
            {
                Dropped = published && target is { Publish: not null, After: { } after } && !Content.Tables.ContainsKey(table)
                    && !after.Tables.ContainsKey(table),
            }).ToArray();
    }
}
