using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Brings a database, or some of its tables, back to what a backup holds.</summary>
[Cmdlet(VerbsData.Restore, "DbBackup", DefaultParameterSetName = ByName, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RunResult), typeof(PlannedStep))]
public sealed class RestoreDbBackupCommand : RestoreCmdlet
{
    const string ByName = "Database";
    const string ByObject = "InputObject";
    const string ByPath = "Path";

    /// <summary>The database whose backup is looked for.</summary>
    [Parameter(ParameterSetName = ByName, Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string Database { get; set; } = "";

    /// <summary>The newest good one.</summary>
    [Parameter(ParameterSetName = ByName)]
    public SwitchParameter Latest { get; set; }

    /// <summary>The newest good one whose snapshot was taken at this moment or earlier.</summary>
    [Parameter(ParameterSetName = ByName)]
    [Moment]
    public DateTimeOffset? Before { get; set; }

    /// <summary>The newest good one with such a tag; may hold wildcards.</summary>
    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TagCompleter))]
    public string? Tag { get; set; }

    /// <summary>Where it is looked for.</summary>
    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlaceNameCompleter))]
    public string? Place { get; set; }

    /// <summary>Null where a piped run has taken none: its own error has told why.</summary>
    [Parameter(ParameterSetName = ByObject, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("SourceBackup")]
    [AllowNull]
    public BackupFile? InputObject { get; set; }

    /// <summary>The backup's file; its manifest stands beside it.</summary>
    [Parameter(ParameterSetName = ByPath, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Where to; the database that the backup is of where nothing is said.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string? To { get; set; }

    /// <summary>Only these tables; may hold wildcards.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupTableCompleter))]
    public string[]? Table { get; set; }

    protected override void Execute()
    {
        var config = ConfigOfTarget(isNeeded: ParameterSetName == ByName);
        if (Choose(config) is not { } backup)
            return;
        var why = Before is { } moment
            ? FormattableString.Invariant($", the newest up to {moment.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC")
            : "";
        // Of a piped one the others are no worse for it.
        var to = ParameterSetName == ByName || To is not null || TargetAddress is not null
            ? RestoreTarget.Of(config, To, TargetAddress, backup, WriteWarning)
            : Found(backup.Path, _ => RestoreTarget.Of(config, null, null, backup, WriteWarning));
        if (to is not null)
            Restore(backup, to, config, Table ?? [], why);
    }

    BackupFile? Choose(BackupSyncConfig config)
    {
        if (ParameterSetName == ByPath)
            return Opened(Path);
        if (ParameterSetName == ByObject)
            return InputObject;
        if (OptionRules.Restore(Latest, Before is not null, Tag is not null) is { } refusal)
            throw new BackupSyncException(ErrorIds.BackupNotFound, refusal);
        var query = new BackupQuery
        {
            Databases = [Database],
            Before = Before,
            Tag = Tag,
            Place = Place,
            Unauthenticated = Unauthenticated,
        };
        return Await((warn, token) => query.FindOneAsync(config, warn, token));
    }
}
