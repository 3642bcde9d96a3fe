using System.Management.Automation;
using BackupSync.Alerting;

namespace BackupSync.Module.Commands;

/// <summary>Lists alerts.</summary>
[Cmdlet(VerbsCommon.Get, "DbAlert")]
[OutputType(typeof(Alert))]
public sealed class GetDbAlertCommand : BackupSyncCmdlet
{
    /// <summary>Also those that are over, of the last 30 days.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute() =>
        WriteObject(new AlertOutbox(LoadConfig(Config).Alerts, TimeProvider.System).List(All), enumerateCollection: true);
}
