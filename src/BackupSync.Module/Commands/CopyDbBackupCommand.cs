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
    const string ByPath = "Path";

    HashSet<BackupFile>? _there;

    // Not mandatory: PowerShell would then rather make a string of a piped backup than look at the other parameter sets.
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string[]? Database { get; set; }

    /// <summary>Only the newest good one of each database.</summary>
    [Parameter(ParameterSetName = ByName)]
    public SwitchParameter Latest { get; set; }

    /// <summary>Only those whose snapshot was taken at this moment or earlier.</summary>
    [Parameter(ParameterSetName = ByName)]
    public DateTimeOffset? Before { get; set; }

    /// <summary>Only those with such a tag; may hold wildcards.</summary>
    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    public string? Tag { get; set; }

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

    /// <summary>A backup's file; its manifest stands beside it.</summary>
    [Parameter(ParameterSetName = ByPath, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

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
        if (ParameterSetName == ByPath)
            return [.. Path.Select(OpenBackup)];
        if (Database is null && !Latest && Before is null && Tag is null)
            throw new BackupSyncException(
                ErrorIds.BackupNotFound,
                "Say which backups are meant: databases by their names, -Latest, -Before, -Tag, -Path, or backups by the pipeline.");
        var query = new BackupQuery
        {
            Databases = Database ?? [], Before = Before, Tag = Tag, Place = Place, Latest = Latest, Unauthenticated = Unauthenticated,
        };
        var found = Await((warn, token) => FoundBackups.FindAsync(query, config, warn, token));
        foreach (var missing in found.Missing)
            WriteError(ErrorRecords.From(missing, null));
        return found.Backups;
    }
}
