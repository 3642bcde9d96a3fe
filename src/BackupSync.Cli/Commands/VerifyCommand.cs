using System.CommandLine;
using BackupSync.Application;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

/// <summary>
/// <c>verify</c> reads backups to their end, <c>drill</c> restores them on trial; what they prove is written into the manifests.
/// </summary>
static class VerifyCommand
{
    public static Command Create() => Create(
        new Command(
            "verify",
            "Read backups to their end: every byte, and the rows of every table"), BackupProof.Integrity, on: null);

    public static Command CreateDrill()
    {
        var on = ConfigNames.Option<string?>(
            "--on",
            "database",
            "Restore beside this database, on its server [default: a throw-away server on this machine]",
            ConfigNames.Databases);
        return Create(
            new Command(
                "drill",
                "Restore backups on trial, compare every row, and time it against the database's objectives; nothing of "
                    + "it stays") { on }, BackupProof.Drill, on);
    }

    static Command Create(Command command, BackupProof how, Option<string?>? on)
    {
        var selection = new BackupSelection();
        var json = CommonOptions.Json();
        command.Options.Add(json);
        selection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var config = selection.Config(parsed);
            var database = on is null || parsed.GetValue(on) is not { } name ? null
                : (config ?? throw new BackupSyncException(
                    ErrorIds.ConfigurationNotFound,
                    $"--on names {name}, and there is no configuration that has it.",
                    "Name the configuration file with --config.")).Database(name);
            var found = await selection.FindAsync(parsed, config, cancellationToken);
            var results = await RunsView.ShowEachAsync(parsed.GetValue(json), found.Names(), found.Backups,
                (backup, observer) => BackupRunner.ProveAsync(
                    selection.Handle(parsed, backup, config), how, config?.Databases.FirstOrDefault(d => d.Name == backup.Database),
                    database, config, [observer], cancellationToken),
                RunsTable.Show, cancellationToken);
            // What looks like a backup and is none is just what somebody wants to hear of here.
            return ExitCodes.Worst(
                [.. results.Select(r => ExitCodes.Of(r.Outcome)),
                    found.Missing.Count + found.Suspicious > 0 ? ExitCodes.Failed : ExitCodes.Done]);
        });
        return command;
    }
}
