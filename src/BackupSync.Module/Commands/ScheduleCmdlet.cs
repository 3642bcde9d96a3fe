using System.Management.Automation;
using BackupSync.Configuration;
using BackupSync.Scheduling;

namespace BackupSync.Module.Commands;

/// <summary>What cmdlets about schedules have in common: which ones are meant.</summary>
public abstract class ScheduleCmdlet : BackupSyncCmdlet
{
    readonly List<string> _names = [];
    BackupSyncConfig? _config;

    /// <summary>Jobs and plans; all that have a schedule where none is named.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ScheduleNameCompleter))]
    public string[]? Name { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        _config ??= LoadConfig(Config);
        _names.AddRange((Name ?? []).Select(name => Found(name, n => Schedules.Known(_config, n))).OfType<string>());
    }

    protected override void Finish()
    {
        if (_config is not null && (Name is null || _names.Count > 0))
            Finish(_config, _names);
    }

    protected abstract void Finish(BackupSyncConfig config, IReadOnlyList<string> names);

    /// <summary>One that was asked for alone is shown whole.</summary>
    protected void Write(IReadOnlyList<ScheduleEntry> entries)
    {
        if (entries is [var single] && Name is not null)
            WriteObject(Cells.InDetail(single));
        else
            WriteObject(entries, enumerateCollection: true);
    }
}
