using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Removes backups that are named; what a rule keeps only with -Force.</summary>
[Cmdlet(
    VerbsCommon.Remove, "DbBackup", DefaultParameterSetName = ByName, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RunResult))]
public sealed class RemoveDbBackupCommand : TaggedBackupsCmdlet
{
    BackupRemoval? _removal;

    /// <summary>Also what a rule keeps goes. The question is asked nevertheless.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override string? WithForce => null;

    protected override void Execute()
    {
        var config = ConfigOfBackups();
        _removal ??= new BackupRemoval(config, Force);
        foreach (var backup in Backups(config))
        {
            try
            {
                Remove(Handle(backup, config), _removal);
            }
            catch (BackupSyncException failure) when (failure.ErrorId != ErrorIds.ConfirmationNeeded)
            {
                WriteError(ErrorRecords.From(failure, backup.Path));
            }
        }
    }

    void Remove(BackupHandle backup, BackupRemoval removal)
    {
        var decision = Await(token => removal.DecideAsync(backup, token));
        if (BackupRemoval.Refusal(decision) is { } refusal)
            throw refusal;
        if (Confirm(Question.Remove(backup.File, decision.Reason), force: false))
            Run((observers, token) => BackupRunner.RemoveAsync(backup, decision, observers, token));
    }
}
