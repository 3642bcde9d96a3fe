using System.Management.Automation;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Replaces a database's content by that of a file.</summary>
[Cmdlet(VerbsData.Import, "DbArchive", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RunResult), typeof(PlannedStep))]
public sealed class ImportDbArchiveCommand : RestoreCmdlet
{
    /// <summary>The archive; its manifest stands beside it.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string To { get; set; } = "";

    protected override void Execute()
    {
        var config = LoadConfig(Config);
        Restore(OpenBackup(Path), config.Database(To), config, tables: []);
    }
}
