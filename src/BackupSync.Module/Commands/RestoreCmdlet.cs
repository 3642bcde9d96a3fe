using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>A cmdlet that publishes a backup on a database of the configuration.</summary>
public abstract class RestoreCmdlet : ReplacingCmdlet
{
    /// <summary>For a question's sake alone: what cannot be reached by then is told by the restore.</summary>
    static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(15);

    /// <summary>Without it, a production database is never replaced.</summary>
    [Parameter]
    public SwitchParameter AllowProduction { get; set; }

    /// <param name="tables">Patterns of the only tables to restore; none for everything.</param>
    /// <param name="why">How the backup was chosen, as the end of a sentence; empty where it was named.</param>
    protected void Restore(BackupFile backup, DatabaseConfig target, BackupSyncConfig config, IReadOnlyList<string> tables, string why = "")
    {
        _ = target.Address;
        var options = new RunOptions { AllowProduction = AllowProduction, OthersWait = OthersWait, SkipRefused = SkipRefused };
        if (!IsWhatIf)
            RestoreRunner.EnsureMayRestore(target, options); // before anybody is asked
        if (IsWhatIf)
        {
            var question = Question.Restore(backup, tables, target, why);
            if (RestoreRunner.WhatItNeeds(target, options) is { } need)
                WriteWarning(need);
            ShouldProcess(question.Target, question.Action);
            WriteObject(
                RestoreRunner.Plan(backup, tables, target, config, options with { AllowProduction = true }),
                enumerateCollection: true);
            return;
        }
        if (!Confirm(Question.Restore(backup, tables, target, why, SizeOf(target)), force: false))
            return;
        var handle = BackupHandles.Of(backup, config) with { Unauthenticated = Unauthenticated };
        Run((observers, token) => RestoreRunner.RestoreAsync(handle, tables, target, config, options, observers, token));
    }

    long? SizeOf(DatabaseConfig target) => Await(token => ConnectionTest.RunAsync(target, LookLimit, token)).Size;
}
