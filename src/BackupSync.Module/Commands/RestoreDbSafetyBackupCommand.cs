using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Brings a job's target back to what a backup holds.</summary>
[Cmdlet(
    VerbsData.Restore,
    "DbSafetyBackup",
    DefaultParameterSetName = ByObject,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RunResult), typeof(PlannedStep))]
public sealed class RestoreDbSafetyBackupCommand : ReplacingCmdlet
{
    const string ByObject = "InputObject";
    const string ByJob = "Job";
    const string ByPath = "Path";

    [Parameter(ParameterSetName = ByObject, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public BackupFile InputObject { get; set; } = null!;

    [Parameter(ParameterSetName = ByJob, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(JobNameCompleter))]
    public string Job { get; set; } = "";

    /// <summary>The safety backup of the last run that changed the target.</summary>
    [Parameter(ParameterSetName = ByJob)]
    public SwitchParameter Latest { get; set; }

    /// <summary>The backup's file; its manifest stands beside it.</summary>
    [Parameter(ParameterSetName = ByPath, Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The URL of the database to bring back, where the backup's job is in no configuration.</summary>
    [Parameter(ParameterSetName = ByObject)]
    [Parameter(ParameterSetName = ByPath)]
    [Alias("Target")]
    [GivenDatabase, AllowNull]
    public GivenDatabase? TargetUrl { get; set; }

    /// <summary>Who signs in there.</summary>
    [Parameter(ParameterSetName = ByObject)]
    [Parameter(ParameterSetName = ByPath)]
    [Credential]
    public PSCredential? TargetCredential { get; set; }

    /// <summary>Lifts the confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Also where its variable was not set: that must not fall back on the configuration's target.</summary>
    bool HasTarget =>
        MyInvocation.BoundParameters.ContainsKey(nameof(TargetUrl)) || TargetCredential is not null;

    protected override void Execute()
    {
        if (Choose() is { } what)
            InTurn(what.Backup.File, what.Target.Name, () => Undo(what));
    }

    void Undo(SafetyRestore what)
    {
        var options = new RunOptions { Force = Force, OthersWait = OthersWait, SkipRefused = SkipRefused };
        if (Confirm(Question.Undo(what, isConfigured: !HasTarget), Force))
            Run((observers, token) => RestoreRunner.UndoAsync(what, options, observers, token));
        else if (IsWhatIf)
            WriteObject(RestoreRunner.PlanUndo(what, options), enumerateCollection: true);
    }

    SafetyRestore? Choose()
    {
        if (OptionRules.SafetyRestore(ParameterSetName != ByJob, ParameterSetName == ByJob, Latest, HasTarget) is { } refusal)
            throw new BackupSyncException(ErrorIds.ConfigurationInvalid, refusal);
        // With -TargetUrl a configuration has its passphrase where it is named; whichever is found knows what is production.
        var config = HasTarget && Config is null ? null : LoadConfig(Config);
        if (ParameterSetName == ByJob)
            return SafetyRestore.Latest(config!, Job, WriteWarning, Unauthenticated);
        if ((ParameterSetName == ByPath ? Opened(Path) : InputObject) is not { } backup)
            return null;
        return HasTarget
            ? SafetyRestore.To((TargetUrl ?? new("")).With(TargetCredential), backup, config,
                () => LoadConfigIfAny(null), WriteWarning, Unauthenticated)
            : Found(backup.Path, _ => SafetyRestore.Named(backup, config!, job: null, Unauthenticated));
    }
}
