using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>
/// A cmdlet that does something with backups: those of databases, one of each or all that match, piped ones, or files. One that is not
/// there does not stop the others.
/// </summary>
public abstract class BackupsCmdlet : RunCmdlet
{
    protected const string ByName = "Database";
    protected const string ByObject = "InputObject";
    protected const string ByPath = "Path";

    // Not mandatory: PowerShell would then rather make a string of a piped backup than look at the other parameter sets.
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string[]? Database { get; set; }

    /// <summary>The newest good one of each database.</summary>
    [Parameter(ParameterSetName = ByName)]
    public SwitchParameter Latest { get; set; }

    /// <summary>The newest good one of each whose snapshot was taken at this moment or earlier.</summary>
    [Parameter(ParameterSetName = ByName)]
    [Moment]
    public DateTimeOffset? Before { get; set; }

    /// <summary>Every one that matches, good or not.</summary>
    [Parameter(ParameterSetName = ByName)]
    public SwitchParameter All { get; set; }

    /// <summary>Where from; all places where nothing is said.</summary>
    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlaceNameCompleter))]
    public string? Place { get; set; }

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

    /// <summary>What is not known to be ours is used as well.</summary>
    [Parameter]
    public SwitchParameter Unauthenticated { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    /// <summary>Whether a tag chooses them, and which; null where the cmdlet has no such parameter.</summary>
    private protected virtual (bool IsSaid, string? Tag)? ChosenTag => null;

    /// <summary>Whether it is no error that of all backups, of whatever database, none matches.</summary>
    private protected virtual bool MayFindNone => false;

    /// <summary>What is meant; of what is not there, errors.</summary>
    /// <param name="config">Null where there is none, and nothing is chosen by its databases.</param>
    protected IReadOnlyList<BackupFile> Backups(BackupSyncConfig? config) => ParameterSetName switch
    {
        ByObject => [.. (InputObject ?? []).OfType<BackupFile>()],
        ByPath => [.. Path.Select(Opened).OfType<BackupFile>()],
        _ => Found(config!),
    };

    /// <summary>A configuration is needed where databases are chosen by it, and else used where there is one.</summary>
    protected BackupSyncConfig? ConfigOfBackups() => ParameterSetName == ByName ? LoadConfig(Config) : LoadConfigIfAny(Config);

    /// <summary>With what it takes to read it, as the parameters allow.</summary>
    protected BackupHandle Handle(BackupFile backup, BackupSyncConfig? config) =>
        BackupHandles.Of(backup, config) with { Unauthenticated = Unauthenticated };

    IReadOnlyList<BackupFile> Found(BackupSyncConfig config)
    {
        if (OptionRules.Backups(Latest, Before is not null, ChosenTag?.IsSaid, All) is { } refusal)
            throw new BackupSyncException(ErrorIds.BackupNotFound, refusal);
        var names = (Database ?? []).Distinct().Where(name => Found(name, config.Database) is not null).ToList();
        if (Database is not null && names.Count == 0)
            return [];
        var query = new BackupQuery
        {
            Databases = names, Before = Before, Tag = ChosenTag?.Tag, Place = Place, Unauthenticated = Unauthenticated,
        };
        var found = Await((warn, token) => FoundBackups.FindAsync(query, All, config, warn, token));
        foreach (var missing in found.Missing.Where(m => m.Database is not null || !All || !MayFindNone))
            WriteError(ErrorRecords.From(missing.Why, missing.Database));
        if (All && found.Backups.Count > 0)
            Say(found.HowMany);
        return found.Backups;
    }

    /// <summary>A line that is seen without any preference.</summary>
    private protected void Say(string text) =>
        WriteInformation(new HostInformationMessage { Message = Printable.Text(text) }, ["PSHOST"]);
}

/// <summary>One that chooses them by their tags, too.</summary>
public abstract class TaggedBackupsCmdlet : BackupsCmdlet
{
    /// <summary>The newest good one of each with such a tag; may hold wildcards.</summary>
    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TagCompleter))]
    public string? Tag { get; set; }

    private protected override (bool IsSaid, string? Tag)? ChosenTag => (Tag is not null, Tag);
}
