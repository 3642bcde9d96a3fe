using System.CommandLine;
using BackupSync.Application;
using BackupSync.Cli.Display;
using BackupSync.Configuration;
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
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("backup", "Take backups of databases now, several at once")
        {
            names, all, tag, keepDays, pin, places, config, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(names) is { Length: > 0 } && result.GetValue(all))
                result.AddError("Name databases, or say --all.");
            result.Refuse(OptionRules.Keep(result.GetValue(pin), result.GetResult(keepDays) is not null));
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var loaded = parsed.LoadConfig(config);
            var databases = Selection.DatabasesOrAll(loaded, parsed.GetValue(names), parsed.GetValue(all));
            var stores = Selection.Places(loaded, parsed.GetValue(places));
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
