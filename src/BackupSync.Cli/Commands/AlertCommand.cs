using System.CommandLine;
using System.CommandLine.Help;
using BackupSync.Alerting;
using BackupSync.Application;
using BackupSync.Application.Views;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

/// <summary>Alerts: which there are, who sees to them, and whether channels work.</summary>
static class AlertCommand
{
    public static Command Create()
    {
        var command = new Command("alert", "List and acknowledge alerts, and test the channels that they go by")
        {
            CreateList(), CreateTest(), CreateAcknowledge(),
        };
        command.SetAction(parsed => new HelpAction().Invoke(parsed));
        return command;
    }

    static Command CreateList()
    {
        var all = new Option<bool>("--all") { Description = "Also those that are over, of the last 30 days" };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("list", "List alerts that go on") { all, config, json };
        command.SetAction(parsed =>
        {
            var alerts = Outbox(parsed.LoadConfig(config)).List(parsed.GetValue(all));
            if (parsed.GetValue(json))
                Json.Write(alerts);
            else
                ViewTable.Show(ResultViews.Alerts, alerts, "There are no alerts.");
            return ExitCodes.Done;
        });
        return command;
    }

    static Command CreateTest()
    {
        var names = ConfigNames.Several("channel", "Channels; all of the configuration where none is named", ConfigNames.Channels);
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("test", "Send a test by channels, and tell whether it was accepted") { names, config, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var loaded = parsed.LoadConfig(config);
            var channels = Selection.Channels(loaded, parsed.GetValue(names));
            var results = await Outbox(loaded).TestAsync(channels, cancellationToken);
            if (parsed.GetValue(json))
                Json.Write(results);
            else
                ViewTable.Show(ResultViews.ChannelTests, results);
            return results.All(r => r.Accepted) ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    static Command CreateAcknowledge()
    {
        var keys = ConfigNames.Several("key", "Keys of alerts that go on, or their codes", ConfigNames.Alerts);
        keys.Arity = ArgumentArity.OneOrMore;
        var by = new Option<string?>("--by") { Description = "Who sees to it [default: this user]", HelpName = "name" };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("acknowledge", "Say that somebody sees to alerts: they are neither repeated nor escalated")
        {
            keys, by, config, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var outbox = Outbox(parsed.LoadConfig(config));
            var who = parsed.GetValue(by) ?? Environment.UserName;
            List<Alert> alerts = [.. parsed.GetRequiredValue(keys).Select(key => outbox.Acknowledge(key, who))];
            await outbox.DeliverAsync(AlertOutbox.SendingLimit, cancellationToken);
            if (parsed.GetValue(json))
                Json.Write(alerts);
            else
                ViewTable.Show(ResultViews.Alerts, alerts);
            return ExitCodes.Done;
        });
        return command;
    }

    static AlertOutbox Outbox(BackupSyncConfig config) => new(config.Alerts, TimeProvider.System);
}
