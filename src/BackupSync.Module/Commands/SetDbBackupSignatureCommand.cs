using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Signs the manifests of backups that bear no signature, when those were read to their end.</summary>
[Cmdlet(
    VerbsCommon.Set,
    "DbBackupSignature",
    DefaultParameterSetName = ByObject,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RunResult))]
public sealed class SetDbBackupSignatureCommand : RunCmdlet
{
    const string ByObject = "InputObject";
    const string ByPath = "Path";

    [Parameter(ParameterSetName = ByObject, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public BackupFile[] InputObject { get; set; } = [];

    /// <summary>A backup's file; its manifest stands beside it. What is named is signed also where it is not encrypted.</summary>
    [Parameter(ParameterSetName = ByPath, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        var config = LoadConfig(Config);
        BackupRunner.EnsureMaySign(config);
        var named = ParameterSetName == ByPath;
        foreach (var backup in named
            ? [.. Path.Select(Opened).OfType<BackupFile>()]
            : InputObject.Where(b => b.NotAuthenticated is not null))
        {
            if (!Confirm(Question.Sign(backup), force: false))
                continue;
            var handle = BackupHandles.Of(backup, config);
            Run((observers, token) => BackupRunner.SignAsync(handle, named, config.Tools, observers, token));
        }
    }
}
