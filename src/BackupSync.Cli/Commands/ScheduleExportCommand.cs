using System.CommandLine;
using BackupSync.Files;
using BackupSync.Scheduling;

namespace BackupSync.Cli.Commands;

/// <summary>Files for a scheduler that somebody keeps already.</summary>
static class ScheduleExportCommand
{
    public static Command Create()
    {
        var names = ScheduleCommand.Names("Jobs and plans; all that have a schedule where none is named");
        var scheduler = CommonOptions.Word<OtherScheduler>("--as", "For which scheduler");
        scheduler.Required = true;
        var path = new Option<string?>("--out", "-o")
        {
            Description = "The folder to write to; printed where none is named", HelpName = "folder",
        };
        var force = new Option<bool>("--force") { Description = "Replace files that are there" };
        var program = new Option<string?>("--program")
        {
            Description = "Where backupsync is on the machine that runs it, or its image for kubernetes", HelpName = "path",
        };
        var config = CommonOptions.Config();
        var command = new Command("export", "Write files for another scheduler that call sync and plan at the same times")
        {
            names, scheduler, path, force, program, config,
        };
        command.Validators.Add(BackupsCommand.EnsureNothingBefore);
        command.SetAction(parsed =>
        {
            var folder = parsed.GetValue(path) is { } given ? GivenPath.Full(given) : null;
            var files = ScheduleExport.Make(
                parsed.LoadConfig(config), parsed.GetValue(names) ?? [], parsed.GetValue(scheduler)!.Value, parsed.GetValue(program),
                TimeProvider.System, TimeZoneInfo.Local);
            if (folder is null)
                Console.Write(string.Join("\n", files.Select(f => files.Count > 1 ? $"==> {f.Name} <==\n{f.Text}" : f.Text)));
            else
                foreach (var written in ScheduleExport.Write(files, folder, parsed.GetValue(force)))
                    Console.WriteLine(written);
            return ExitCodes.Done;
        });
        return command;
    }
}
