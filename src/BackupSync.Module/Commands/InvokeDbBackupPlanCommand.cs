using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Runs backup plans of the configuration.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "DbBackupPlan", DefaultParameterSetName = ByName, SupportsShouldProcess = true)]
[OutputType(typeof(RunResult))]
public sealed class InvokeDbBackupPlanCommand : RunCmdlet
{
    const string ByName = "Plan";
    const string ByObject = "InputObject";

    // Not mandatory: PowerShell would then rather make a string of a piped plan than look at the other parameter sets.
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlanNameCompleter))]
    public string[]? Plan { get; set; }

    [Parameter(ParameterSetName = ByObject, Mandatory = true, ValueFromPipeline = true)]
    public BackupPlanConfig InputObject { get; set; } = null!;

    /// <summary>Only these of the plan's databases.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string[]? Database { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        var config = LoadConfig(Config);
        foreach (var plan in Plans(config))
        {
            var target = $"{plan.Name} ({string.Join(", ", plan.Databases.Select(d => d.Name))})";
            if (ShouldProcess(target, $"Back up to {string.Join(", ", plan.Places.Select(p => p.Name))}"))
                RunSeveral((observersOf, token) => BackupRunner.BackUpAsync(
                    plan.Databases, BackupOrders.Of(plan, config), d => observersOf(d.Name), null, token));
        }
    }

    /// <summary>All of them before any is run, so that a mistyped name is told before anything has happened.</summary>
    IReadOnlyList<BackupPlanConfig> Plans(BackupSyncConfig config) =>
        [.. (ParameterSetName == ByObject ? [InputObject] : Selection.PlansOrOnly(config, Plan)).Select(p => Selection.Part(p, Database))];
}
