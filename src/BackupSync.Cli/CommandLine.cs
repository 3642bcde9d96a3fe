using System.CommandLine;
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
        try
        {
            // A tag or a password that begins with @ is no file of arguments.
            var parsed = Root().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parsed.Action is ParseErrorAction)
                return Wrong(parsed);
            var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (BackupSyncException failure)
        {
            Failures.Show(failure);
            return ExitCodes.OfError(failure.ErrorId);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted.");
            return ExitCodes.Interrupted;
        }
        catch (Exception failure) when (FileFailure.Told(failure) is { } told)
        {
            Failures.Show(told);
            return ExitCodes.OfError(told.ErrorId);
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

    internal static RootCommand Root() => new("Keeps a second PostgreSQL database a verified, restorable copy of a first one.")
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
    };

    static int Wrong(ParseResult parsed)
    {
        foreach (var error in parsed.Errors)
            Console.Error.WriteLine(error.Message);
        var names = new List<string>();
        for (var command = parsed.CommandResult; command.Parent is CommandResult parent; command = parent)
            names.Insert(0, command.Command.Name);
        Console.Error.WriteLine($"See: {string.Join(' ', names.Prepend("backupsync"))} --help");
        return ExitCodes.Usage;
    }
}
