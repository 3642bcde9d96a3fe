using System.CommandLine;
using BackupSync.Application;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

static class SyncCommand
{
    public static Command Create()
    {
        var jobs = new JobSelection(takesDirectory: false);
        var source = new Option<string?>("--source")
        {
            Description = "The database to copy, by its name or URL, instead of a job",
            HelpName = "name|url",
        };
        source.Aliases.Add("--source-url");
        var target = new Option<string?>("--target")
        {
            Description = "The database to replace, by its name or URL",
            HelpName = "name|url",
        };
        target.Aliases.Add("--target-url");
        var directory = new Option<string?>("--backup-directory")
        {
            Description = "Where backups and history go, with --source and --target",
            HelpName = "folder",
        };
        var force = new Option<bool>("--force") { Description = "Lift the shrink guard, and do not ask" };
        var mode = CommonOptions.Word<SyncMode>("--mode", "The whole database, or only what has changed, whatever the job says");
        var fullVerify = new Option<bool>("--full-verify") { Description = "Have an incremental run compare the whole content" };
        var yes = CommonOptions.Yes();
        var whatIf = CommonOptions.WhatIf();
        var json = CommonOptions.Json();
        var command = new Command("sync", "Make the targets of jobs verified copies of their sources")
        {
            mode, fullVerify, source, target, directory, force, yes, whatIf, json,
        };
        jobs.AddTo(command);
        command.Validators.Add(result =>
        {
            var (hasSource, hasTarget) = (result.GetResult(source) is not null, result.GetResult(target) is not null);
            if (hasSource != hasTarget)
                result.AddError("--source and --target belong together.");
            if (result.GetResult(directory) is not null && !hasSource)
                result.AddError("--backup-directory is for --source and --target; a job has its own.");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var isPair = parsed.GetValue(source) is not null;
            if (isPair && jobs.Names(parsed).Count > 0)
                throw new BackupSyncException(ErrorIds.ConfigurationInvalid, "Name either jobs, or --source and --target.");
            IReadOnlyList<SyncedPair> chosen = isPair
                ? [SyncedPair.Of(parsed.GetValue(source)!, parsed.GetValue(target)!, () => jobs.LoadConfig(parsed),
                    () => jobs.LoadConfigIfAny(parsed), Failures.Warn, backupDirectory: parsed.GetValue(directory))]
                : [.. Selection.JobsOrOnly(jobs.LoadConfig(parsed), jobs.Names(parsed)).Select(j => new SyncedPair(j, IsConfigured: true))];

            // All of them before any is run, so that a missing variable is told before anything has happened.
            foreach (var (job, _) in chosen)
                job.EnsureAddresses();
            if (parsed.GetValue(whatIf))
                return Task.FromResult(Plan([.. chosen.Select(c => c.Job)], parsed.GetValue(mode), parsed.GetValue(json)));

            foreach (var (job, isConfigured) in chosen)
                Consent.Require(
                    Question.Sync(job, parsed.GetValue(mode), isConfigured), parsed.GetValue(yes) || parsed.GetValue(force));
            return RunAsync(
                [.. chosen.Select(c => c.Job)],
                new RunOptions { Force = parsed.GetValue(force), Mode = parsed.GetValue(mode), FullVerify = parsed.GetValue(fullVerify) },
                parsed.GetValue(json),
                cancellationToken);
        });
        return command;
    }

    public static async Task<int> RunAsync(
        IReadOnlyList<JobConfig> jobs, RunOptions options, bool json, CancellationToken cancellationToken)
    {
        var codes = new List<int>();
        foreach (var job in jobs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var result = await RunView.ShowAsync(json, observer => JobRunner.SyncAsync(job, options, [observer], cancellationToken));
            codes.Add(ExitCodes.Of(result.Outcome));
        }
        return ExitCodes.Worst(codes);
    }

    static int Plan(IReadOnlyList<JobConfig> jobs, SyncMode? mode, bool json)
    {
        foreach (var job in jobs)
            RunView.ShowPlan($"{job.Name}: {job.Source} → {job.Target}", JobRunner.PlanSync(job, mode), json);
        return ExitCodes.Done;
    }
}
