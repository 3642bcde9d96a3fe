using System.CommandLine;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

/// <summary>What commands have in common that replace a database's content by a backup: who has to agree, and the run itself.</summary>
sealed class ReplacingOptions
{
    readonly Option<bool> _allowProduction = CommonOptions.AllowProduction();
    readonly Option<bool> _othersWait = CommonOptions.OthersWait();
    readonly Option<bool> _skipRefused = CommonOptions.SkipRefused();
    readonly Option<bool> _unauthenticated = CommonOptions.Unauthenticated();
    readonly Option<bool> _yes = CommonOptions.Yes();
    readonly Option<bool> _whatIf = CommonOptions.WhatIf();
    readonly Option<bool> _json = CommonOptions.Json();

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_allowProduction, _othersWait, _skipRefused, _unauthenticated, _yes, _whatIf, _json])
            command.Options.Add(option);
    }

    public bool IsUnauthenticatedAllowed(ParseResult parsed) => parsed.GetValue(_unauthenticated);

    /// <param name="tables">Patterns of the only tables to restore; none for everything.</param>
    public async Task<int> RestoreAsync(
        ParseResult parsed, BackupFile backup, RestoreTarget to, IReadOnlyList<string> tables, BackupSyncConfig config,
        CancellationToken cancellationToken)
    {
        var target = to.Database;
        var options = new RunOptions
        {
            AllowProduction = parsed.GetValue(_allowProduction),
            OthersWait = parsed.GetValue(_othersWait),
            SkipRefused = parsed.GetValue(_skipRefused),
        };
        var json = parsed.GetValue(_json);
        if (parsed.GetValue(_whatIf))
        {
            if (RestoreRunner.WhatItNeeds(target, options) is { } need)
                Failures.Warn(need);
            RunView.ShowPlan(
                $"{backup.FileName} → {target.Name}",
                RestoreRunner.Plan(backup, tables, target, config, options with { AllowProduction = true },
                    now: await ConnectionTest.LookAsync(target, cancellationToken)),
                json);
            return ExitCodes.Done;
        }

        RestoreRunner.EnsureMayRestore(target, options); // before anybody is asked
        if (!parsed.GetValue(_yes))
            Consent.Require(
                Question.Restore(backup, tables, to, now: await ConnectionTest.LookAsync(target, cancellationToken)), given: false);
        var handle = BackupHandles.Of(backup, config) with { Unauthenticated = IsUnauthenticatedAllowed(parsed) };
        var result = await RunView.ShowAsync(
            json,
            observer => RestoreRunner.RestoreAsync(handle, tables, target, config, options, [observer], cancellationToken));
        return ExitCodes.Of(result.Outcome);
    }
}
