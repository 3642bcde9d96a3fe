using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Writes a database's content to a file.</summary>
[Cmdlet(VerbsData.Export, "DbArchive", DefaultParameterSetName = ByName, SupportsShouldProcess = true)]
[OutputType(typeof(RunResult))]
public sealed class ExportDbArchiveCommand : RunCmdlet
{
    const string ByName = "Database";
    const string ByObject = "InputObject";

    // Not mandatory: PowerShell would then rather make a string of a piped database than look at the other parameter sets.
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string? Database { get; set; }

    [Parameter(ParameterSetName = ByObject, Mandatory = true, ValueFromPipeline = true)]
    public DatabaseConfig InputObject { get; set; } = null!;

    /// <summary>Encrypted where it ends in <c>.enc</c>.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Replaces a file that is there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        var config = LoadConfig(Config);
        var database = ParameterSetName == ByObject ? InputObject
            : Database is not null ? Found(Database, config.Database)
            : throw new BackupSyncException(
                ErrorIds.UnknownName,
                $"Name the database to export: {config.Path} has {string.Join(", ", config.Databases.Select(d => d.Name))}.");
        if (database is null)
            return;
        _ = database.Address;
        var file = FullPath(Path);
        ExportFile.EnsureMayWrite(file, Force);
        var order = BackupOrders.Export(config, file);
        if (ShouldProcess(file, $"Export {Question.Describe(database)}"))
            RunSeveral((observersOf, token) => BackupRunner.BackUpAsync([database], order, _ => observersOf(null), null, token));
    }
}
