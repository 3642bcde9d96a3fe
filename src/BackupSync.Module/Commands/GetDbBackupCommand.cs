using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>Lists backups, newest first: those in the configuration's places and in the jobs' own directories.</summary>
[Cmdlet(VerbsCommon.Get, "DbBackup", DefaultParameterSetName = ByDatabase)]
[OutputType(typeof(BackupFile))]
public sealed class GetDbBackupCommand : FolderCmdlet
{
    const string ByDatabase = "Database";
    const string ByJob = "Job";

    /// <summary>Which databases; all where none is named. The name of a job stands for the job.</summary>
    [Parameter(ParameterSetName = ByDatabase, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string[]? Database { get; set; }

    /// <summary>Which jobs or plans.</summary>
    [Parameter(ParameterSetName = ByJob, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(JobNameCompleter))]
    public string[] Job { get; set; } = [];

    /// <summary>May hold wildcards.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TagCompleter))]
    public string? Tag { get; set; }

    [Parameter]
    [Moment]
    public DateTimeOffset? After { get; set; }

    [Parameter]
    [Moment]
    public DateTimeOffset? Before { get; set; }

    [Parameter]
    public BackupKind[]? Kind { get; set; }

    [Parameter(ParameterSetName = ByDatabase)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlaceNameCompleter))]
    public string? Place { get; set; }

    /// <summary>Only the newest good one of each database; of a job or directory, of each job and kind.</summary>
    [Parameter]
    public SwitchParameter Latest { get; set; }

    [Parameter(ParameterSetName = ByDatabase)]
    [Parameter(ParameterSetName = ByJob)]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        var query = new BackupQuery
        {
            Tag = Tag, After = After, Before = Before, Kinds = Kind ?? [], Place = Place, Latest = Latest,
        };
        if (Folder is { } folder)
            Write(folder.Backups(query, WriteWarning));
        else if (ParameterSetName == ByJob)
            WriteOfJobs(LoadConfig(Config), query);
        else
            WriteOfDatabases(LoadConfig(Config), query);
    }

    void WriteOfJobs(BackupSyncConfig config, BackupQuery query)
    {
        foreach (var job in Job)
            Write(Found(job, name => Await((warn, token) => BackupListing.OfJobAsync(config, name, query, warn, token))) ?? []);
    }

    void WriteOfDatabases(BackupSyncConfig config, BackupQuery query)
    {
        var names = (Database ?? []).Select(name => Found(name, config.DatabaseOrJob)).OfType<string>().ToList();
        if (Database is null || names.Count > 0)
            Write(Await((warn, token) => BackupListing.FindAsync(config, names, query, warn, token)));
    }

    void Write(IEnumerable<BackupFile> backups) => WriteObject(backups, enumerateCollection: true);
}
