using System.CommandLine;
using BackupSync.Application;
using BackupSync.Cli.Display;
using BackupSync.Files;
using BackupSync.Reporting;

namespace BackupSync.Cli.Commands;

static class ReportCommand
{
    public static Command Create()
    {
        var days = CommonOptions.Number(
            "--days", "days", "Of how many days it tells, today included", OptionRanges.ReportDays, OptionRanges.LeastReportDays,
            OptionRanges.MostReportDays);
        var path = new Option<string>("--out", "-o")
        {
            Description = "The file to write; a report that is there is replaced", HelpName = "file",
            DefaultValueFactory = _ => ReportFile.DefaultName,
        };
        var force = new Option<bool>("--force") { Description = "Replace a file that is there, and is no report" };
        var config = CommonOptions.Config();
        var command = new Command(
            "report", "Write a page that tells how all stands, what has run, and what failed: one file for any browser")
        {
            days, path, force, config,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var file = GivenPath.Full(parsed.GetRequiredValue(path));
            await ReportFile.WriteAsync(
                parsed.LoadConfig(config), parsed.GetValue(days), file, parsed.GetValue(force), TimeProvider.System, Failures.Warn,
                cancellationToken);
            Console.WriteLine(file);
            return ExitCodes.Done;
        });
        return command;
    }
}
