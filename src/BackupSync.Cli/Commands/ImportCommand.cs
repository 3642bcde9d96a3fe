using System.CommandLine;

namespace BackupSync.Cli.Commands;

static class ImportCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The archive, its manifest beside it" };
        var to = ConfigNames.Option<string>("--to", "database", "The database whose content it replaces", ConfigNames.Databases);
        to.Required = true;
        var config = CommonOptions.Config();
        var replacing = new ReplacingOptions();
        var command = new Command(
            "import",
            "Replace a database's content by a file that export has written: verified before it is visible, undone on any "
                + "failure") { file, to, config };
        replacing.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var loaded = parsed.LoadConfig(config);
            var target = loaded.Database(parsed.GetRequiredValue(to));
            return replacing.RestoreAsync(
                parsed, BackupSelection.Open(parsed.GetRequiredValue(file)), target, [], loaded, cancellationToken);
        });
        return command;
    }
}
