using System.Management.Automation;
using BackupSync.Configuration;
using BackupSync.Scheduling;

namespace BackupSync.Module.Commands;

/// <summary>Makes files for another scheduler that call sync and plan at the same times.</summary>
[Cmdlet(VerbsData.Export, "DbSyncSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(ScheduleFile), typeof(FileInfo))]
public sealed class ExportDbSyncScheduleCommand : ScheduleCmdlet
{
    /// <summary>For which scheduler.</summary>
    [Parameter(Mandatory = true)]
    public OtherScheduler? As { get; set; }

    /// <summary>The folder to write to; where none is named, the texts are written to the pipeline.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Replaces files that are there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Where backupsync is on the machine that runs it, or its image for Kubernetes.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Program { get; set; }

    protected override void Finish(BackupSyncConfig config, IReadOnlyList<string> names)
    {
        var folder = Path is null ? null : FullPath(Path);
        var files = ScheduleExport.Make(config, names, As!.Value, Program, TimeProvider.System, TimeZoneInfo.Local);
        if (folder is null)
            WriteObject(files, enumerateCollection: true);
        else if (ShouldProcess(folder, $"Write {string.Join(", ", files.Select(f => f.Name))}"))
            WriteObject(
                InvokeProvider.Item.Get([.. ScheduleExport.Write(files, folder, Force)], force: false, literalPath: true),
                enumerateCollection: true);
    }
}
