using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Lists the runs of jobs, newest first.</summary>
[Cmdlet(VerbsCommon.Get, "DbSyncHistory", DefaultParameterSetName = "Job")]
[OutputType(typeof(RunResult))]
public sealed class GetDbSyncHistoryCommand : JobFilesCmdlet
{
    /// <summary>Only as many of each job, after the other conditions.</summary>
    [Parameter]
    [ValidateRange(Allowed.LeastRuns, Allowed.MostRuns)]
    public int Last { get; set; } = Allowed.MostRuns;

    [Parameter]
    public RunOutcome[]? Outcome { get; set; }

    protected override void Execute(string directory, JobConfig? job) => WriteObject(
        RunHistory.Read(directory, WriteWarning)
            .Where(r => (job is null || r.Job == job.Name) && (Outcome is null || Outcome.Contains(r.Outcome)))
            .Take(Last),
        enumerateCollection: true);
}
