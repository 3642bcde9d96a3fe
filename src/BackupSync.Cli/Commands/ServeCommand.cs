using System.CommandLine;
using BackupSync.Cli.Serving;

namespace BackupSync.Cli.Commands;

static class ServeCommand
{
    public static Command Create()
    {
        var config = CommonOptions.Config();
        var command = new Command(
            "serve", "Run what has a schedule, and serve health, metrics and the page; until it is stopped (SIGHUP reads the file anew)")
        {
            config,
        };
        command.SetAction((parsed, cancellationToken) =>
            Service.RunAsync(() => parsed.LoadConfig(config), Console.Out, cancellationToken));
        return command;
    }
}
