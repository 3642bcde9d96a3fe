using System.CommandLine;
using BackupSync.Cli.Demo;

namespace BackupSync.Cli.Commands;

static class DemoCommand
{
    public static Command Create()
    {
        var command = new Command("demo", "See it work: two throw-away servers, full and incremental syncs, and a restore that fails");
        command.SetAction(async (_, cancellationToken) =>
        {
            await using var servers = await DemoServers.StartAsync(cancellationToken);
            return await new DemoScenario(servers).RunAsync(cancellationToken);
        });
        return command;
    }
}
