using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Backs databases up, several at once.</summary>
[Cmdlet(VerbsCommon.New, "DbBackup", DefaultParameterSetName = ByName, SupportsShouldProcess = true)]
[OutputType(typeof(RunResult))]
public sealed class NewDbBackupCommand : RunCmdlet
{
    const string ByName = "Database";
    const string ByObject = "InputObject";
    const string ForAll = "All";
    const string ByUrl = "Url";

    readonly List<DatabaseConfig> _databases = [];
    BackupSyncConfig? _config;

    // Not mandatory: PowerShell would then rather make a string of a piped database than look at the other parameter sets.
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string[]? Database { get; set; }

    [Parameter(ParameterSetName = ByObject, Mandatory = true, ValueFromPipeline = true)]
    public DatabaseConfig InputObject { get; set; } = null!;

    /// <summary>Every database of the configuration.</summary>
    [Parameter(ParameterSetName = ForAll, Mandatory = true)]
    public SwitchParameter All { get; set; }

    /// <summary>The address of a database that no configuration need have.</summary>
    [Parameter(ParameterSetName = ByUrl, Mandatory = true)]
    [GivenDatabase, AllowNull]
    public GivenDatabase? Url { get; set; }

    /// <summary>Who signs in there.</summary>
    [Parameter(ParameterSetName = ByUrl)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>The folder to write to, instead of a place.</summary>
    [Parameter(ParameterSetName = ByUrl)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>What they are taken for.</summary>
    [Parameter]
    [ValidateLength(1, OptionRanges.MostOfTag)]
    [ArgumentCompleter(typeof(TagCompleter))]
    public string? Tag { get; set; }

    [Parameter]
    [ValidateRange(OptionRanges.LeastKeepDays, OptionRanges.MostKeepDays)]
    public int? KeepDays { get; set; }

    /// <summary>Kept for ever.</summary>
    [Parameter]
    public SwitchParameter Pin { get; set; }

    /// <summary>Where to; the configuration's first place where nothing is said.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlaceNameCompleter))]
    public string[]? Place { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    /// <summary>Gathers what is piped: only what is known together can be backed up at once.</summary>
    protected override void Execute()
    {
        var refusal = OptionRules.Keep(Pin, KeepDays is not null)
            ?? OptionRules.Backup(databases: false, All, ParameterSetName == ByUrl, Path is not null, Place is not null);
        if (refusal is not null)
            throw new BackupSyncException(ErrorIds.ConfigurationInvalid, refusal);
        if (ParameterSetName == ByObject)
            _databases.Add(InputObject);
        else if (ParameterSetName == ByUrl)
            _databases.Add(Selection.ByUrl(ConfigOfRun(), (Url ?? new("")).With(Credential)));
        else if (Database is null || All)
            _databases.AddRange(Selection.DatabasesOrAll(ConfigOfRun(), Database, All));
        else
            _databases.AddRange(Database.Select(name => Found(name, ConfigOfRun().Database)).OfType<DatabaseConfig>());
    }

    /// <summary>Read once, however many databases are named or come down the pipeline.</summary>
    BackupSyncConfig ConfigOfRun() => _config ??= ParameterSetName == ByUrl
        ? LoadConfigIfAny(Config) ?? AdHocConfiguration.In(CurrentFolder)
        : LoadConfig(Config);

    protected override void Finish()
    {
        if (_databases.Count == 0)
            return;
        var config = ConfigOfRun();
        var places = Path is null ? Selection.Places(config, Place) : [FolderPlaceConfig.At(FullPath(Path))];
        var order = BackupOrders.ByHand(config, places, Tag, Pin, KeepDays);
        var chosen = _databases.DistinctBy(d => d.Name)
            .Where(d => ShouldProcess(Question.Describe(d), $"Back up to {string.Join(", ", order.Places.Select(p => p.Title))}")).ToList();
        if (chosen.Count > 0)
            RunSeveral((observersOf, token) => BackupRunner.BackUpAsync(chosen, order, d => observersOf(d.Name), null, token));
    }
}
