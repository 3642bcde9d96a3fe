using System.Management.Automation;
using BackupSync.Configuration;
using BackupSync.Reporting;

namespace BackupSync.Module.Commands;

/// <summary>Tells whether jobs and their databases, or all of a configuration, are healthy, from what is recorded.</summary>
[Cmdlet(VerbsCommon.Get, "DbHealth", DefaultParameterSetName = ByName)]
[OutputType(typeof(JobHealth), ParameterSetName = [ByName])]
[OutputType(typeof(HealthEntry), ParameterSetName = [Everything])]
public sealed class GetDbHealthCommand : BackupSyncCmdlet
{
    const string ByName = "Name";
    const string Everything = "All";

    BackupSyncConfig? _config;
    HealthReport? _health;

    /// <summary>A job; the first of the configuration where none is named.</summary>
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Job")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(JobNameCompleter))]
    public string? Name { get; set; }

    /// <summary>All databases, jobs and services.</summary>
    [Parameter(ParameterSetName = Everything, Mandatory = true)]
    public SwitchParameter All { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        _config ??= LoadConfig(Config);
        _health ??= Await((warn, token) => HealthReport.ReadAsync(_config, TimeProvider.System, warn, token));
        if (ParameterSetName == Everything)
            WriteObject(_health.All(), enumerateCollection: true);
        else if (Name is null)
            WriteObject(_health.Job());
        else if (Found(Name, _health.Job) is { } job)
            WriteObject(job);
    }
}
