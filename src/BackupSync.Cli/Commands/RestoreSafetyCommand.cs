using System.CommandLine;
using BackupSync.Application;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

static class RestoreSafetyCommand
{
    public static Command Create()
    {
        var file = new Argument<string?>("file")
        {
            Description = "A backup's file, with its manifest beside it",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var jobName = new Option<string?>("--job", "-j") { Description = "The job whose target is brought back", HelpName = "job" };
        var latest = new Option<bool>("--latest")
        {
            Description = "The safety backup of the last full run that changed the target; incremental runs take none",
        };
        var target = new Option<string?>("--target-url", "--target")
        {
            Description = "The URL of the database to bring back, instead of the target of the backup's job",
            HelpName = "url",
        };
        var force = new Option<bool>("--force") { Description = "The same as --yes" };
        var othersWait = CommonOptions.OthersWait();
        var skipRefused = CommonOptions.SkipRefused();
        var unauthenticated = CommonOptions.Unauthenticated();
        var yes = CommonOptions.Yes();
        var whatIf = CommonOptions.WhatIf();
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("restore-safety", "Bring a job's target back to what it was before a sync")
        {
            file, jobName, latest, target, othersWait, skipRefused, unauthenticated, yes, force, whatIf, config, json,
        };
        command.Validators.Add(result =>
        {
            result.Refuse(OptionRules.SafetyRestore(
                result.GetValue(file) is not null, result.GetResult(jobName) is not null, result.GetValue(latest),
                result.GetResult(target) is not null));
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var allowed = parsed.GetValue(unauthenticated);
            var what = Choose(
                parsed.GetValue(file), parsed.GetValue(jobName), parsed.GetValue(target), allowed, () => parsed.LoadConfig(config),
                isConfigNamed: parsed.GetResult(config) is not null);
            var backup = what.Backup.File;
            var options = new RunOptions { OthersWait = parsed.GetValue(othersWait), SkipRefused = parsed.GetValue(skipRefused) };
            if (parsed.GetValue(whatIf))
            {
                RunView.ShowPlan(
                    $"{backup.FileName} → {what.Target.Name}", RestoreRunner.PlanUndo(what, options), parsed.GetValue(json));
                return ExitCodes.Done;
            }

            Consent.Require(
                Question.Undo(what, isConfigured: parsed.GetResult(target) is null), parsed.GetValue(yes) || parsed.GetValue(force));
            var result = await RunView.ShowAsync(
                parsed.GetValue(json), observer => RestoreRunner.UndoAsync(what, options, [observer], cancellationToken));
            return ExitCodes.Of(result.Outcome);
        });
        return command;
    }

    static SafetyRestore Choose(
        string? file, string? jobName, string? target, bool unauthenticated, Func<BackupSyncConfig> load, bool isConfigNamed)
    {
        if (file is null)
            return SafetyRestore.Latest(load(), jobName!, Failures.Warn, unauthenticated);
        var backup = BackupSelection.Open(file);
        // With --target-url a configuration has its passphrase where it is named; whichever is found knows what is production.
        return target is null
            ? SafetyRestore.Named(backup, load(), jobName, unauthenticated)
            : SafetyRestore.To(
                target, backup, isConfigNamed ? load() : null, () => ConfigurationFile.Find(null) is null ? null : load(), Failures.Warn,
                unauthenticated);
    }
}
