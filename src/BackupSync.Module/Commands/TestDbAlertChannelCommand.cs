using System.Management.Automation;
using BackupSync.Alerting;
using BackupSync.Application;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>Sends a test by channels of alerts, and tells whether it was accepted.</summary>
[Cmdlet(VerbsDiagnostic.Test, "DbAlertChannel")]
[OutputType(typeof(ChannelTestResult), typeof(bool))]
public sealed class TestDbAlertChannelCommand : BackupSyncCmdlet
{
    BackupSyncConfig? _config;

    /// <summary>All of the configuration where none is named.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(AlertChannelCompleter))]
    public string[]? Name { get; set; }

    /// <summary>Only whether each was accepted.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        _config ??= LoadConfig(Config);
        IReadOnlyList<ChannelConfig> channels = Name is null
            ? Selection.Channels(_config, null)
            : [.. Name.Select(name => Found(name, _config.Channel)).OfType<ChannelConfig>()];
        var outbox = new AlertOutbox(_config.Alerts, TimeProvider.System);
        foreach (var result in Await(token => outbox.TestAsync(channels, token)))
            Write(result);
    }

    void Write(ChannelTestResult result)
    {
        if (Quiet)
        {
            WriteObject(result.Accepted);
            return;
        }
        WriteObject(result);
        if (result.Error is { } error)
            WriteError(ErrorRecords.From(new BackupSyncException(ErrorIds.AlertFailed, $"{result.Name}: {error}"), result.Name));
    }
}
