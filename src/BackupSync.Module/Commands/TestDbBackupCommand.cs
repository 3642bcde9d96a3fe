using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Proves that backups are good: reads them to their end, or restores them on trial.</summary>
[Cmdlet(VerbsDiagnostic.Test, "DbBackup", DefaultParameterSetName = ByObject)]
[OutputType(typeof(RunResult), typeof(bool))]
public sealed class TestDbBackupCommand : RunCmdlet
{
    const string ByObject = "InputObject";
    const string ByPath = "Path";

    /// <summary>Null where a piped run has taken none: its own error has told why.</summary>
    [Parameter(
        ParameterSetName = ByObject, Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("SourceBackup")]
    [AllowNull]
    public BackupFile?[]? InputObject { get; set; }

    /// <summary>A backup's file; its manifest stands beside it.</summary>
    [Parameter(ParameterSetName = ByPath, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>A drill.</summary>
    [Parameter]
    public SwitchParameter Restore { get; set; }

    /// <summary>The database beside which a drill restores, instead of a throw-away server.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string? On { get; set; }

    /// <summary>Only whether each is good.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>What is not known to be ours is used as well.</summary>
    [Parameter]
    public SwitchParameter Unauthenticated { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override bool TellsOnlySuccess => Quiet;

    protected override void Execute()
    {
        var config = On is null ? LoadConfigIfAny(Config) : LoadConfig(Config);
        var on = On is null ? null : config!.Database(On);
        var how = Restore || on is not null ? BackupProof.Drill : BackupProof.Integrity;
        foreach (var backup in Backups())
        {
            var database = config?.Databases.FirstOrDefault(d => d.Name == backup.Database);
            var handle = BackupHandles.Of(backup, config) with { Unauthenticated = Unauthenticated };
            Run((observers, token) => BackupRunner.ProveAsync(
                handle, how, database, on, config?.Tools ?? new ToolsConfig(), observers, token));
        }
    }

    IReadOnlyList<BackupFile> Backups() => ParameterSetName == ByPath
        ? [.. Path.Select(OpenBackup)]
        : [.. (InputObject ?? []).OfType<BackupFile>()];
}
