using BackupSync.Runs;

namespace BackupSync.Operations;

/// <summary>
/// What an operation on one backup has found out and done so far: taking, proving, copying, signing, labelling or removing it.
/// </summary>
sealed class BackupFindings : RunFindings
{
    /// <summary>The database that it is taken of, and the backup itself.</summary>
    public SourceFindings Source { get; } = new();

    /// <summary>Where it is restored on trial.</summary>
    public TargetFindings Trial { get; } = new();
    public string? ToolVersion { get; set; }
    public RecoveryResult? Recovery { get; set; }

    /// <summary>It was taken; whatever fails from here on does not undo that.</summary>
    public bool IsGood { get; set; }

    /// <summary>The places that hold it, by their titles; null where the operation does not bring it to any.</summary>
    public List<string>? HeldBy { get; set; }

    public override RunOutcome OutcomeOf(Exception? failure)
    {
        var outcome = base.OutcomeOf(failure);
        return outcome == RunOutcome.Aborted && IsGood ? RunOutcome.Incomplete : outcome;
    }

    public override RunResult AddTo(RunResult result) => result with
    {
        Target = HeldBy is null ? result.Target : string.Join(", ", HeldBy),
        SnapshotTime = Source.SnapshotTime,
        SourceStats = Source.Content?.RowsByTable(),
        Tables = Source.Tables(target: null, result.Success),
        SourceBackup = Source.Backup,
        Recovery = Recovery,
        Versions = result.Versions! with { Source = Source.Facts?.Version, Target = Trial.Facts?.Version, Tools = ToolVersion },
    };
}
