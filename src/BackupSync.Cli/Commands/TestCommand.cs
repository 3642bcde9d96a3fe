using System.CommandLine;
using BackupSync.Application;
using BackupSync.Application.Views;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

static class TestCommand
{
    public static Command Create()
    {
        var names = new Argument<string[]>("database")
        {
            HelpName = "database",
            Description = "The names of databases; all of the configuration where none is named",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var url = new Option<string[]>("--url") { Description = "A connection string instead", HelpName = "url" };
        var timeout = CommonOptions.Number("--timeout", "seconds", "How many seconds to try, for each database",
            OptionRanges.Timeout, OptionRanges.LeastTimeout, OptionRanges.MostTimeout);
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("test", "Tell whether databases can be reached, and what they are") { names, url, timeout, config, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var databases = Databases(parsed, parsed.GetValue(url) ?? [], parsed.GetValue(names) ?? [], config);
            var limit = TimeSpan.FromSeconds(parsed.GetValue(timeout));
            var results = await Task.WhenAll(databases.Select(d => ConnectionTest.RunAsync(d, limit, cancellationToken)));
            if (parsed.GetValue(json))
                Json.Write(results);
            else
                Show(results);
            return ExitCodes.Worst(results.Select(r => r.Error is { } error ? ExitCodes.OfError(error.Id) : ExitCodes.Done));
        });
        return command;
    }

    static IReadOnlyList<DatabaseConfig> Databases(ParseResult parsed, string[] urls, string[] names, Option<string?> config)
    {
        if (urls.Length > 0)
            return [.. urls.Select(u => AdHocJob.Database(u))];
        return Selection.Databases(parsed.LoadConfig(config), names);
    }

    /// <summary>What was told of the database by its name already is not labelled once more.</summary>
    static string Labelled(ConnectionTestResult result, string text) =>
        text.StartsWith($"{result.Name}: ", StringComparison.Ordinal) ? text : $"{result.Name}: {text}";

    static void Show(IReadOnlyList<ConnectionTestResult> results)
    {
        ViewTable.Show(ResultViews.Connections, results);
        foreach (var result in results)
        {
            foreach (var warning in result.Warnings)
                Failures.Warn(Labelled(result, warning));
            if (result.Error is { } error)
                Failures.Show(Labelled(result, error.Message), error.Detail, error.Advice);
        }
    }
}
