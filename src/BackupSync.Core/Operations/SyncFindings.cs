using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Operations;

/// <summary>What a sync has found out and done so far.</summary>
sealed class SyncFindings : ReplacingFindings
{
    /// <summary>Null while it has not begun.</summary>
    public SyncMode? Mode { get; set; }

    /// <summary>What an incremental run found and wrote; null for a full one.</summary>
    public IReadOnlyList<TableResult>? Changes { get; set; }

    /// <summary>Whether the shrink guard was lifted.</summary>
    public bool Forced { get; set; }

    public override RunResult AddTo(RunResult result)
    {
        result = base.AddTo(result) with { Mode = Mode, Forced = Forced };
        return Changes is null ? result : result with
        {
            SourceStats = result.SourceStats ?? Known(t => t.SourceRows),
            BackupStats = result.BackupStats ?? (result.Success ? Known(t => t.TargetRows) : null),
            PreviousStats = result.PreviousStats ?? Known(t => t.PreviousRows),
            // An array, as in SourceFindings.
            Tables = result.Success ? Changes : Changes.Select(c => c with { TargetRows = null, Verified = null }).ToArray(),
        };
    }

    /// <summary>An incremental run does not count every table.</summary>
    Dictionary<string, long> Known(Func<TableResult, long?> rows) =>
        Changes!.Where(t => rows(t) is not null).ToDictionary(t => t.Table, t => rows(t)!.Value);
}
