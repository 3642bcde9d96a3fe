using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>Tells how databases and jobs stand, from what is recorded of them.</summary>
[Cmdlet(VerbsCommon.Get, "DbStatus")]
[OutputType(typeof(StatusEntry), typeof(bool))]
public sealed class GetDbStatusCommand : BackupSyncCmdlet
{
    readonly List<string> _names = [];
    BackupSyncConfig? _config;
    bool _isUnknown;

    /// <summary>Databases and jobs; all of the configuration where none is named.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(StatusNameCompleter))]
    public string[]? Name { get; set; }

    /// <summary>Only whether all of them are good.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        _config ??= LoadConfig(Config);
        foreach (var name in Name ?? [])
            Add(_config, name);
    }

    /// <summary>All that has come at once: places are read once, and one answer is for all.</summary>
    protected override void Finish()
    {
        if (_config is null)
            return;
        var report = Name is not null && _names.Count == 0
            ? null
            : Await((warn, token) => StatusReport.ReadAsync(_config, _names, TimeProvider.System, warn, token));
        if (Quiet)
            WriteObject(report is { IsGood: true } && !_isUnknown);
        else if (report?.Entries is [var single] && Name is not null)
            WriteObject(Cells.InDetail(single));
        else if (report is not null)
            WriteObject(report.Entries, enumerateCollection: true);
    }

    void Add(BackupSyncConfig config, string name)
    {
        try
        {
            StatusReport.EnsureKnown(config, name);
            _names.Add(name);
        }
        catch (BackupSyncException failure)
        {
            _isUnknown = true;
            WriteError(ErrorRecords.From(failure, name));
        }
    }
}
