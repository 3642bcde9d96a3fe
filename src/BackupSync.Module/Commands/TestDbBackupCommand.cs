using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Proves that backups are good: reads them to their end, or restores them on trial.</summary>
[Cmdlet(VerbsDiagnostic.Test, "DbBackup", DefaultParameterSetName = ByName)]
[OutputType(typeof(RunResult), typeof(bool))]
public sealed class TestDbBackupCommand : TaggedBackupsCmdlet
{
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

    protected override bool TellsOnlySuccess => Quiet;

    protected override void Execute()
    {
        var config = On is null ? ConfigOfBackups() : LoadConfig(Config);
        var on = On is null ? null : config!.Database(On);
        var how = Restore || on is not null ? BackupProof.Drill : BackupProof.Integrity;
        foreach (var backup in Backups(config))
        {
            var database = config?.Databases.FirstOrDefault(d => d.Name == backup.Database);
            Run((observers, token) => BackupRunner.ProveAsync(
                Handle(backup, config), how, database, on, config, observers, token));
        }
    }
}
