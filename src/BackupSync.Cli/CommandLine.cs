using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using BackupSync.Cli.Commands;
using BackupSync.Cli.Display;
using BackupSync.Files;

namespace BackupSync.Cli;

/// <summary>The commands, and what all of them have in common: how they fail.</summary>
static class CommandLine
{
    public static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        using var printable = PrintableWriter.OnConsole();
        var code = await RunGuardedAsync(args, cancellationToken);
        if (printable.Lost is not { } lost)
            return code;
        // A run has ended as it has ended, whoever could read of it; a list that nobody has read was none.
        Failures.Warn($"Not all of the output could be written: {lost.Message.TrimEnd('.')}.");
        return code == ExitCodes.Done && !Screen.TellsOfRuns ? ExitCodes.Failed : code;
    }

    static async Task<int> RunGuardedAsync(string[] args, CancellationToken cancellationToken)
    {
        // A tag or a password that begins with @ is no file of arguments.
        var parsed = Root().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        try
        {
            if (parsed.Action is ParseErrorAction)
                return Wrong(parsed);
            var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (BackupSyncException failure)
        {
            return Failed(parsed, failure);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted.");
            return ExitCodes.Interrupted;
        }
        catch (Exception failure) when (FileFailure.Told(failure) is { } told)
        {
            return Failed(parsed, told);
        }
        catch (Exception failure)
        {
            // A sentence, and an exit code that schedulers know, where the runtime would abort.
            Failures.Show(
                $"{failure.GetType().Name}: {failure.Message}",
                failure.ToString(),
                "This is a defect of BackupSync: please report it with the above.");
            return ExitCodes.Failed;
        }
    }

    internal static RootCommand Root()
    {
        var root = new RootCommand("Keeps a second PostgreSQL database a verified, restorable copy of a first one.")
        {
            DemoCommand.Create(),
            InitCommand.Create(),
            CheckCommand.Create(),
            TestCommand.Create(),
            CompareCommand.Create(),
            SyncCommand.Create(),
            InitializeCommand.Create(),
            BackupCommand.Create(),
            PlanCommand.Create(),
            BackupsCommand.Create(),
            VerifyCommand.Create(),
            VerifyCommand.CreateDrill(),
            RestoreCommand.Create(),
            RestoreSafetyCommand.Create(),
            CopyCommand.Create(),
            ExportCommand.Create(),
            ImportCommand.Create(),
            CleanupCommand.Create(),
            HistoryCommand.Create(),
            StatusCommand.Create(),
            ScheduleCommand.Create(),
            ServeCommand.Create(),
            HealthCommand.Create(),
            ReportCommand.Create(),
            AlertCommand.Create(),
        };
        root.Subcommands.Add(HelpCommand.Create());
        // Who says nothing is told what can be said.
        root.SetAction(parsed => new HelpAction().Invoke(parsed));
        return root;
    }

    static int Failed(ParseResult parsed, BackupSyncException failure)
    {
        failure = Answered(parsed, failure);
        if (CommonOptions.AsksForJson(parsed))
            Json.WriteFailure(failure);
        Failures.Show(failure);
        return ExitCodes.OfError(failure.ErrorId);
    }

    /// <summary>An address that was given where something else is wanted is told with the option that takes it.</summary>
    internal static BackupSyncException Answered(ParseResult parsed, BackupSyncException failure) =>
        failure is AddressGivenException given ? given.For(parsed.CommandResult.Command.Options.Select(o => o.Name)) : failure;

    static int Wrong(ParseResult parsed)
    {
        var addresses = parsed.Tokens.Select(t => t.Value).Concat(parsed.UnmatchedTokens).Where(AddressText.Is).Distinct().ToList();
        var messages = parsed.Errors.Select(e => addresses.Aggregate(
            e.Message, (message, address) => message.Replace(address, AddressText.Redacted(address), StringComparison.Ordinal))).ToList();
        // Where a command takes names, an option that it does not know is one of them.
        var unknown = parsed.UnmatchedTokens.FirstOrDefault() ?? parsed.Tokens.Select(t => t.Value).FirstOrDefault(t => t.StartsWith('-')
            && !parsed.CommandResult.Command.Options.Any(o => o.Aliases.Prepend(o.Name).Contains(t)));
        if (unknown is not null)
            messages[Math.Max(0, messages.FindIndex(m => m.Contains($"'{unknown}'", StringComparison.Ordinal)))]
                += Meant(parsed.CommandResult.Command, unknown);
        foreach (var message in messages)
            Console.Error.WriteLine(message);
        var names = new List<string>();
        for (var command = parsed.CommandResult; command.Parent is CommandResult parent; command = parent)
            names.Insert(0, command.Command.Name);
        Console.Error.WriteLine($"See: {string.Join(' ', names.Prepend("backupsync"))} --help");
        if (CommonOptions.AsksForJson(parsed))
            Json.WriteFailure(new BackupSyncException(ErrorIds.ConfigurationInvalid, string.Join(' ', messages)));
        return ExitCodes.Usage;
    }

    /// <summary>A question that goes on behind a sentence; empty where nothing comes near.</summary>
    internal static string Meant(Command command, string word) => NearestName.Of(word, word.StartsWith('-')
        ? command.Options.SelectMany(o => o.Aliases.Prepend(o.Name)).Where(n => n.StartsWith("--", StringComparison.Ordinal))
        : command.Subcommands.Select(c => c.Name)) is { } meant ? $" Did you mean '{meant}'?" : "";
}
