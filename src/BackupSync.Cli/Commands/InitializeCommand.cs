using System.CommandLine;
using BackupSync.Application;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

static class InitializeCommand
{
    public static Command Create()
    {
        var name = ConfigNames.One("database", "The database that becomes the copy", ConfigNames.Databases);
        var from = ConfigNames.Option<string>("--from", "database", "The database that is copied", ConfigNames.Databases);
        from.Required = true;
        var force = new Option<bool>("--force") { Description = "Lift the shrink guard, and do not ask" };
        var config = CommonOptions.Config();
        var yes = CommonOptions.Yes();
        var whatIf = CommonOptions.WhatIf();
        var json = CommonOptions.Json();
        var command = new Command("initialize", "Make a database the first copy of another: create everything there, copy, verify")
        {
            name, from, force, config, yes, whatIf, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var job = AdHocJob.ForSecondary(parsed.LoadConfig(config), parsed.GetRequiredValue(name), parsed.GetRequiredValue(from));
            job.EnsureAddresses();
            // Refuses a target that no copy may go to, before anybody is asked.
            var plan = JobRunner.PlanSync(job, SyncMode.Full);
            if (parsed.GetValue(whatIf))
            {
                RunView.ShowPlan($"{job.Source} → {job.Target}", plan, parsed.GetValue(json));
                return ExitCodes.Done;
            }
            Consent.Require(
                $"replace the content of {job.Target} ({job.TargetDatabase.Address}) by a copy of {job.Source}",
                parsed.GetValue(yes) || parsed.GetValue(force));
            var options = new RunOptions { Force = parsed.GetValue(force), Mode = SyncMode.Full };
            var result = await RunView.ShowAsync(
                parsed.GetValue(json),
                observer => JobRunner.SyncAsync(job, options, [observer], cancellationToken));
            return ExitCodes.Of(result.Outcome);
        });
        return command;
    }
}
