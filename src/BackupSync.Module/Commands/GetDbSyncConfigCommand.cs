using System.Management.Automation;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>Reads the configuration: its databases, jobs and tools.</summary>
[Cmdlet(VerbsCommon.Get, "DbSyncConfig")]
[OutputType(typeof(BackupSyncConfig))]
public sealed class GetDbSyncConfigCommand : BackupSyncCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Path", "FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute() => WriteObject(LoadConfig(Config));
}
