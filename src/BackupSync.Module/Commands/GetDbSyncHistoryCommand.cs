using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Lists the runs of jobs, newest first.</summary>
[Cmdlet(VerbsCommon.Get, "DbSyncHistory", DefaultParameterSetName = "Job")]
[OutputType(typeof(RunResult))]
public sealed class GetDbSyncHistoryCommand : JobFilesCmdlet
{
    /// <summary>Only as many of each job, after the other conditions.</summary>
    [Parameter]
    [ValidateRange(OptionRanges.LeastRuns, OptionRanges.MostRuns)]
    public int? Last { get; set; }

    [Parameter]
    public RunOutcome[]? Outcome { get; set; }

    protected override void Execute()
    {
        foreach (var folder in Folders())
            WriteObject(folder.Runs(Outcome, Last, WriteWarning), enumerateCollection: true);
    }
}
