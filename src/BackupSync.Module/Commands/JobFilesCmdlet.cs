using System.Management.Automation;
using BackupSync.Application;
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

    /// <summary>All of them before anything is done with one, so that a mistyped name is told at once.</summary>
    protected IReadOnlyList<JobFolder> Folders() => ParameterSetName switch
    {
        ByDirectory => [JobFolder.At(FullPath(Directory))],
        ByObject => [JobFolder.Of(InputObject)],
        _ => [.. Selection.Jobs(LoadConfig(Config), Job).Select(JobFolder.Of)],
    };
}
