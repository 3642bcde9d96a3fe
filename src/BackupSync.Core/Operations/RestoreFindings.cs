using BackupSync.Runs;

namespace BackupSync.Operations;

/// <summary>What a restore has found out and done so far.</summary>
sealed class RestoreFindings : ReplacingFindings
{
    /// <summary>Null while it is not done.</summary>
    public RecoveryResult? Recovery { get; set; }

    public override RunResult AddTo(RunResult result) => base.AddTo(result) with { Recovery = Recovery };
}
