using System.CommandLine;
using BackupSync.Application;
using BackupSync.Application.Views;
using BackupSync.Backups;
using BackupSync.Cli.Display;
using BackupSync.Operations.Expire;

namespace BackupSync.Cli.Commands;

/// <summary><c>backups remove</c>: what is named goes, and what a rule keeps only where that is said.</summary>
static class RemoveCommand
{
    public static Command Create()
    {
        var selection = new BackupSelection();
        var force = new Option<bool>("--force") { Description = "Remove also what a rule keeps; it asks nevertheless" };
        var yes = CommonOptions.Yes();
        var whatIf = CommonOptions.WhatIf();
        var json = CommonOptions.Json();
        var command = new Command("remove", "Remove backups, unless a rule keeps them; copies in other places stay")
        {
            force, yes, whatIf, json,
        };
        selection.AddTo(command);
        command.Validators.Add(BackupsCommand.EnsureNothingBefore);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var config = selection.Config(parsed);
            var found = await selection.FindAsync(parsed, config, cancellationToken);
            var removal = new BackupRemoval(config, parsed.GetValue(force));
            var failed = found.Missing.Count > 0;
            var decided = new List<(BackupHandle Backup, RetentionDecision Decision)>();
            foreach (var handle in found.Backups.Select(b => selection.Handle(parsed, b, config)))
            {
                try
                {
                    var decision = await removal.DecideAsync(handle, cancellationToken);
                    decided.Add((handle, decision));
                    if (BackupRemoval.Refusal(decision) is not { } refusal)
                        continue;
                    Failures.Show(refusal);
                }
                catch (BackupSyncException failure)
                {
                    Failures.Show(failure);
                }
                failed = true;
            }
            if (parsed.GetValue(whatIf))
            {
                Plan([.. decided.Select(d => d.Decision)], parsed.GetValue(json));
                return failed ? ExitCodes.Failed : ExitCodes.Done;
            }
            var going = decided.Where(d => d.Decision.Remove).ToList();
            foreach (var (backup, decision) in going)
                await Console.Error.WriteLineAsync(Printable.Line($"{Question.Remove(backup.File, decision.Reason)}"));
            if (going.Count > 0)
                Consent.Require($"remove {Quantity.Of(going.Count, "backup")}", parsed.GetValue(yes));
            var results = await RunsView.ShowEachAsync(
                parsed.GetValue(json), new FoundBackups([.. going.Select(d => d.Backup.File)]).Names(), going,
                (one, observer) => BackupRunner.RemoveAsync(one.Backup, one.Decision, [observer], cancellationToken),
                RunsTable.Show, cancellationToken);
            return ExitCodes.Worst([.. results.Select(r => ExitCodes.Of(r.Outcome)), failed ? ExitCodes.Failed : ExitCodes.Done]);
        });
        return command;
    }

    static void Plan(IReadOnlyList<RetentionDecision> decisions, bool json)
    {
        if (json)
            Json.Write(decisions);
        else
            ViewTable.Show(ResultViews.Retention, decisions);
    }
}
