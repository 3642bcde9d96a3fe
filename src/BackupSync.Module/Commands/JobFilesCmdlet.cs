using System.Management.Automation;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>
/// A cmdlet for what jobs have left in their backup directories: of jobs by name, of piped ones, of all, or of a directory.
/// </summary>
public abstract class JobFilesCmdlet : BackupSyncCmdlet
{
    protected const string ByName = "Job";
    const string ByObject = "InputObject";
    const string ByDirectory = "Directory";

    /// <summary>Which jobs; all of the configuration where none is named.</summary>
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(JobNameCompleter))]
    public string[]? Job { get; set; }

    [Parameter(ParameterSetName = ByObject, Mandatory = true, ValueFromPipeline = true)]
    public JobConfig InputObject { get; set; } = null!;

    /// <summary>A backup directory itself, such as that of runs without a configuration file.</summary>
    [Parameter(ParameterSetName = ByDirectory, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string Directory { get; set; } = "";

    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    /// <param name="directory">The backup directory.</param>
    /// <param name="job">The job whose files are meant; null for all of the directory.</param>
    protected abstract void Execute(string directory, JobConfig? job);

    protected override void Execute()
    {
        if (ParameterSetName == ByDirectory)
        {
            var directory = FullPath(Directory);
            if (!System.IO.Directory.Exists(directory))
                throw new BackupSyncException(ErrorIds.BackupNotFound, $"There is no directory {directory}.");
            Execute(directory, null);
            return;
        }
        foreach (var job in Jobs())
            Execute(job.Backups.Directory, job);
    }

    IReadOnlyList<JobConfig> Jobs()
    {
        if (ParameterSetName == ByObject)
            return [InputObject];
        var config = LoadConfig(Config);
        return Job is null ? config.Jobs : [.. Job.Select(config.Job)];
    }
}
