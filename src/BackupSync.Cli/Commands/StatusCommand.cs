using System.CommandLine;
using BackupSync.Application;
using BackupSync.Application.Views;
using BackupSync.Cli.Display;

namespace BackupSync.Cli.Commands;

static class StatusCommand
{
    public static Command Create()
    {
        var names = ConfigNames.Several(
            "name",
            "Databases and jobs; all of the configuration where none is named",
            c => ConfigNames.Databases(c).Concat(ConfigNames.Jobs(c)));
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command(
            "status",
            "Tell how databases and jobs stand, from what is recorded; the exit code is 0 where all is good, and 7 where something is not")
        {
            names, config, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = await StatusReport.ReadAsync(
                parsed.LoadConfig(config), parsed.GetValue(names) ?? [], TimeProvider.System, Failures.Warn, cancellationToken);
            if (parsed.GetValue(json))
                Json.Write(report.Entries);
            else if (parsed.GetValue(names) is { Length: > 0 } && report.Entries is [var single])
                Facts.Show(ResultViews.StatusDetail.Columns.Select(c => (c.Heading, c.CellOf(single))).Where(f => f.Item2.Text.Length > 0));
            else
                ViewTable.Show(ResultViews.Status, report.Entries, "There is nothing in the configuration.");
            return report.IsGood ? ExitCodes.Done : ExitCodes.NotGood;
        });
        return command;
    }
}
