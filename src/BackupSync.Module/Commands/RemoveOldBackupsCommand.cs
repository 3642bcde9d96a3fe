using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Operations.Expire;

namespace BackupSync.Module.Commands;

/// <summary>Removes backups that have served their time, and tells of every file why it goes or stays.</summary>
[Cmdlet(VerbsCommon.Remove, "OldBackups", DefaultParameterSetName = ByName, SupportsShouldProcess = true)]
[OutputType(typeof(RetentionDecision))]
public sealed class RemoveOldBackupsCommand : JobFilesCmdlet
{
    readonly HashSet<string> _told = [];

    /// <summary>In days; the job's own setting where nothing is said.</summary>
    [Parameter]
    [ValidateRange(Allowed.LeastAgeInDays, Allowed.MostAgeInDays)]
    public int? KeepDays { get; set; }

    /// <summary>Which places; all where neither a job nor a number of days is said.</summary>
    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlaceNameCompleter))]
    public string[]? Place { get; set; }

    protected override void Execute()
    {
        if (Place is not null && KeepDays is not null)
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid,
                "-KeepDays is for jobs: what is in a place is under the rules of the plans that took it.",
                "Leave either -KeepDays or -Place out.");
        if (Place is null || Job is not null)
            base.Execute();
        if (Place is not null || (ParameterSetName == ByName && Job is null && KeepDays is null))
            OfPlaces(LoadConfig(Config));
    }

    protected override void Execute(string directory, JobConfig? job) => Write(FolderPlaceConfig.At(directory),
        job is null ? Retention.Plan(directory, KeepDays ?? new BackupsConfig { Directory = directory }.KeepDays, DateTimeOffset.UtcNow)
            : JobBackups.PlanCleanUp(job, KeepDays, DateTimeOffset.UtcNow));

    void OfPlaces(BackupSyncConfig config)
    {
        foreach (var place in Place?.Select(config.Place) ?? config.Places)
        {
            try
            {
                // A job's directory may stand among the folders of a place.
                Write(
                    place,
                    Await(token => JobBackups.PlanCleanUpAsync(place, config, DateTimeOffset.UtcNow, token))
                .Where(d => !_told.Contains(d.Path)));
            }
            catch (BackupSyncException failure)
            {
                // The other places are no worse for it.
                WriteError(ErrorRecords.From(failure, place.Name));
            }
        }
    }

    void Write(PlaceConfig place, IEnumerable<RetentionDecision> plan)
    {
        foreach (var decision in plan)
        {
            _told.Add(decision.Path);
            if (!decision.Remove || Removed(place, decision))
                WriteObject(decision);
        }
    }

    /// <summary>False where the file stays against the plan, so that no object says it went; -WhatIf writes the plan.</summary>
    bool Removed(PlaceConfig place, RetentionDecision decision)
    {
        if (!ShouldProcess(decision.Path, $"Remove backup ({decision.Reason})"))
            return IsWhatIf;
        try
        {
            Await(token => Retention.ApplyAsync(place, [decision], warn: null, token));
            return true;
        }
        catch (BackupSyncException failure)
        {
            WriteError(ErrorRecords.From(failure, decision.Path));
            return false;
        }
    }
}
