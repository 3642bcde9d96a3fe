using System.CommandLine;
using BackupSync.Application;
using BackupSync.Cli.Display;

namespace BackupSync.Cli.Commands;

static class ImportCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The archive, its manifest beside it" };
        var to = ConfigNames.Option<string?>("--to", "database", "The database whose content it replaces", ConfigNames.Databases);
        var targetUrl = CommonOptions.TargetUrl("The URL of any other database that it goes to; it is created where it is not there");
        var config = CommonOptions.Config();
        var replacing = new ReplacingOptions();
        var command = new Command(
            "import",
            "Replace a database's content by a file that export has written: verified before it is visible, undone on any "
                + "failure") { file, to, targetUrl, config };
        replacing.AddTo(command);
        command.Validators.Add(result =>
            result.Refuse(OptionRules.Import(result.GetResult(to) is not null, result.GetResult(targetUrl) is not null)));
        command.SetAction((parsed, cancellationToken) =>
        {
            var url = parsed.GetValue(targetUrl);
            var loaded = url is null ? parsed.LoadConfig(config) : parsed.LoadConfigOrNone(config);
            var backup = BackupSelection.Open(parsed.GetRequiredValue(file));
            return replacing.RestoreAsync(
                parsed, backup, RestoreTarget.Of(loaded, parsed.GetValue(to), url, backup, Failures.Warn), [], loaded, cancellationToken);
        });
        return command;
    }
}
