using System.CommandLine;
using BackupSync.Application;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

static class InitializeCommand
{
    public static Command Create()
    {
        var names = ConfigNames.Several("database", "The databases that become copies", ConfigNames.Databases);
        names.Arity = ArgumentArity.OneOrMore;
        var from = ConfigNames.Option<string>("--from", "database", "The database that is copied", ConfigNames.Databases);
        from.Required = true;
        var force = new Option<bool>("--force") { Description = "Lift the shrink guard, and do not ask" };
        var config = CommonOptions.Config();
        var yes = CommonOptions.Yes();
        var whatIf = CommonOptions.WhatIf();
        var json = CommonOptions.Json();
        var command = new Command("initialize", "Make databases first copies of another: create everything there, copy, verify")
        {
            names, from, force, config, yes, whatIf, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var loaded = parsed.LoadConfig(config);
            var jobs = parsed.GetRequiredValue(names).Distinct()
                .Select(name => AdHocJob.ForSecondary(loaded, name, parsed.GetRequiredValue(from))).ToList();
            foreach (var job in jobs)
                job.EnsureAddresses();
            // Refuses a target that no copy may go to, before anybody is asked.
            var plans = jobs.Select(job => JobRunner.PlanSync(job, SyncMode.Full)).ToList();
            if (parsed.GetValue(whatIf))
            {
                foreach (var (job, plan) in jobs.Zip(plans))
                    RunView.ShowPlan($"{job.Source} → {job.Target}", plan, parsed.GetValue(json));
                return ExitCodes.Done;
            }
            foreach (var job in jobs)
                Consent.Require(Question.FirstCopy(job), parsed.GetValue(yes) || parsed.GetValue(force));
            return await SyncCommand.RunAsync(
                jobs, new RunOptions { Force = parsed.GetValue(force), Mode = SyncMode.Full }, parsed.GetValue(json), cancellationToken);
        });
        return command;
    }
}
