using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations;

namespace BackupSync.Module.Commands;

/// <summary>Lists backups, newest first: those in the configuration's places and in the jobs' own directories.</summary>
[Cmdlet(VerbsCommon.Get, "DbBackup", DefaultParameterSetName = ByDatabase)]
[OutputType(typeof(BackupFile))]
public sealed class GetDbBackupCommand : BackupSyncCmdlet
{
    const string ByDatabase = "Database";
    const string ByJob = "Job";
    const string ByObject = "InputObject";
    const string ByDirectory = "Directory";

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

    [Parameter(ParameterSetName = ByObject, Mandatory = true, ValueFromPipeline = true)]
    public JobConfig InputObject { get; set; } = null!;

    /// <summary>A backup directory itself, such as that of runs without a configuration file.</summary>
    [Parameter(ParameterSetName = ByDirectory, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string Directory { get; set; } = "";

    /// <summary>May hold wildcards.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Tag { get; set; }

    [Parameter]
    public DateTimeOffset? After { get; set; }

    [Parameter]
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
        switch (ParameterSetName)
        {
            case ByDirectory:
                var directory = FullPath(Directory);
                if (!System.IO.Directory.Exists(directory))
                    throw new BackupSyncException(ErrorIds.BackupNotFound, $"There is no directory {directory}.");
                // A directory alone: what is needed of it at night must not wait for a configuration.
                WriteObject(List(BackupCatalog.List(directory, WriteWarning), Query), enumerateCollection: true);
                break;
            case ByObject:
                Write(InputObject);
                break;
            case ByJob:
                OfJobs(LoadConfig(Config));
                break;
            default:
                OfDatabases(LoadConfig(Config));
                break;
        }
    }

    BackupQuery Query => new() { Tag = Tag, After = After, Before = Before, Kinds = Kind ?? [] };

    void OfDatabases(BackupSyncConfig config)
    {
        var jobs = config.Jobs
            .Where(j => Place is null && Database is not null && Database.Contains(j.Name) && config.Databases.All(d => d.Name != j.Name))
            .ToList();
        var databases = Database?.Except(jobs.Select(j => j.Name)).ToList() ?? [];
        if (databases.Count > 0 || jobs.Count == 0)
        {
            var query = Query with { Databases = databases, Place = Place, Latest = Latest };
            var found = Await((warn, token) => query.FindAsync(config, warn, token));
            // A job's copy may lack tables, and its safety backup is what a sync has replaced: neither is the latest of a database,
            // unless asked for.
            var ofJobs = Place is not null || (Latest && Kind is null)
                ? []
                : config.Jobs.SelectMany(j => List(JobBackups.List(j, WriteWarning), query));
            WriteObject(found.Concat(ofJobs).DistinctBy(b => b.Path).OrderByDescending(b => b.Created), enumerateCollection: true);
        }
        jobs.ForEach(Write);
    }

    void OfJobs(BackupSyncConfig config)
    {
        foreach (var name in Job)
        {
            if (config.BackupPlans.Any(p => p.Name == name) || name == BackupOrder.ByHandName)
                WriteObject(
                    Await((warn, token) => (Query with { Job = name, Latest = Latest }).FindAsync(config, warn, token)),
                    enumerateCollection: true);
            else
                Write(config.Job(name));
        }
    }

    /// <summary>A job's directory alone: what is needed of it at night must not wait for other places.</summary>
    void Write(JobConfig job) => WriteObject(List(JobBackups.List(job, WriteWarning), Query), enumerateCollection: true);

    IEnumerable<BackupFile> List(IEnumerable<BackupFile> backups, BackupQuery query)
    {
        var matching = backups.Where(query.Matches);
        return Latest ? BackupQuery.LatestOfJobs(matching) : matching;
    }
}
