using BackupSync.Runs;

namespace BackupSync.Operations;

/// <summary>What operations find out and do that bring content into a target.</summary>
abstract class ReplacingFindings : RunFindings
{
    public SourceFindings Source { get; } = new();
    public TargetFindings Target { get; } = new();
    public string? ToolVersion { get; set; }

    public override string? RollbackNote => Target.RollbackNote;

    public override RunOutcome OutcomeOf(Exception? failure) => (failure, Target.Rollback) switch
    {
        (not null, RollbackState.Failed) => RunOutcome.RollbackFailed,
        (not null and not OperationCanceledException, RollbackState.Succeeded) => RunOutcome.RolledBack,
        _ => base.OutcomeOf(failure),
    };

    public override RunResult AddTo(RunResult result) => result with
    {
        SnapshotTime = Source.SnapshotTime,
        // What was undone is not there.
        Publish = Target.Rollback == RollbackState.Succeeded ? null : Target.Publish?.ToString(),
        SourceStats = Source.Content?.RowsByTable(),
        BackupStats = Target.After?.RowsByTable(),
        PreviousStats = Target.Before?.RowsByTable(),
        Tables = Source.Tables(Target, result.Success),
        SourceBackup = Source.Backup,
        SafetyBackup = Target.SafetyBackup,
        Versions = result.Versions! with { Source = Source.Facts?.Version, Target = Target.Facts?.Version, Tools = ToolVersion },
        LeftOut = [.. Target.LeftOut],
    };
}
