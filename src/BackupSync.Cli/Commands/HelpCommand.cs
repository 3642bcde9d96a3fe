using System.CommandLine;

namespace BackupSync.Cli.Commands;

/// <summary><c>help</c>, <c>help sync</c>: what <c>--help</c> shows, for whoever says it as a word.</summary>
static class HelpCommand
{
    public static Command Create()
    {
        var words = new Argument<string[]>("command")
        {
            HelpName = "command", Description = "Of which command", Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("help", "Show help, of a command where one is named") { words };
        words.Validators.Add(result =>
        {
            Command of = CommandLine.Root();
            foreach (var word in result.Tokens.Select(t => t.Value))
            {
                if (of.Subcommands.FirstOrDefault(c => c.Name == word) is not { } named)
                {
                    result.AddError($"There is no command '{word}'.{CommandLine.Meant(of, word)}");
                    return;
                }
                of = named;
            }
        });
        command.SetAction((parsed, cancellationToken) =>
            CommandLine.RunAsync([.. parsed.GetValue(words) ?? [], "--help"], cancellationToken));
        return command;
    }
}
