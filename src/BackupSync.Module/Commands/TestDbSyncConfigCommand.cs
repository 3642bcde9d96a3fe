using System.Management.Automation;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>Tells everything that is wrong with a configuration on this machine.</summary>
[Cmdlet(VerbsDiagnostic.Test, "DbSyncConfig")]
[OutputType(typeof(ConfigurationProblem), typeof(bool))]
public sealed class TestDbSyncConfigCommand : BackupSyncCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Path", "FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    /// <summary>Only whether it is good.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    protected override void Execute()
    {
        var file = ConfigurationFile.Locate(Config is null ? null : FullPath(Config), currentDirectory: CurrentFolder);
        var problems = ConfigurationFile.Check(file);
        if (Quiet)
            WriteObject(problems.Count == 0);
        else
            WriteObject(problems, enumerateCollection: true);
        WriteVerbose(problems.Count == 0 ? $"{file} is good." : $"{file} has {problems.Count} problem(s).");
    }
}
