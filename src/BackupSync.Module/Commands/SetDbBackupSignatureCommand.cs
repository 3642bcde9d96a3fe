using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
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

    const string ByJob = "Job";

    // Not mandatory: who says nothing is told what can be said, not asked for an object that nobody can type.
    [Parameter(ParameterSetName = ByObject, Position = 0, ValueFromPipeline = true)]
    public BackupFile[] InputObject { get; set; } = [];

    /// <summary>A backup's file; its manifest stands beside it. What is named is signed also where it is not encrypted.</summary>
    [Parameter(ParameterSetName = ByPath, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>All that jobs have left in their own directories: they are named so, and need not be encrypted.</summary>
    [Parameter(ParameterSetName = ByJob, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(JobNameCompleter))]
    public string[] Job { get; set; } = [];

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        if (ParameterSetName == ByObject && !MyInvocation.BoundParameters.ContainsKey(ByObject))
        {
            throw new BackupSyncException(ErrorIds.BackupNotFound,
                "Say which backups are meant: pipe them from Get-DbBackup, or name files by -Path, or all of a job by -Job.");
        }
        var config = LoadConfig(Config);
        BackupRunner.EnsureMaySign(config);
        var named = ParameterSetName != ByObject;
        foreach (var backup in Chosen(config))
        {
            if (BackupRunner.RefusalToSign(backup, named) is { } refusal)
            {
                WriteError(ErrorRecords.From(refusal, backup));
                continue;
            }
            if (!Confirm(Question.Sign(backup), force: false))
                continue;
            var handle = BackupHandles.Of(backup, config);
            Run((observers, token) => BackupRunner.SignAsync(handle, named, config.Tools, observers, token));
        }
    }

    /// <summary>What is named by its path was not asked for its signature yet.</summary>
    IEnumerable<BackupFile> Chosen(BackupSyncConfig config) => ParameterSetName switch
    {
        ByPath => [.. Path.Select(Opened).OfType<BackupFile>()],
        ByJob => Job.Distinct().Select(name => Found(name, config.Job)).OfType<JobConfig>()
            .SelectMany(j => JobFolder.Of(j).Backups(new BackupQuery(), WriteWarning)).Where(b => b.NotAuthenticated is not null),
        _ => InputObject.Where(b => b.NotAuthenticated is not null),
    };
}
