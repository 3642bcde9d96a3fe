using System.Management.Automation;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Sync;

namespace BackupSync.Module.Commands;

/// <summary>Makes a database the first copy of another: creates everything there, copies, verifies.</summary>
[Cmdlet(VerbsData.Initialize, "DbSecondary", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RunResult), typeof(PlannedStep))]
public sealed class InitializeDbSecondaryCommand : RunCmdlet
{
    /// <summary>The database that becomes the copy.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string Name { get; set; } = "";

    /// <summary>The database that is copied.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string From { get; set; } = "";

    /// <summary>Lifts the shrink guard and the confirmation, and nothing else.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        var job = AdHocJob.ForSecondary(LoadConfig(Config), Name, From);
        job.EnsureAddresses();
        if (Confirm($"{job.Target} ({job.TargetDatabase.Address})", $"Replace the content by a copy of {job.Source}", Force, agreed: false))
            Run((observers, token) => JobRunner.SyncAsync(job, new RunOptions { Force = Force, Mode = SyncMode.Full }, observers, token));
        else if (IsWhatIf)
            WriteObject(JobRunner.PlanSync(job, SyncMode.Full), enumerateCollection: true);
    }
}
