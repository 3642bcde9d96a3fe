using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>A cmdlet that publishes a backup on a database of the configuration.</summary>
public abstract class RestoreCmdlet : ReplacingCmdlet
{
    /// <summary>Without it, a production database is never replaced.</summary>
    [Parameter]
    public SwitchParameter AllowProduction { get; set; }

    /// <summary>The address of any other database; it is created where it is not there.</summary>
    [Parameter]
    [GivenDatabase, AllowNull]
    public GivenDatabase? TargetUrl { get; set; }

    /// <summary>Who signs in there.</summary>
    [Parameter]
    [Credential]
    public PSCredential? TargetCredential { get; set; }

    /// <summary>Also where its variable was not set: that must not fall back on the database that the backup is of.</summary>
    protected GivenDatabase? TargetAddress => MyInvocation.BoundParameters.ContainsKey(nameof(TargetUrl))
        ? (TargetUrl ?? new("")).With(TargetCredential)
        : TargetCredential is null ? null : throw new BackupSyncException(
            ErrorIds.ConfigurationInvalid,
            $"-{nameof(TargetCredential)} goes with -{nameof(TargetUrl)}: for its own databases the configuration says who signs in.");

    /// <summary>Without a configuration only where the URL says where to.</summary>
    protected BackupSyncConfig ConfigOfTarget(bool isNeeded) => isNeeded || TargetAddress is null
        ? LoadConfig(Config)
        : LoadConfigIfAny(Config) ?? AdHocConfiguration.In(CurrentFolder);

    /// <param name="tables">Patterns of the only tables to restore; none for everything.</param>
    /// <param name="why">How the backup was chosen, as the end of a sentence; empty where it was named.</param>
    protected void Restore(
        BackupFile backup, RestoreTarget to, BackupSyncConfig config, IReadOnlyList<string> tables, string why = "") =>
        InTurn(backup, to.Database.Name, () => RestoreNow(backup, to, config, tables, why));

    void RestoreNow(BackupFile backup, RestoreTarget to, BackupSyncConfig config, IReadOnlyList<string> tables, string why)
    {
        var target = to.Database;
        _ = target.Address;
        var options = new RunOptions { AllowProduction = AllowProduction, OthersWait = OthersWait, SkipRefused = SkipRefused };
        if (!IsWhatIf)
            RestoreRunner.EnsureMayRestore(target, options); // before anybody is asked
        var now = Await(token => ConnectionTest.LookAsync(target, token));
        if (IsWhatIf)
        {
            var question = Question.Restore(backup, tables, to, why, now);
            if (RestoreRunner.WhatItNeeds(target, options) is { } need)
                WriteWarning(need);
            ShouldProcess(question.Target, question.Action);
            WriteObject(
                RestoreRunner.Plan(backup, tables, target, config, options with { AllowProduction = true }, now),
                enumerateCollection: true);
            return;
        }
        if (!Confirm(Question.Restore(backup, tables, to, why, now), force: false))
            return;
        var handle = BackupHandles.Of(backup, config) with { Unauthenticated = Unauthenticated };
        Run((observers, token) => RestoreRunner.RestoreAsync(handle, tables, target, config, options, observers, token));
    }
}
