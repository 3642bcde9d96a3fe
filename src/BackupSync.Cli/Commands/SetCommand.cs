using System.CommandLine;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Cli.Display;

namespace BackupSync.Cli.Commands;

/// <summary><c>backups set</c>: what backups are tagged with, and how long they are kept.</summary>
static class SetCommand
{
    public static Command Create()
    {
        var selection = new BackupSelection(byTag: false);
        var tag = CommonOptions.NewTag("What it was taken for, such as pre-deployment-20240123");
        var noTag = new Option<bool>("--no-tag") { Description = "It has no tag any more" };
        var pin = new Option<bool>("--pin") { Description = "Keep it for ever, whatever the rules say" };
        var unpin = new Option<bool>("--unpin") { Description = "Keep it as the rules say, or for the days that are stated" };
        var keepDays = CommonOptions.NumberIfAny(
            "--keep-days", "days", "For how many days it is kept", OptionRanges.LeastKeepDays, OptionRanges.MostKeepDays);
        var noKeepDays = new Option<bool>("--no-keep-days") { Description = "No days are stated for it any more: the rules decide" };
        var json = CommonOptions.Json();
        var command = new Command("set", "Change the tag, pin or days to keep of backups; copies in other places stay as they are")
        {
            tag, noTag, pin, unpin, keepDays, noKeepDays, json,
        };
        selection.AddTo(command);
        command.Validators.Add(BackupsCommand.EnsureNothingBefore);
        command.Validators.Add(result => result.Refuse(OptionRules.Labels(
            result.GetResult(tag) is not null, result.GetValue(noTag), result.GetValue(pin), result.GetValue(unpin),
            result.GetResult(keepDays) is not null, result.GetValue(noKeepDays))));
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var config = selection.Config(parsed);
            var found = await selection.FindAsync(parsed, config, cancellationToken);
            var change = new LabelChange
            {
                Tag = parsed.GetValue(tag), NoTag = parsed.GetValue(noTag), Pin = parsed.GetValue(pin), Unpin = parsed.GetValue(unpin),
                KeepDays = parsed.GetValue(keepDays), NoKeepDays = parsed.GetValue(noKeepDays),
            };
            var results = await RunsView.ShowEachAsync(parsed.GetValue(json), found.Names(), found.Backups,
                (backup, observer) => BackupRunner.LabelAsync(
                    selection.Handle(parsed, backup, config), change, [observer], cancellationToken),
                RunsTable.Show, cancellationToken);
            return ExitCodes.Worst(
                [.. results.Select(r => ExitCodes.Of(r.Outcome)), found.Missing.Count > 0 ? ExitCodes.Failed : ExitCodes.Done]);
        });
        return command;
    }
}
