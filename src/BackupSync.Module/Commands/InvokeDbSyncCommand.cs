using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Makes a job's target a verified copy of its source.</summary>
[Cmdlet(
    VerbsLifecycle.Invoke, "DbSync", DefaultParameterSetName = ByName, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RunResult), typeof(PlannedStep))]
public sealed class InvokeDbSyncCommand : RunCmdlet
{
    const string ByName = "Job";
    const string ByObject = "InputObject";
    const string ByPair = "Pair";

    // Not mandatory: PowerShell would then rather make a string of a piped job than look at the other parameter sets.
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(JobNameCompleter))]
    public string[]? Job { get; set; }

    [Parameter(ParameterSetName = ByObject, Mandatory = true, ValueFromPipeline = true)]
    public JobConfig InputObject { get; set; } = null!;

    /// <summary>The database to copy: a name of the configuration, or a URL.</summary>
    [Parameter(ParameterSetName = ByPair, Mandatory = true)]
    [Alias("SourceUrl")]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    [GivenDatabase, AllowNull]
    public GivenDatabase? Source { get; set; }

    /// <summary>The database to replace, likewise.</summary>
    [Parameter(ParameterSetName = ByPair, Mandatory = true)]
    [Alias("TargetUrl")]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    [GivenDatabase, AllowNull]
    public GivenDatabase? Target { get; set; }

    /// <summary>Who signs in to the source, whatever its URL says.</summary>
    [Parameter(ParameterSetName = ByPair)]
    [Credential]
    public PSCredential? SourceCredential { get; set; }

    /// <summary>Who signs in to the target, likewise.</summary>
    [Parameter(ParameterSetName = ByPair)]
    [Credential]
    public PSCredential? TargetCredential { get; set; }

    /// <summary>Where backups and the history go; <c>backups/&lt;source&gt;-to-&lt;target&gt;</c> where nothing is said.</summary>
    [Parameter(ParameterSetName = ByPair)]
    [ValidateNotNullOrEmpty]
    public string? BackupDirectory { get; set; }

    /// <summary>Whatever the job says.</summary>
    [Parameter]
    public SyncMode? Mode { get; set; }

    /// <summary>Has an incremental run compare the whole content.</summary>
    [Parameter]
    public SwitchParameter FullVerify { get; set; }

    /// <summary>Lifts the shrink guard and the confirmation, and nothing else.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter(ParameterSetName = ByName)]
    [Parameter(ParameterSetName = ByPair)]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        var jobs = Jobs();
        foreach (var (job, _) in jobs)
            job.EnsureAddresses();
        foreach (var (job, isConfigured) in jobs)
        {
            if (Confirm(Question.Sync(job, Mode, isConfigured), Force))
                Run((observers, token) => JobRunner.SyncAsync(
                    job, new RunOptions { Force = Force, Mode = Mode, FullVerify = FullVerify }, observers, token));
            else if (IsWhatIf)
                WriteObject(JobRunner.PlanSync(job, Mode), enumerateCollection: true);
        }
    }

    /// <summary>All of them before any is run, so that a mistyped name is told before anything has happened.</summary>
    IReadOnlyList<SyncedPair> Jobs() => ParameterSetName switch
    {
        ByPair => [SyncedPair.Of(
            (Source ?? new("")).With(SourceCredential), (Target ?? new("")).With(TargetCredential),
            () => LoadConfig(Config), () => LoadConfigIfAny(Config), WriteWarning, CurrentFolder,
            BackupDirectory is null ? null : FullPath(BackupDirectory))],
        ByObject => [new(InputObject, IsConfigured: true)],
        _ => [.. Selection.JobsOrOnly(LoadConfig(Config), Job).Select(j => new SyncedPair(j, IsConfigured: true))],
    };
}
