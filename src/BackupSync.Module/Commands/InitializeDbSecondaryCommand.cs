using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Makes a database the first copy of another: creates everything there, copies, verifies.</summary>
[Cmdlet(VerbsData.Initialize, "DbSecondary", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RunResult), typeof(PlannedStep))]
public sealed class InitializeDbSecondaryCommand : RunCmdlet
{
    /// <summary>The databases that become copies.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Target")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string[] Database { get; set; } = [];

    /// <summary>The database that is copied.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Source")]
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
        var config = LoadConfig(Config);
        // All of them before any is replaced: a mistyped name, and a target that no copy may go to, are told before anybody is asked.
        var jobs = Database.Select(name => AdHocJob.ForSecondary(config, name, From)).ToList();
        foreach (var job in jobs)
            job.EnsureAddresses();
        foreach (var (job, plan) in jobs.Select(j => (j, JobRunner.PlanSync(j, SyncMode.Full))).ToList())
        {
            if (Confirm(Question.FirstCopy(job), Force))
                Run(
                    (observers, token) => JobRunner.SyncAsync(job, new RunOptions { Force = Force, Mode = SyncMode.Full }, observers,
                        token));
            else if (IsWhatIf)
                WriteObject(plan, enumerateCollection: true);
        }
    }
}
