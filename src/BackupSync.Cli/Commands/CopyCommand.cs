using System.CommandLine;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

static class CopyCommand
{
    public static Command Create()
    {
        var selection = new BackupSelection();
        var to = ConfigNames.Option<string>("--to", "place", "The place to copy to", ConfigNames.Places);
        to.Required = true;
        var json = CommonOptions.Json();
        var command = new Command(
            "copy",
            "Copy backups to another place, as they are stored, and verify them there, unless they are there already") { to, json };
        selection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var config = selection.Config(parsed) ?? throw new BackupSyncException(
                ErrorIds.ConfigurationNotFound,
                "There is no configuration that has the place.",
                "Name the configuration file with --config.");
            var place = config.Place(parsed.GetRequiredValue(to));
            var found = await selection.FindAsync(parsed, config, cancellationToken, mayFindNone: true);
            if (found.Backups.Count == 0)
            {
                Failures.Warn(FoundBackups.NoneToCopy(place.Name));
                return ExitCodes.Failed;
            }
            var chosen = found with { Backups = await WithoutThoseThereAsync(found.Backups, place, config.Encryption, cancellationToken) };
            var results = await RunsView.ShowEachAsync(parsed.GetValue(json), chosen.Names(), chosen.Backups,
                (backup, observer) => BackupRunner.CopyAsync(
                    selection.Handle(parsed, backup, config), place, config, [observer], cancellationToken),
                RunsTable.Show, cancellationToken);
            return ExitCodes.Worst(
                [.. results.Select(r => ExitCodes.Of(r.Outcome)), found.Missing.Count > 0 ? ExitCodes.Failed : ExitCodes.Done]);
        });
        return command;
    }

    static async Task<IReadOnlyList<BackupFile>> WithoutThoseThereAsync(
        IReadOnlyList<BackupFile> backups, PlaceConfig place, EncryptionConfig? encryption, CancellationToken cancellationToken)
    {
        var there = await BackupStore.HeldAsync(
            place, Failures.Warn, cancellationToken, [.. backups.Select(b => b.Database).Distinct()], encryption);
        var asked = backups.Distinct(there.Comparer).ToList();
        var missing = asked.Where(b => !there.Contains(b)).ToList();
        if (asked.Count - missing.Count is > 0 and var count)
            await Console.Error.WriteLineAsync(FoundBackups.ThereAlready(count, place));
        return missing;
    }
}
