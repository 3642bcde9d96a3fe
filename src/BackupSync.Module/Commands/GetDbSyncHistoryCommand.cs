using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Lists what was done, newest first over all: syncs, backups, proofs, copies and restores.</summary>
[Cmdlet(VerbsCommon.Get, "DbSyncHistory", DefaultParameterSetName = ByName)]
[OutputType(typeof(RunResult))]
public sealed class GetDbSyncHistoryCommand : FolderCmdlet
{
    const string ByName = "Name";

    readonly List<string> _names = [];
    readonly List<JobFolder> _folders = [];
    BackupSyncConfig? _config;

    /// <summary>Jobs, plans and databases, and by-hand; everything where none is named.</summary>
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Job")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(HistoryNameCompleter))]
    public string[]? Name { get; set; }

    /// <summary>Only runs that were about one of these.</summary>
    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string[]? Database { get; set; }

    [Parameter]
    public RunKind[]? Kind { get; set; }

    [Parameter]
    public RunOutcome[]? Outcome { get; set; }

    [Parameter]
    [Moment]
    public DateTimeOffset? After { get; set; }

    [Parameter]
    [Moment]
    public DateTimeOffset? Before { get; set; }

    /// <summary>Only as many of all together, after the other conditions.</summary>
    [Parameter]
    [ValidateRange(OptionRanges.LeastRuns, OptionRanges.MostRuns)]
    public int? Last { get; set; }

    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        if (Folder is { } folder)
        {
            _folders.Add(folder);
            return;
        }
        _config ??= LoadConfig(Config);
        _names.AddRange((Name ?? []).Select(name => Found(name, n => RunQuery.Known(_config, n))).OfType<string>());
    }

    /// <summary>One list of all that has come: the newest of all is the first.</summary>
    protected override void Finish()
    {
        var query = new RunQuery
        {
            Names = _names, Databases = Database ?? [], Kinds = Kind ?? [], Outcomes = Outcome ?? [], After = After, Before = Before,
            Last = Last,
        };
        if (ParameterSetName != ByName)
            WriteObject(query.Find(_folders, WriteWarning), enumerateCollection: true);
        else if (_config is not null && (_names.Count > 0 || Name is null))
            WriteObject(query.Find(_config, WriteWarning), enumerateCollection: true);
    }
}
