using System.CommandLine;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

static class CheckCommand
{
    public static Command Create()
    {
        var path = new Argument<string?>("file")
        {
            Description = "The configuration file; the same as --config",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("check", "Find every problem of the configuration, with line and column") { path, config, json };
        command.SetAction(parsed =>
        {
            var file = ConfigurationFile.Locate(parsed.GetValue(path) ?? parsed.GetValue(config));
            var problems = ConfigurationFile.Check(file);
            if (parsed.GetValue(json))
                Json.Write(problems);
            else
                Show(file, problems);
            return problems.Count == 0 ? ExitCodes.Done : ExitCodes.Usage;
        });
        return command;
    }

    /// <summary>
    /// As compilers do, so that editors find the place; to the standard output, because the problems are what was asked for.
    /// </summary>
    static void Show(string file, IReadOnlyList<ConfigurationProblem> problems)
    {
        foreach (var problem in problems)
            Console.WriteLine(Printable.Line(problem.ToString()));
        if (problems.Count == 0)
            Console.WriteLine($"{file} is good.");
        else
            Console.Error.WriteLine(problems.Count == 1 ? "1 problem." : $"{problems.Count} problems.");
    }
}
