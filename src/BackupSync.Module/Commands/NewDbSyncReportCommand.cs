using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Reporting;

namespace BackupSync.Module.Commands;

/// <summary>Writes a page that tells how all stands, what has run, and what failed.</summary>
[Cmdlet(VerbsCommon.New, "DbSyncReport", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class NewDbSyncReportCommand : BackupSyncCmdlet
{
    /// <summary>The file to write; a report that is there is replaced.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = ReportFile.DefaultName;

    /// <summary>Of how many days it tells, today included.</summary>
    [Parameter]
    [ValidateRange(OptionRanges.LeastReportDays, OptionRanges.MostReportDays)]
    public int Days { get; set; } = OptionRanges.ReportDays;

    /// <summary>Replaces a file that is there, and is no report.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        var path = FullPath(Path);
        if (!ShouldProcess(path, "Write a report"))
            return;
        var config = LoadConfig(Config);
        Await(async (warn, token) =>
        {
            await ReportFile.WriteAsync(config, Days, path, Force, TimeProvider.System, warn, token);
            return path;
        });
        // By the provider, as Get-Item writes it.
        WriteObject(InvokeProvider.Item.Get([path], force: false, literalPath: true), enumerateCollection: true);
    }
}
