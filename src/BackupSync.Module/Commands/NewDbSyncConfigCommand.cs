using System.Management.Automation;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>Writes a commented configuration to begin with.</summary>
[Cmdlet(VerbsCommon.New, "DbSyncConfig", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class NewDbSyncConfigCommand : BackupSyncCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "backupsync.yml";

    /// <summary>Replaces a file that is there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void Execute()
    {
        var path = FullPath(Path);
        if (!ShouldProcess(path, "Write a starter configuration"))
            return;
        StarterFile.Write(path, Force);
        // By the provider, as Get-Item writes it.
        WriteObject(InvokeProvider.Item.Get([path], force: false, literalPath: true), enumerateCollection: true);
    }
}
