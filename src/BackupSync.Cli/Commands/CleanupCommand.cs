using System.CommandLine;
using BackupSync.Application;
using BackupSync.Application.Views;
using BackupSync.Backups;
using BackupSync.Cli.Display;
using BackupSync.Operations.Expire;

namespace BackupSync.Cli.Commands;

static class CleanupCommand
{
    public static Command Create()
    {
        var jobs = new JobSelection(takesDirectory: true);
        var places = ConfigNames.Option<string[]>(
            "--place", "place", "A place, whose backups are kept as their plans say; may be said more than once", ConfigNames.Places);
        var keepDays = CommonOptions.NumberIfAny("--keep-days", "days",
            "For how many days jobs' backups are kept [default: the job's own]; places are left alone then",
            OptionRanges.LeastAgeInDays, OptionRanges.MostAgeInDays);
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
            result.Refuse(OptionRules.CleanUp(result.GetResult(keepDays) is not null, result.GetResult(places) is not null));
            if (jobs.HasDirectory(result) && result.GetResult(places) is not null)
                result.AddError("--directory is where to look: --place does not go with it.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Screen.TellsOfRuns = !parsed.GetValue(whatIf);
            var days = parsed.GetValue(keepDays);
            var chosen = jobs.Folder(parsed) is { } folder
                ? [CleanUpTarget.Of(folder, days)]
                : CleanUpTarget.Of(jobs.LoadConfig(parsed), jobs.Names(parsed), parsed.GetValue(places), days);

            var failed = false;
            var told = new HashSet<string>();
            var decisions = new List<RetentionDecision>();
            foreach (var one in chosen)
            {
                // What one place cannot do today must not leave the others full.
                try
                {
                    var plan = await one.PlanAsync(told, cancellationToken);
                    if (!parsed.GetValue(whatIf))
                        await one.ApplyAsync(plan, Fail, cancellationToken);
                    decisions.AddRange(plan);
                    if (!parsed.GetValue(json) && plan.Count > 0)
                        Show(one.Title, plan);
                }
                catch (BackupSyncException failure)
                {
                    Fail($"{one.Title}: {failure.Message}");
                }
            }
            if (parsed.GetValue(json))
                Json.Write(decisions);
            else if (decisions.Count == 0)
                Screen.WriteLine("There are no files.");
            return failed ? ExitCodes.Failed : ExitCodes.Done;

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
        ViewTable.Show(ResultViews.Retention, decisions);
        BackupTables.ShowFolders(decisions.Select(d => d.Backup).OfType<BackupFile>());
        Screen.WriteLine();
    }
}
