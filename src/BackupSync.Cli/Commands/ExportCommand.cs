using System.CommandLine;
using BackupSync.Application;
using BackupSync.Files;

namespace BackupSync.Cli.Commands;

static class ExportCommand
{
    public static Command Create()
    {
        var name = ConfigNames.One("database", "The database to read", ConfigNames.Databases);
        var file = new Argument<string>("file")
        {
            Description = "The archive to write, its manifest beside it; encrypted where its name ends in .enc",
        };
        var force = new Option<bool>("--force") { Description = "Replace a file that is there" };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("export", "Write a database's content to a file that pg_restore and import can read")
        {
            name, file, force, config, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var loaded = parsed.LoadConfig(config);
            var database = loaded.Database(parsed.GetRequiredValue(name));
            var path = GivenPath.Full(parsed.GetRequiredValue(file));
            ExportFile.EnsureMayWrite(path, parsed.GetValue(force));
            return BackupCommand.TakeAsync([database], BackupOrders.Export(loaded, path), parsed.GetValue(json), cancellationToken);
        });
        return command;
    }
}
