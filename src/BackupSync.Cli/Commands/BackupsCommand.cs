using System.CommandLine;
using System.CommandLine.Parsing;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Cli.Display;
using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Cli.Commands;

static class BackupsCommand
{
    public static Command Create()
    {
        var names = ConfigNames.Several(
            "name",
            "Databases, or jobs; all of the configuration where none is named",
            c => ConfigNames.Databases(c).Concat(ConfigNames.Jobs(c)));
        var job = ConfigNames.Option<string[]>(
            "--job", "job", "Only those that a job has left, or that a plan, or by-hand, has taken", ConfigNames.JobsAndPlans);
        job.Aliases.Add("-j");
        var directory = CommonOptions.Directory();
        var kind = CommonOptions.EachWord<BackupKind>("--kind", "Only those of a kind");
        var tag = CommonOptions.Tag("Only those with this tag; * and ? match");
        var after = CommonOptions.Moment("--after", "Only those taken at this moment or later");
        var before = CommonOptions.Moment("--before", "Only those taken at this moment or before");
        var place = ConfigNames.Place("Only those in this place");
        var latest = new Option<bool>("--latest")
        {
            Description = "Only the newest good one of each database; of a job or directory, of each job and kind",
        };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("backups", "List backups, newest first")
        {
            names, job, directory, kind, tag, after, before, place, latest, config, json,
        };
        command.Validators.Add(result =>
        {
            var isNamed = result.GetValue(names) is { Length: > 0 };
            var isOfJob = result.GetResult(job) is not null;
            var isOfPlace = result.GetResult(place) is not null;
            if (isOfJob && isNamed)
                result.AddError("Name either databases and jobs, or jobs and plans with --job.");
            if (isOfJob && isOfPlace)
                result.AddError("A job's backups are in its own directory: --place does not go with --job.");
            if (result.GetResult(directory) is not null && (isNamed || isOfJob || isOfPlace))
                result.AddError("--directory is where to look: names, --job and --place do not go with it.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var query = new BackupQuery
            {
                Kinds = parsed.GetValue(kind) ?? [], Tag = parsed.GetValue(tag), After = parsed.GetValue(after),
                Before = parsed.GetValue(before), Place = parsed.GetValue(place), Latest = parsed.GetValue(latest),
            };
            var backups = parsed.GetValue(directory) is { } folder
                ? [.. JobFolder.At(GivenPath.Full(folder)).Backups(query, Failures.Warn)]
                : parsed.GetValue(job) is { Length: > 0 } jobs
                ? await OfJobsAsync(parsed.LoadConfig(config), jobs, query, cancellationToken)
                : await BackupListing.FindAsync(
                    parsed.LoadConfig(config), parsed.GetValue(names) ?? [], query, Failures.Warn, cancellationToken);
            if (parsed.GetValue(json))
                Json.Write(backups);
            else
                BackupTables.Show(backups);
            return ExitCodes.Done;
        });
        command.Subcommands.Add(SignCommand.Create());
        command.Subcommands.Add(SetCommand.Create());
        command.Subcommands.Add(RemoveCommand.Create());
        return command;
    }

    /// <summary>What stands before a subcommand is of the list of backups, and would be taken for a choice that nobody makes.</summary>
    public static void EnsureNothingBefore(CommandResult result)
    {
        var word = result.Command.Name;
        if (((CommandResult)result.Parent!).Children
            .Any(c => c is OptionResult { Implicit: false } or ArgumentResult { Tokens.Count: > 0 }))
            result.AddError(
                $"What is meant stands behind {word}: backupsync {result.Command.Parents.First().Name} {word} [<name>...] [options]");
    }

    static async Task<IReadOnlyList<BackupFile>> OfJobsAsync(
        BackupSyncConfig config, IReadOnlyList<string> jobs, BackupQuery query, CancellationToken cancellationToken)
    {
        var found = new List<BackupFile>();
        foreach (var job in jobs.Distinct())
            found.AddRange(await BackupListing.OfJobAsync(config, job, query, Failures.Warn, cancellationToken));
        return [.. found.OrderByDescending(b => b.Created)];
    }
}
