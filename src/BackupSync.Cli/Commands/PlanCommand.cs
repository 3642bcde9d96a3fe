using System.CommandLine;
using BackupSync.Application;

namespace BackupSync.Cli.Commands;

static class PlanCommand
{
    public static Command Create()
    {
        var name = ConfigNames.One("name", "The backup plan", config => config.BackupPlans.Select(p => p.Name));
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command(
            "plan",
            "Run a backup plan of the configuration: take, prove, store in its places, remove what has served "
                + "its time") { name, config, json };
        command.SetAction((parsed, cancellationToken) =>
        {
            var loaded = parsed.LoadConfig(config);
            var plan = loaded.BackupPlan(parsed.GetRequiredValue(name));
            return BackupCommand.TakeAsync(plan.Databases, BackupOrders.Of(plan, loaded), parsed.GetValue(json), cancellationToken);
        });
        return command;
    }
}
