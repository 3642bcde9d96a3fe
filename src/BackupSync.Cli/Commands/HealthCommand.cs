using System.CommandLine;
using BackupSync.Application.Views;
using BackupSync.Cli.Display;
using BackupSync.Reporting;

namespace BackupSync.Cli.Commands;

static class HealthCommand
{
    public static Command Create()
    {
        var name = ConfigNames.OneIfAny("name", "A job; the first of the configuration where none is named", ConfigNames.Jobs);
        var all = new Option<bool>("--all") { Description = "All databases, jobs and services" };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command(
            "health",
            "Tell whether a job and its databases are healthy, from what is recorded; the exit code is 0 where they are, and 1 where not")
        {
            name, all, config, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) && result.GetResult(name) is { Implicit: false })
                result.AddError("--all is about everything: a name does not go with it.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var health = await HealthReport.ReadAsync(
                parsed.LoadConfig(config), TimeProvider.System, Failures.Warn, cancellationToken);
            var isHealthy = parsed.GetValue(all)
                ? ShowAll(health, parsed.GetValue(json))
                : Show(health.Job(parsed.GetValue(name)), parsed.GetValue(json));
            // Checks of health know no other: what cannot tell that it is healthy, is not.
            return isHealthy ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    static bool Show(JobHealth job, bool json)
    {
        if (json)
            Console.Out.WriteLine(HealthJson.Of(job));
        else
            Facts.Show(ResultViews.JobHealth.Columns.Select(c => (c.Heading, c.CellOf(job))).Where(f => f.Item2.Text.Length > 0));
        return job.IsHealthy;
    }

    static bool ShowAll(HealthReport health, bool json)
    {
        if (json)
            Console.Out.WriteLine(HealthJson.Of(health));
        else
            ViewTable.Show(ResultViews.Health, health.All(), "There is nothing in the configuration.");
        return health.IsHealthy;
    }
}
