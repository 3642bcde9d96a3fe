using System.CommandLine;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Cli.Display;
using BackupSync.Configuration;
using BackupSync.Operations.Expire;

namespace BackupSync.Cli.Commands;

static class CleanupCommand
{
    public static Command Create()
    {
        var jobs = new JobSelection();
        var places = ConfigNames.Option<string[]>(
            "--place", "place", "A place, whose backups are kept as their plans say; may be said more than once", ConfigNames.Places);
        var keepDays = CommonOptions.NumberIfAny("--keep-days", "days",
            "For how many days jobs' backups are kept [default: the job's own]; places are left alone then",
            Allowed.LeastAgeInDays, Allowed.MostAgeInDays);
        var whatIf = CommonOptions.WhatIf();
        var json = CommonOptions.Json();
        var command = new Command(
            "cleanup",
            "Remove backups that have served their time, of all jobs and places where none is named, and tell why each file goes or stays")
        {
            places, keepDays, whatIf, json,
        };
        jobs.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(keepDays) is not null && result.GetResult(places) is not null)
                result.AddError("--keep-days is for jobs: what is in a place is kept as its plan says.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var config = jobs.LoadConfig(parsed);
            var (namedJobs, namedPlaces) = (jobs.Named(parsed), parsed.GetValue(places) ?? []);
            var (days, dryRun) = (parsed.GetValue(keepDays), parsed.GetValue(whatIf));
            IReadOnlyList<JobConfig> chosenJobs = namedJobs.Count == 0 && namedPlaces.Length > 0 ? [] : jobs.Resolve(parsed);
            IReadOnlyList<PlaceConfig> chosenPlaces = namedPlaces.Length > 0 ? [.. namedPlaces.Distinct().Select(config.Place)]
                : namedJobs.Count > 0 || days is not null ? [] : config.Places;

            var failed = false;
            var decisions = new List<RetentionDecision>();
            foreach (var job in chosenJobs)
                await CleanAsync($"Job {job.Name}", FolderPlaceConfig.At(job.Backups.Directory),
                    () => Task.FromResult(JobBackups.PlanCleanUp(job, days, DateTimeOffset.UtcNow)));
            foreach (var place in chosenPlaces)
                await CleanAsync(
                    $"Place {place.Name}", place,
                    () => JobBackups.PlanCleanUpAsync(place, config, DateTimeOffset.UtcNow, cancellationToken));
            if (parsed.GetValue(json))
                Json.Write(decisions);
            else if (decisions.Count == 0)
                Screen.WriteLine("There are no files.");
            return failed ? ExitCodes.Failed : ExitCodes.Done;

            // What one place cannot do today must not leave the others full.
            async Task CleanAsync(string title, PlaceConfig place, Func<Task<IReadOnlyList<RetentionDecision>>> decide)
            {
                try
                {
                    var plan = await decide();
                    if (!dryRun)
                        await Retention.ApplyAsync(place, plan, Fail, cancellationToken);
                    decisions.AddRange(plan);
                    if (!parsed.GetValue(json) && plan.Count > 0)
                        Show(title, plan);
                }
                catch (BackupSyncException failure)
                {
                    Fail($"{title}: {failure.Message}");
                }
            }

            void Fail(string message)
            {
                failed = true;
                Failures.Show(message, null, null);
            }
        });
        return command;
    }

    static void Show(string title, IReadOnlyList<RetentionDecision> decisions)
    {
        var removed = decisions.Where(d => d.Remove).ToList();
        Screen.Heading($"{title}: {decisions.Count - removed.Count} stay, {removed.Count} to "
            + $"remove{(removed.Count == 0 ? "" : $", {ByteSizes.Show(removed.Sum(d => d.Size))}")}");
        Screen.Write(BackupTables.Retention(decisions));
        BackupTables.ShowFolders(decisions.Select(d => d.Backup).OfType<BackupFile>());
        Screen.WriteLine();
    }
}
