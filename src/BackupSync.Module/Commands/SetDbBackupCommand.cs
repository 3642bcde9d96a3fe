using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Changes what backups are tagged with and how long they are kept.</summary>
[Cmdlet(VerbsCommon.Set, "DbBackup", DefaultParameterSetName = ByName, SupportsShouldProcess = true)]
[OutputType(typeof(RunResult))]
public sealed class SetDbBackupCommand : BackupsCmdlet
{
    /// <summary>What they were taken for.</summary>
    [Parameter]
    [ValidateLength(1, OptionRanges.MostOfTag)]
    [ArgumentCompleter(typeof(TagCompleter))]
    public string? Tag { get; set; }

    /// <summary>They have none any more.</summary>
    [Parameter]
    public SwitchParameter NoTag { get; set; }

    /// <summary>They are kept for ever.</summary>
    [Parameter]
    public SwitchParameter Pin { get; set; }

    /// <summary>They are no longer.</summary>
    [Parameter]
    public SwitchParameter Unpin { get; set; }

    [Parameter]
    [ValidateRange(OptionRanges.LeastKeepDays, OptionRanges.MostKeepDays)]
    public int? KeepDays { get; set; }

    /// <summary>No days are stated for them any more: the rules decide.</summary>
    [Parameter]
    public SwitchParameter NoKeepDays { get; set; }

    protected override void Execute()
    {
        if (OptionRules.Labels(Tag is not null, NoTag, Pin, Unpin, KeepDays is not null, NoKeepDays) is { } refusal)
            throw new BackupSyncException(ErrorIds.ConfigurationInvalid, refusal);
        var config = ConfigOfBackups();
        var change = new LabelChange
        {
            Tag = Tag, NoTag = NoTag, Pin = Pin, Unpin = Unpin, KeepDays = KeepDays, NoKeepDays = NoKeepDays,
        };
        foreach (var backup in Backups(config).Where(b => ShouldProcess(b.Path, $"Change to {change}")))
            Run((observers, token) => BackupRunner.LabelAsync(Handle(backup, config), change, observers, token));
    }
}
