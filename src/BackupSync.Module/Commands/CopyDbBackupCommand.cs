using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Copies backups to another place, and verifies them there.</summary>
[Cmdlet(VerbsCommon.Copy, "DbBackup", DefaultParameterSetName = ByName, SupportsShouldProcess = true)]
[OutputType(typeof(RunResult))]
public sealed class CopyDbBackupCommand : RunCmdlet
{
    const string ByName = "Database";
    const string ByObject = "InputObject";

    HashSet<BackupFile>? _there;

    // Not mandatory: PowerShell would then rather make a string of a piped backup than look at the other parameter sets.
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string[]? Database { get; set; }

    /// <summary>Only the newest good one of each database.</summary>
    [Parameter(ParameterSetName = ByName)]
    public SwitchParameter Latest { get; set; }

    /// <summary>Where from; all places where nothing is said.</summary>
    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlaceNameCompleter))]
    public string? Place { get; set; }

    /// <summary>Null where a piped run has taken none: its own error has told why.</summary>
    [Parameter(ParameterSetName = ByObject, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("SourceBackup")]
    [AllowNull]
    public BackupFile? InputObject { get; set; }

    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlaceNameCompleter))]
    public string To { get; set; } = "";

    /// <summary>What is not known to be ours is used as well.</summary>
    [Parameter]
    public SwitchParameter Unauthenticated { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        var config = LoadConfig(Config);
        var to = config.Place(To);
        var backups = Backups(config);
        if (backups.Count == 0)
            return;
        _there ??= Await((warn, token) => BackupStore.HeldAsync(to, warn, token, encryption: config.Encryption));
        foreach (var backup in backups)
        {
            if (_there.Contains(backup))
            {
                WriteVerbose($"{backup.FileName} is in {to.Name} already.");
                continue;
            }
            if (!ShouldProcess(backup.Path, $"Copy to {to.Name}"))
                continue;
            var handle = BackupHandles.Of(backup, config) with { Unauthenticated = Unauthenticated };
            Run(async (observers, token) =>
            {
                var result = await BackupRunner.CopyAsync(handle, to, observers, token);
                if (result.Success)
                    _there.Add(backup);
                return result;
            });
        }
    }

    IReadOnlyList<BackupFile> Backups(BackupSyncConfig config)
    {
        if (ParameterSetName == ByObject)
            return InputObject is null ? [] : [InputObject];
        if (Database is null && !Latest)
            throw new BackupSyncException(
                ErrorIds.BackupNotFound,
                "Say which backups are meant: databases by their names, -Latest, or backups by the pipeline.");
        var query = new BackupQuery
        {
            Databases = Database ?? [], Place = Place, Latest = Latest, Unauthenticated = Unauthenticated,
        };
        return Await((warn, token) => query.FindAsync(config, warn, token));
    }
}
