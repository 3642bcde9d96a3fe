using System.CommandLine;
using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Cli.Commands;

static class InitCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("file") { Description = "The file to write", DefaultValueFactory = _ => "backupsync.yml" };
        var force = new Option<bool>("--force") { Description = "Replace a file that is there" };
        var command = new Command("init", "Write a commented configuration to begin with") { path, force };
        command.SetAction(parsed =>
        {
            var file = GivenPath.Full(parsed.GetRequiredValue(path));
            StarterFile.Write(file, parsed.GetValue(force));
            Console.WriteLine(file);
            return ExitCodes.Done;
        });
        return command;
    }
}
