using System.CommandLine;
using BackupSync.Application;
using BackupSync.Cli.Display;
using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Operations;

namespace BackupSync.Cli.Commands;

static class BackupCommand
{
    public static Command Create()
    {
        var names = ConfigNames.Several("database", "The databases to back up", ConfigNames.Databases);
        var all = new Option<bool>("--all") { Description = "All databases of the configuration" };
        var tag = CommonOptions.NewTag("What it is taken for, such as pre-deployment-20240123");
        var keepDays = CommonOptions.NumberIfAny("--keep-days", "days",
            "For how many days it is kept [default: for ever, or as the plans' rules for its tag say]",
            OptionRanges.LeastKeepDays, OptionRanges.MostKeepDays);
        var pin = new Option<bool>("--pin") { Description = "Keep it for ever, whatever the rules say" };
        var places = ConfigNames.Option<string[]>(
            "--place", "place", "Where to [default: the configuration's first place]; may be said more than once", ConfigNames.Places);
        var url = new Option<string?>("--url")
        {
            Description = "The URL of a database instead, which no configuration need have",
            HelpName = "url",
        };
        var directory = new Option<string?>("--directory")
        {
            Description = "With --url: where to, in a folder of the database's name [default: as --place, or backups where there is no "
                + "configuration]",
            HelpName = "folder",
        };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("backup", "Take backups of databases now, several at once")
        {
            names, all, url, directory, tag, keepDays, pin, places, config, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(names) is { Length: > 0 } && result.GetValue(all))
                result.AddError("Name databases, or say --all.");
            result.Refuse(OptionRules.Backup(
                result.GetValue(names) is { Length: > 0 }, result.GetValue(all), result.GetResult(url) is not null,
                result.GetResult(directory) is not null, result.GetResult(places) is not null));
            result.Refuse(OptionRules.Keep(result.GetValue(pin), result.GetResult(keepDays) is not null));
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var address = parsed.GetValue(url);
            var loaded = address is null ? parsed.LoadConfig(config) : parsed.LoadConfigOrNone(config);
            var databases = address is not null ? [Selection.ByUrl(loaded, address)]
                : Selection.DatabasesOrAll(loaded, parsed.GetValue(names), parsed.GetValue(all));
            var stores = parsed.GetValue(directory) is { } folder
                ? [FolderPlaceConfig.At(GivenPath.Full(folder))]
                : Selection.Places(loaded, parsed.GetValue(places));
            var order = BackupOrders.ByHand(loaded, stores, parsed.GetValue(tag), parsed.GetValue(pin), parsed.GetValue(keepDays));
            return TakeAsync(databases, order, parsed.GetValue(json), cancellationToken);
        });
        return command;
    }

    public static async Task<int> TakeAsync(
        IReadOnlyList<DatabaseConfig> databases,
        BackupOrder order,
        bool json,
        CancellationToken cancellationToken)
    {
        var results = await RunsView.ShowAsync(json, [.. databases.Select(d => d.Name)],
            (observers, onResult) =>
            {
                var observerOf = databases.Zip(observers).ToDictionary(p => p.First.Name, p => p.Second);
                return BackupRunner.BackUpAsync(databases, order, d => [observerOf[d.Name]], onResult, cancellationToken);
            },
            RunsTable.Show);
        return ExitCodes.Worst(results.Select(r => ExitCodes.Of(r.Outcome)));
    }
}
