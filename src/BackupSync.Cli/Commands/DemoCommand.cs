using System.CommandLine;
using BackupSync.Cli.Demo;

namespace BackupSync.Cli.Commands;

static class DemoCommand
{
    public static Command Create()
    {
        var noInstall = new Option<bool>("--no-install")
        {
            Description = "Install nothing: where server programs are missing, say so and end",
        };
        var command = new Command(
            "demo", "See it work: two throw-away servers, full and incremental syncs, a backup, a drill, a restore, and a sync that fails")
        {
            noInstall,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var servers = await DemoServers.StartAsync(
                sentence => !parsed.GetValue(noInstall) && Consent.Ask(sentence, otherwise: true), cancellationToken);
            return await new DemoScenario(servers).RunAsync(cancellationToken);
        });
        return command;
    }
}
