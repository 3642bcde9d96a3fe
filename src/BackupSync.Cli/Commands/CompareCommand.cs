using System.CommandLine;
using BackupSync.Application;
using BackupSync.Cli.Display;
using BackupSync.Operations.Compare;

namespace BackupSync.Cli.Commands;

static class CompareCommand
{
    public static Command Create()
    {
        var source = Database("source", "The first database: a name of the configuration, or a URL");
        var target = Database("target", "The second one");
        var job = ConfigNames.Option<string?>("--job", "job", "The source and the target of this job instead", ConfigNames.Jobs);
        job.Aliases.Add("-j");
        var tables = new Option<string[]>("--table")
        {
            Description = "Only tables that match, such as users or 'orders*'; may be said more than once",
            HelpName = "pattern",
        };
        tables.CompletionSources.Add(line => ConfigNames.Completions(config => LocalBackups.Tables(
            config, line.ParseResult.GetValue(source) ?? LocalBackups.SourceOf(config, line.ParseResult.GetValue(job)), path: null)));
        var detail = new Option<bool>("--detail") { Description = "Print each row that differs, as it is found, and in which columns" };
        var rights = new Option<bool>("--rights")
        {
            Description = "Also compare owners, grants and default privileges, which each side has of its own as a rule",
        };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Print nothing: the exit code is the answer" };
        var parallel = CommonOptions.Number("--parallel", "sessions", "How many tables to read at once, on each side",
            OptionRanges.Parallel, OptionRanges.LeastParallel, OptionRanges.MostParallel);
        var timeout = CommonOptions.Number("--timeout", "seconds", "How many seconds to try to connect",
            OptionRanges.Timeout, OptionRanges.LeastTimeout, OptionRanges.MostTimeout);
        var limit = CommonOptions.Number("--limit-minutes", "minutes", "How long all of it may take",
            OptionRanges.Minutes, OptionRanges.LeastMinutes, OptionRanges.MostMinutes);
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command(
            "compare",
            "Tell whether two databases hold the same; the exit code is 0 where they do, and 6 where they differ")
        {
            source, target, job, tables, detail, rights, quiet, parallel, timeout, limit, config, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(job) is not null && result.GetResult(source) is not null)
                result.AddError("Name either two databases, or --job.");
            result.Refuse(OptionRules.Comparison(result.GetResult(quiet) is not null, result.GetResult(detail) is not null));
            if (result.GetResult(quiet) is not null && result.GetResult(json) is not null)
                result.AddError("--quiet prints nothing: --json does not go with it.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var pair = parsed.GetValue(job) is { } name
                ? ComparedPair.Of(parsed.LoadConfig(config).Job(name))
                : ComparedPair.Of(parsed.GetValue(source), parsed.GetValue(target), () => parsed.LoadConfig(config));
            var options = new ComparisonOptions
            {
                Tables = parsed.GetValue(tables) ?? [],
                Detail = parsed.GetValue(detail),
                Rights = parsed.GetValue(rights),
                Parallel = parsed.GetValue(parallel),
                ConnectLimit = TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                Limit = TimeSpan.FromMinutes(parsed.GetValue(limit)),
            };
            var result = parsed.GetValue(quiet)
                ? await ComparisonRunner.RunAsync(pair.Source, pair.Target, options, onProgress: null, onRow: null, cancellationToken)
                : await ComparisonView.ShowAsync(pair.Source, pair.Target, options, parsed.GetValue(json), cancellationToken);
            return result.IsEqual ? ExitCodes.Done : ExitCodes.Different;
        });
        return command;
    }

    static Argument<string?> Database(string name, string description)
    {
        var database = new Argument<string?>(name) { HelpName = name, Description = description, Arity = ArgumentArity.ZeroOrOne };
        database.CompletionSources.Add(_ => ConfigNames.Completions(ConfigNames.Databases));
        return database;
    }
}
