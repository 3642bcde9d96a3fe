using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Operations.Expire;

namespace BackupSync.Module.Commands;

/// <summary>Removes backups that have served their time, and tells of every file why it goes or stays.</summary>
[Cmdlet(VerbsCommon.Remove, "OldBackups", DefaultParameterSetName = ByName, SupportsShouldProcess = true)]
[OutputType(typeof(RetentionDecision))]
public sealed class RemoveOldBackupsCommand : FolderCmdlet
{
    const string ByName = "Job";

    readonly HashSet<string> _told = [];

    /// <summary>Which jobs; all of the configuration where none is named.</summary>
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(JobNameCompleter))]
    public string[]? Job { get; set; }

    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    /// <summary>In days; the job's own setting where nothing is said.</summary>
    [Parameter]
    [ValidateRange(OptionRanges.LeastAgeInDays, OptionRanges.MostAgeInDays)]
    public int? KeepDays { get; set; }

    /// <summary>Which places; all where neither a job nor a number of days is said.</summary>
    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlaceNameCompleter))]
    public string[]? Place { get; set; }

    protected override void Execute()
    {
        var chosen = Folder is { } folder
            ? [CleanUpTarget.Of(folder, KeepDays)]
            : CleanUpTarget.Of(LoadConfig(Config), Job, Place, KeepDays);
        foreach (var one in chosen)
        {
            try
            {
                Write(one, Await(token => one.PlanAsync(_told, token)));
            }
            catch (BackupSyncException failure)
            {
                // The others are no worse for it.
                WriteError(ErrorRecords.From(failure, one.Title));
            }
        }
    }

    void Write(CleanUpTarget one, IReadOnlyList<RetentionDecision> plan)
    {
        foreach (var decision in plan)
            if (!decision.Remove || Removed(one, decision))
                WriteObject(decision);
    }

    /// <summary>False where the file stays against the plan, so that no object says it went; -WhatIf writes the plan.</summary>
    bool Removed(CleanUpTarget one, RetentionDecision decision)
    {
        if (!ShouldProcess(decision.Path, $"Remove backup ({decision.Reason})"))
            return IsWhatIf;
        try
        {
            Await(token => one.ApplyAsync([decision], warn: null, token));
            return true;
        }
        catch (BackupSyncException failure)
        {
            WriteError(ErrorRecords.From(failure, decision.Path));
            return false;
        }
    }
}
