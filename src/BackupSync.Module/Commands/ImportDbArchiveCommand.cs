using System.Management.Automation;
using BackupSync.Application;
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

    /// <summary>Where to, where no URL says so.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string? To { get; set; }

    protected override void Execute()
    {
        if (OptionRules.Import(To is not null, TargetAddress is not null) is { } refusal)
            throw new BackupSyncException(ErrorIds.ConfigurationInvalid, refusal);
        var config = ConfigOfTarget(isNeeded: To is not null);
        if (Opened(Path) is { } backup)
            Restore(backup, RestoreTarget.Of(config, To, TargetAddress, backup, WriteWarning), config, tables: []);
    }
}
