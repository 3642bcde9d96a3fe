using System.CommandLine;
using BackupSync.Application;
using BackupSync.Application.Views;
using BackupSync.Cli.Display;
using BackupSync.Files;
using BackupSync.Runs;

namespace BackupSync.Cli.Commands;

static class HistoryCommand
{
    public static Command Create()
    {
        var names = ConfigNames.Several(
            "name", "Jobs, plans and databases, and by-hand; everything where none is named", RunQuery.KnownNames);
        var name = ConfigNames.Option<string[]>("--name", "name", "The same, as an option", RunQuery.KnownNames);
        name.Aliases.Add("--job");
        name.Aliases.Add("-j");
        var database = ConfigNames.Option<string[]>(
            "--database", "database", "Only runs that were about this database", ConfigNames.Databases);
        var kind = CommonOptions.EachWord<RunKind>("--kind", "Only runs of a kind");
        var outcome = CommonOptions.EachWord<RunOutcome>(
            "--outcome", $"Only runs that ended so: {string.Join(", ", CommonOptions.Words<RunOutcome>())}", helpName: "outcome");
        var after = CommonOptions.Moment("--after", "Only runs that began at this moment or later");
        var before = CommonOptions.Moment("--before", "Only runs that began at this moment or before");
        var last = CommonOptions.NumberIfAny(
            "--last", "runs", "Only as many runs, of all together", OptionRanges.LeastRuns, OptionRanges.MostRuns);
        last.Aliases.Add("-n");
        var directory = CommonOptions.Directory();
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("history", "List what was done, newest first: syncs, backups, proofs, copies, restores")
        {
            names, name, database, kind, outcome, after, before, last, directory, config, json,
        };
        command.Validators.Add(result =>
        {
            var isNamed = result.GetValue(names) is { Length: > 0 } || result.GetResult(name) is not null;
            if (result.GetResult(directory) is not null && (isNamed || result.GetResult(database) is not null))
                result.AddError("--directory is where to look: names and --database do not go with it.");
        });
        command.SetAction(parsed =>
        {
            var query = new RunQuery
            {
                Names = [.. parsed.GetValue(names) ?? [], .. parsed.GetValue(name) ?? []], Databases = parsed.GetValue(database) ?? [],
                Kinds = parsed.GetValue(kind) ?? [], Outcomes = parsed.GetValue(outcome) ?? [], After = parsed.GetValue(after),
                Before = parsed.GetValue(before), Last = parsed.GetValue(last),
            };
            var runs = parsed.GetValue(directory) is { } folder
                ? query.Find([JobFolder.At(GivenPath.Full(folder))], Failures.Warn)
                : query.Find(parsed.LoadConfig(config), Failures.Warn);
            if (parsed.GetValue(json))
                Json.Write(runs);
            else
                ViewTable.Show(ResultViews.Runs, runs, "There are no runs.");
            return ExitCodes.Done;
        });
        return command;
    }
}
