using System.CommandLine;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Cli.Display;

namespace BackupSync.Cli.Commands;

static class RestoreCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("database")
        {
            HelpName = "database",
            Description = "The database whose backup is meant",
            Arity = ArgumentArity.ZeroOrOne,
        };
        name.CompletionSources.Add(_ => ConfigNames.Completions(ConfigNames.Databases));
        var latest = new Option<bool>("--latest") { Description = "The newest good one" };
        var before = CommonOptions.Moment("--before", "The newest good one taken at this moment or before");
        var tag = CommonOptions.Tag("The newest good one with this tag; * and ? match");
        var place = ConfigNames.Place("Only from this place");
        var path = new Option<string?>("--path") { Description = "A backup's file instead, its manifest beside it", HelpName = "file" };
        var to = ConfigNames.Option<string?>(
            "--to", "database", "The database whose content is replaced [default: the one it is of]", ConfigNames.Databases);
        var targetUrl = CommonOptions.TargetUrl("The URL of any other database to restore to; it is created where it is not there");
        var tables = new Option<string[]>("--table")
        {
            Description = "Only tables that match, such as users or 'orders*', into what is there; may be said more than once",
            HelpName = "pattern",
        };
        tables.CompletionSources.Add(line => ConfigNames.Completions(
            c => LocalBackups.Tables(c, line.ParseResult.GetValue(name), line.ParseResult.GetValue(path))));
        var config = CommonOptions.Config();
        var replacing = new ReplacingOptions();
        var command = new Command("restore", "Bring a database back from a backup: verified before it is visible, undone on any failure")
        {
            name, latest, before, tag, place, path, to, targetUrl, tables, config,
        };
        replacing.AddTo(command);
        command.Validators.Add(result =>
        {
            var refusal = OptionRules.Restore(
                result.GetResult(latest) is not null, result.GetResult(before) is not null, result.GetResult(tag) is not null);
            var asks = refusal is null;
            if (result.GetResult(path) is null)
                result.Refuse(refusal);
            else if (asks)
                result.AddError("--path names a file: --latest, --before and --tag do not go with it.");
            if (result.GetResult(path) is not null && result.GetResult(place) is not null)
                result.AddError("--path names a file: --place does not go with it.");
            result.Refuse(OptionRules.Target(result.GetResult(to) is not null, result.GetResult(targetUrl) is not null));
            if (asks && result.GetValue(name) is null)
                result.AddError("Name the database whose backup is meant.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var url = parsed.GetValue(targetUrl);
            var isAlone = url is not null && parsed.GetResult(path) is not null;
            var loaded = isAlone ? parsed.LoadConfigOrNone(config) : parsed.LoadConfig(config);
            if (parsed.GetValue(to) is { } other)
                loaded.Database(other);
            var database = parsed.GetValue(name);
            var backup = parsed.GetValue(path) is { } file
                ? OfDatabase(BackupSelection.Open(file), database)
                : await new BackupQuery
                {
                    Databases = [database!], Before = parsed.GetValue(before), Tag = parsed.GetValue(tag), Place = parsed.GetValue(place),
                    Unauthenticated = replacing.IsUnauthenticatedAllowed(parsed),
                }.FindOneAsync(loaded, Failures.Warn, cancellationToken);
            var target = RestoreTarget.Of(loaded, parsed.GetValue(to), url, backup, Failures.Warn);
            return await replacing.RestoreAsync(parsed, backup, target, parsed.GetValue(tables) ?? [], loaded, cancellationToken);
        });
        return command;
    }

    /// <summary>A slip in a path must not fill one database with what another one had.</summary>
    static BackupFile OfDatabase(BackupFile backup, string? database) => database is null || database == backup.Database ? backup
        : throw new BackupSyncException(
            ErrorIds.UnknownName,
            $"{backup.Path} is of {backup.Database}, not of {database}.",
            $"If it is to replace what {database} holds, say so: --to {database}.");
}
