using System.CommandLine;
using BackupSync.Application;
using BackupSync.Application.Views;
using BackupSync.Cli.Display;
using BackupSync.Scheduling;

namespace BackupSync.Cli.Commands;

/// <summary>When jobs and plans run, and what holds them back.</summary>
static class ScheduleCommand
{
    public static Command Create()
    {
        var names = Names("Jobs and plans; all that have a schedule where none is named");
        var explain = CommonOptions.NumberIfAny(
            "--explain", "times", "List as many of the next times one by one, with what a change of the clock does to them",
            OptionRanges.LeastScheduleTimes, OptionRanges.MostScheduleTimes);
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("schedule", "Tell when jobs and plans ran and run next, in UTC and in their zone, and what is paused")
        {
            names, explain, config, json,
        };
        command.SetAction(parsed =>
        {
            var loaded = parsed.LoadConfig(config);
            var chosen = parsed.GetValue(names) ?? [];
            if (parsed.GetValue(explain) is { } count)
                Show([.. Schedules.Explain(loaded, chosen, count, TimeProvider.System)], ResultViews.ScheduleTimes, parsed.GetValue(json));
            else
                Show(Schedules.Read(loaded, chosen, TimeProvider.System, Failures.Warn), chosen, parsed.GetValue(json));
            return ExitCodes.Done;
        });
        command.Subcommands.Add(CreatePause());
        command.Subcommands.Add(CreateResume());
        command.Subcommands.Add(CreateRun());
        command.Subcommands.Add(ScheduleExportCommand.Create());
        return command;
    }

    static Command CreatePause()
    {
        var names = Names("Jobs and plans; all that have a schedule where none is named");
        var time = CommonOptions.Duration("--for", "How long: such as 2h; until it is resumed where neither this nor --until is said");
        var until = CommonOptions.Moment("--until", "Until when");
        var because = new Option<string?>("--because") { Description = "Why; shown wherever the schedule is", HelpName = "text" };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("pause", "Leave out what comes due, until the pause ends") { names, time, until, because, config, json };
        command.Validators.Add(BackupsCommand.EnsureNothingBefore);
        command.Validators.Add(result =>
        {
            if (result.GetResult(time) is not null && result.GetResult(until) is not null)
                result.AddError("Say either --for or --until.");
        });
        command.SetAction(parsed =>
        {
            var chosen = parsed.GetValue(names) ?? [];
            var end = parsed.GetValue(time) is { } length ? TimeProvider.System.GetUtcNow() + length : parsed.GetValue(until);
            Show(Schedules.Pause(
                parsed.LoadConfig(config), chosen, end, parsed.GetValue(because), TimeProvider.System, Failures.Warn),
                chosen, parsed.GetValue(json));
            return ExitCodes.Done;
        });
        return command;
    }

    static Command CreateResume()
    {
        var names = Names("Jobs and plans; all that have a schedule where none is named");
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("resume", "End the pause of schedules; what was left out meanwhile is not made up")
        {
            names, config, json,
        };
        command.Validators.Add(BackupsCommand.EnsureNothingBefore);
        command.SetAction(parsed =>
        {
            var chosen = parsed.GetValue(names) ?? [];
            Show(Schedules.Resume(
                parsed.LoadConfig(config), chosen, TimeProvider.System, Failures.Warn), chosen, parsed.GetValue(json));
            return ExitCodes.Done;
        });
        return command;
    }

    static Command CreateRun()
    {
        var names = Names("Jobs and plans that have a schedule");
        names.Arity = ArgumentArity.OneOrMore;
        var yes = CommonOptions.Yes();
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("run", "Run jobs and plans now, paused or not, as their schedule would") { names, yes, config, json };
        command.Validators.Add(BackupsCommand.EnsureNothingBefore);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var loaded = parsed.LoadConfig(config);
            var items = Schedules.Chosen(loaded, parsed.GetValue(names) ?? []);
            foreach (var job in items.Jobs)
            {
                job.EnsureAddresses();
                Consent.Require(Question.Sync(job, mode: null, isConfigured: true), parsed.GetValue(yes));
            }
            var codes = new List<int>();
            foreach (var plan in items.Plans)
                codes.Add(await BackupCommand.TakeAsync(
                    plan.Databases, BackupOrders.Of(plan, loaded), parsed.GetValue(json), cancellationToken));
            if (items.Jobs.Count > 0)
                codes.Add(await SyncCommand.RunAsync(items.Jobs, new RunOptions(), parsed.GetValue(json), cancellationToken));
            return ExitCodes.Worst(codes);
        });
        return command;
    }

    public static Argument<string[]> Names(string description) => ConfigNames.Several("name", description, Schedules.KnownNames);

    static void Show(IReadOnlyList<ScheduleEntry> entries, string[] chosen, bool json)
    {
        if (!json && chosen.Length == 1 && entries is [var single])
            Facts.Show(ResultViews.ScheduleDetail.Columns.Select(c => (c.Heading, c.CellOf(single))).Where(f => f.Item2.Text.Length > 0));
        else
            Show(entries, ResultViews.Schedules, json);
    }

    static void Show<T>(IReadOnlyList<T> rows, ResultView view, bool json) where T : class
    {
        if (json)
            Json.Write(rows);
        else
            ViewTable.Show(view, rows, "Nothing in the configuration has a schedule.");
    }
}
