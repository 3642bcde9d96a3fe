using System.CommandLine;
using BackupSync.Application;
using BackupSync.Application.Views;
using BackupSync.Cli.Display;
using BackupSync.Runs;

namespace BackupSync.Cli.Commands;

static class HistoryCommand
{
    public static Command Create()
    {
        var jobs = new JobSelection(takesDirectory: true);
        var last = CommonOptions.NumberIfAny(
            "--last", "runs", "Only as many runs of each job", OptionRanges.LeastRuns, OptionRanges.MostRuns);
        last.Aliases.Add("-n");
        var outcome = CommonOptions.EachWord<RunOutcome>(
            "--outcome", $"Only runs that ended so: {string.Join(", ", CommonOptions.Words<RunOutcome>())}", helpName: "outcome");
        var json = CommonOptions.Json();
        var command = new Command("history", "List runs, newest first") { last, outcome, json };
        jobs.AddTo(command);
        command.SetAction(parsed =>
        {
            IEnumerable<JobFolder> folders = jobs.Folder(parsed) is { } named
                ? [named]
                : Selection.Jobs(jobs.LoadConfig(parsed), jobs.Names(parsed)).Select(JobFolder.Of);
            var runs = folders.SelectMany(f => f.Runs(parsed.GetValue(outcome), parsed.GetValue(last), Failures.Warn));
            if (parsed.GetValue(json))
                Json.Write(runs);
            else
                ViewTable.Show(ResultViews.Runs, runs, "There are no runs.");
            return ExitCodes.Done;
        });
        return command;
    }
}
