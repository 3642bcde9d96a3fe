using System.CommandLine;
using BackupSync.Application;

namespace BackupSync.Cli.Commands;

static class PlanCommand
{
    public static Command Create()
    {
        var names = ConfigNames.Several("plan", "The backup plans; the only one where none is named", ConfigNames.Plans);
        var databases = ConfigNames.Option<string[]>(
            "--database", "database", "Only these of the plan's databases; may be said more than once", ConfigNames.Databases);
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command(
            "plan",
            "Run backup plans of the configuration: take, prove, store in its places, remove what has served "
                + "its time") { names, databases, config, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var loaded = parsed.LoadConfig(config);
            var codes = new List<int>();
            var chosen = parsed.GetValue(databases);
            foreach (var plan in Selection.PlansOrOnly(loaded, parsed.GetValue(names)).Select(p => Selection.Part(p, chosen)).ToList())
            {
                cancellationToken.ThrowIfCancellationRequested();
                codes.Add(await BackupCommand.TakeAsync(
                    plan.Databases, BackupOrders.Of(plan, loaded), parsed.GetValue(json), cancellationToken));
            }
            return ExitCodes.Worst(codes);
        });
        return command;
    }
}
