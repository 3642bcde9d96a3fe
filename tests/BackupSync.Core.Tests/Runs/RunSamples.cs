using BackupSync.Backups;
using BackupSync.Runs;
using BackupSync.Tests.Backups;

namespace BackupSync.Tests.Runs;

static class RunSamples
{
    public static RunResult Succeeded(string runId = "a1b2c3d4") => new()
    {
        RunId = runId,
        Job = "railway-to-neon",
        Kind = RunKind.Sync,
        Outcome = RunOutcome.Succeeded,
        Source = "railway",
        Target = "neon",
        Publish = "swap",
        StartTime = BackupSamples.Morning,
        EndTime = BackupSamples.Morning.AddSeconds(42.1234),
        SourceStats = new Dictionary<string, long> { ["public.users"] = 13, ["public.Größe 測試"] = 1 },
        BackupStats = new Dictionary<string, long> { ["public.users"] = 13 },
        PreviousStats = new Dictionary<string, long>(),
        Steps = [new StepResult(RunStep.Dump, StepState.Succeeded, BackupSamples.Morning, 1.5, "1.84 MB")],
        Tables = [new TableResult("public.users", 13, 13, null, 8192, true)],
        SourceBackup = new BackupFile(
            "/backups/a.dump", BackupKind.Source, "railway-to-neon", "railway", BackupSamples.Morning, 1, 14, 2, runId, "15.18", "00"),
        Versions = new RunVersions("0.1.0", "15.18", null, "15.18"),
        Warnings = ["pooled address"],
    };

    public static RunResult Failed(string runId = "e5f6a7b8", RunOutcome outcome = RunOutcome.RolledBack) => Succeeded(runId) with
    {
        Outcome = outcome,
        BackupStats = null,
        Error = new RunError(
            ErrorIds.VerificationFailed, RunStep.Verify, "public.users differs.", "ERROR:  first line\nDETAIL:  second line",
            "Look at the triggers.", "Rollback successful - Neon database preserved"),
    };
}
