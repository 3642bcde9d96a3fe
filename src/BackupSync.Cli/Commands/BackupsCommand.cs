using System.CommandLine;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Cli.Display;

namespace BackupSync.Cli.Commands;

static class BackupsCommand
{
    public static Command Create()
    {
        var names = ConfigNames.Several(
            "name",
            "Databases, or jobs; all of the configuration where none is named",
            c => ConfigNames.Databases(c).Concat(ConfigNames.Jobs(c)));
        var job = ConfigNames.Option<string[]>("--job", "job", "Only those that a job has left", ConfigNames.Jobs);
        job.Aliases.Add("-j");
        var kind = CommonOptions.EachWord<BackupKind>("--kind", "Only those of a kind");
        var tag = CommonOptions.Tag("Only those with this tag; * and ? match");
        var after = CommonOptions.Moment("--after", "Only those taken at this moment or later");
        var before = CommonOptions.Moment("--before", "Only those taken at this moment or before");
        var place = ConfigNames.Place("Only those in this place");
        var latest = new Option<bool>("--latest") { Description = "Only the newest good one of each database, and of each job and kind" };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("backups", "List backups, newest first")
        {
            names, job, kind, tag, after, before, place, latest, config, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(job) is not null && result.GetResult(place) is not null)
                result.AddError("A job's backups are in its own directory: --place does not go with --job.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var source = BackupSources.Of(
                parsed.LoadConfig(config), parsed.GetValue(names) ?? [], parsed.GetValue(job) ?? [], parsed.GetValue(place));
            var query = new BackupQuery
            {
                Databases = source.Databases, Kinds = parsed.GetValue(kind) ?? [], Tag = parsed.GetValue(tag),
                After = parsed.GetValue(after), Before = parsed.GetValue(before),
                Place = parsed.GetValue(place), Latest = parsed.GetValue(latest),
            };
            var backups = await source.ListAsync(query, cancellationToken);
            if (parsed.GetValue(json))
                Json.Write(backups);
            else
                BackupTables.Show(backups);
            return ExitCodes.Done;
        });
        command.Subcommands.Add(SignCommand.Create());
        return command;
    }
}
