using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>What cmdlets have in common that work in the directory of a job, by the job itself or without any configuration.</summary>
public abstract class FolderCmdlet : BackupSyncCmdlet
{
    protected const string ByObject = "InputObject";
    protected const string ByDirectory = "Directory";

    [Parameter(ParameterSetName = ByObject, Mandatory = true, ValueFromPipeline = true)]
    public JobConfig InputObject { get; set; } = null!;

    /// <summary>A backup directory itself, such as that of runs without a configuration file.</summary>
    [Parameter(ParameterSetName = ByDirectory, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string Directory { get; set; } = "";

    /// <summary>
    /// The directory that is meant; null where names are. It waits for no configuration: what is needed of it at night must not.
    /// </summary>
    protected JobFolder? Folder => ParameterSetName switch
    {
        ByDirectory => JobFolder.At(FullPath(Directory)),
        ByObject => JobFolder.Of(InputObject),
        _ => null,
    };
}
