using System.Management.Automation;
using BackupSync.Alerting;

namespace BackupSync.Module.Commands;

/// <summary>Says that somebody sees to alerts: they are neither repeated nor escalated.</summary>
[Cmdlet(VerbsLifecycle.Confirm, "DbAlert", SupportsShouldProcess = true)]
[OutputType(typeof(Alert))]
public sealed class ConfirmDbAlertCommand : BackupSyncCmdlet
{
    AlertOutbox? _outbox;
    bool _acknowledged;

    /// <summary>Keys of alerts that go on, or their codes.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(AlertKeyCompleter))]
    public string[] Key { get; set; } = [];

    /// <summary>Who sees to it; this user where nothing is said.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? By { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        _outbox ??= new AlertOutbox(LoadConfig(Config).Alerts, TimeProvider.System);
        foreach (var key in Key.Where(k => ShouldProcess(k, "Acknowledge")))
        {
            if (Found(key, k => _outbox.Acknowledge(k, By ?? Environment.UserName)) is not { } alert)
                continue;
            _acknowledged = true;
            WriteObject(alert);
        }
    }

    protected override void Finish()
    {
        if (!_acknowledged)
            return;
        Await(async token =>
        {
            await _outbox!.DeliverAsync(AlertOutbox.SendingLimit, token);
            return true;
        });
    }
}
