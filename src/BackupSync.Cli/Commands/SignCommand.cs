using System.CommandLine;
using BackupSync.Application;
using BackupSync.Cli.Display;

namespace BackupSync.Cli.Commands;

/// <summary><c>backups sign</c>: what releases before signatures have left, and whoever looks at it knows to be theirs.</summary>
static class SignCommand
{
    public static Command Create()
    {
        var selection = new BackupSelection(asksForUnauthenticated: false);
        var jobs = ConfigNames.Option<string[]>("--job", "job", "Those that a job has left in its own directory", ConfigNames.Jobs);
        jobs.Aliases.Add("-j");
        var yes = CommonOptions.Yes();
        var json = CommonOptions.Json();
        var command = new Command(
            "sign",
            "Sign manifests that bear no signature yet, when their backups were read to their end") { jobs, yes, json };
        selection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var config = selection.Config(parsed);
            var named = selection.IsNamed(parsed) || parsed.GetResult(jobs) is not null;
            var found = parsed.GetValue(jobs) is { Length: > 0 } names
                ? new FoundBackups([.. names.Distinct().Select(config!.Job).SelectMany(j => JobBackups.List(j, Failures.Warn))])
                : await selection.FindAsync(parsed, config, cancellationToken);
            BackupRunner.EnsureMaySign(config);
            var ofMissing = found.Missing.Count > 0 ? ExitCodes.Failed : ExitCodes.Done;
            // One that is named by its path was not asked for its signature yet.
            var chosen = new FoundBackups([.. found.Backups.Where(b => selection.IsNamed(parsed) || b.NotAuthenticated is not null)]);
            if (chosen.Backups.Count == 0)
            {
                await Console.Error.WriteLineAsync("All of them are signed.");
                return ofMissing;
            }
            // Nobody is asked about what is refused then.
            var refusals = chosen.Backups.Select(b => BackupRunner.RefusalToSign(b, named)).OfType<BackupSyncException>().ToList();
            refusals.ForEach(Failures.Show);
            chosen = new FoundBackups([.. chosen.Backups.Where(b => BackupRunner.RefusalToSign(b, named) is null)]);
            if (refusals.Count > 0)
                ofMissing = ExitCodes.Failed;
            if (chosen.Backups.Count == 0)
                return ofMissing;
            foreach (var backup in chosen.Backups)
                await Console.Error.WriteLineAsync(Printable.Line(Question.Sign(backup).Target));
            Consent.Require("sign these, so that they are taken for yours", parsed.GetValue(yes));
            var results = await RunsView.ShowEachAsync(parsed.GetValue(json), chosen.Names(), chosen.Backups,
                (backup, observer) => BackupRunner.SignAsync(
                    selection.Handle(parsed, backup, config), named, config?.Tools ?? new(), [observer], cancellationToken),
                RunsTable.Show, cancellationToken);
            return ExitCodes.Worst([.. results.Select(r => ExitCodes.Of(r.Outcome)), ofMissing]);
        });
        command.Validators.Add(result =>
        {
            BackupsCommand.EnsureNothingBefore(result);
            if (result.GetResult(jobs) is not null && selection.IsUsed(result))
                result.AddError("A job's backups are in its own directory: databases, --latest, --before, --tag, --all, --place and "
                    + "--path do not go with --job.");
        });
        return command;
    }
}
