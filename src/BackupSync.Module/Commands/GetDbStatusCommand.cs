using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>Tells how databases and jobs stand, from what is recorded of them.</summary>
[Cmdlet(VerbsCommon.Get, "DbStatus")]
[OutputType(typeof(StatusEntry), typeof(bool))]
public sealed class GetDbStatusCommand : BackupSyncCmdlet
{
    readonly List<string?> _found = [];
    BackupSyncConfig? _config;

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
            _found.Add(Found(name, _config.DatabaseOrJob));
    }

    /// <summary>All that has come at once: places are read once, and one answer is for all.</summary>
    protected override void Finish()
    {
        if (_config is null)
            return;
        var names = _found.OfType<string>().ToList();
        var report = Name is not null && names.Count == 0
            ? null
            : Await((warn, token) => StatusReport.ReadAsync(_config, names, TimeProvider.System, warn, token));
        if (Quiet)
            WriteObject(report is { IsGood: true } && !_found.Contains(null));
        else if (report?.Entries is [var single] && Name is not null)
            WriteObject(Cells.InDetail(single));
        else if (report is not null)
            WriteObject(report.Entries, enumerateCollection: true);
    }
}
