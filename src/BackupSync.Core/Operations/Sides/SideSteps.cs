using BackupSync.Runs;

namespace BackupSync.Operations.Sides;

/// <summary>The steps that several operations have in common, up to the safety backup of the target.</summary>
static class SideSteps
{
    public static Step Lock(Endpoint target, RunSettings settings) => new(
        RunStep.Lock, $"Lock {target.Name}", settings.ConnectLimit(2))
    {
        Plan = $"Lock {target.Name}, so that no other run can replace it at the same time",
    };

    /// <param name="plan">What is checked, in so many words.</param>
    public static Step CheckBoth(RunSettings settings, string plan) =>
        new(RunStep.Check, "Connect and check both databases", settings.ConnectLimit(3)) { Plan = plan };

    public static Step ProveDifferent(Endpoint source, Endpoint target, RunSettings settings) => new(
        RunStep.Guards, $"Prove that {source.Name} and {target.Name} are different databases", settings.ConnectLimit(1));

    public static Step SafetyBackup(Endpoint target, RunSettings settings, string plan) => new(
        RunStep.SafetyBackup, $"Safety backup of {target.Name}", settings.SafetyBackupLimit, ErrorIds.SafetyBackupFailed)
    {
        Plan = plan,
    };

    /// <summary>Not in a plan: nobody means to take it.</summary>
    public static Step RollBack(string target) => new(RunStep.Rollback, $"Roll {target} back", null, ErrorIds.RollbackFailed);
}
