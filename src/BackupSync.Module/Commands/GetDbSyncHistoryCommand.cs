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

    protected override void Execute(string directory, JobConfig? job)
    {
        foreach (var run in RunHistory.Read(directory, WriteWarning, IsListed).Take(Last))
            WriteObject(run);

        bool IsListed(RunHead run) => (job is null || run.Job == job.Name) && (Outcome is null || Outcome.Contains(run.Outcome));
    }
}
