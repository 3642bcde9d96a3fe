using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Operations.Expire;

namespace BackupSync.Application;

/// <summary>
/// Removes backups that are named, by the rules by which they are kept: what one of them keeps goes only where that is said.
/// </summary>
/// <param name="config">Whose plans and jobs; null where there is none.</param>
/// <param name="force">Whether also that goes which a rule keeps.</param>
public sealed class BackupRemoval(BackupSyncConfig? config, bool force)
{
    /// <summary>By place or folder: each is looked at once, as it was before anything went.</summary>
    readonly Dictionary<string, IReadOnlyList<RetentionDecision>> _plans = [];

    /// <summary>What time it is: backups are as old as that.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whether a backup may go, and why; removes nothing.</summary>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupNotFound"/>: it has gone already. Or its place cannot be read.
    /// </exception>
    public async Task<RetentionDecision> DecideAsync(BackupHandle backup, CancellationToken cancellationToken)
    {
        var job = JobOf(backup);
        var plan = await PlanAsync(backup, job, cancellationToken);
        var found = plan.FirstOrDefault(d => d.Backup is { } there && (there.Key ?? there.FileName) == backup.Key
                && (there.RunId, there.Sha256) == (backup.File.RunId, backup.File.Sha256))
            ?? throw new BackupSyncException(
                ErrorIds.BackupNotFound, $"There is no backup {backup.File.Path} any more.",
                $"List what there is with {Spelling.ListBackups}.");
        var decision = found with { Backup = backup.File with { Key = backup.Key } };
        if (job is not null && Undoes(backup.File, job))
            decision = decision with { Remove = false, Reason = $"the safety backup that undoes the last run of {job.Name}" };
        if (!decision.Remove && force)
            decision = decision with { Remove = true, Reason = ForcedReason(decision) };
        // A question may stand for hours. Force is for the reason that was told with it.
        return decision with
        {
            LookAgain = async ct =>
            {
                var again = await new BackupRemoval(config, force: false) { Clock = Clock }.DecideAsync(backup, ct);
                return force && decision.Reason == ForcedReason(again) ? decision : again;
            },
        };
    }

    static string ForcedReason(RetentionDecision kept) => $"although it is kept: {kept.Reason}";

    /// <summary>What to tell of one that a rule keeps; null where it may go.</summary>
    public static BackupSyncException? Refusal(RetentionDecision decision) =>
        decision.Remove ? null : Retention.Kept(decision.Path, decision.Reason);

    /// <summary>The one that keeps it in its own directory; null for none.</summary>
    JobConfig? JobOf(BackupHandle backup) => backup.Place is not FolderPlaceConfig { Directory: var folder } ? null
        : config?.Jobs.FirstOrDefault(j => j.Name == backup.File.Job && RealPath.IsSame(j.Backups.Directory, folder));

    async Task<IReadOnlyList<RetentionDecision>> PlanAsync(BackupHandle backup, JobConfig? job, CancellationToken cancellationToken)
    {
        var now = Clock.GetUtcNow();
        var isPlace = config is not null && config.Places.Contains(backup.Place);
        var folder = (backup.Place as FolderPlaceConfig)?.Directory;
        var key = $"{(isPlace ? backup.Place.Name : folder)}\n{job?.Name}";
        if (!_plans.TryGetValue(key, out var plan))
        {
            plan = isPlace ? await JobBackups.PlanCleanUpAsync(backup.Place, config!, now, cancellationToken)
                : job is not null ? JobBackups.PlanCleanUp(job, keepDays: null, now)
                // What nobody knows is kept as jobs keep theirs that say nothing, and what a plan has taken as plans do.
                : Retention.Plan(
                    folder!, new BackupsConfig { Directory = folder! }.KeepDays, now, job: null, config?.Encryption,
                    [.. (config?.BackupPlans ?? []).Select(JobBackups.RuleOf)]);
            _plans.Add(key, plan);
        }
        return plan;
    }

    static bool Undoes(BackupFile backup, JobConfig job)
    {
        try
        {
            return backup.Kind == BackupKind.Safety && SafetyBackups.Latest(job).FileName == backup.FileName;
        }
        catch (BackupSyncException e) when (e.ErrorId == ErrorIds.BackupNotFound)
        {
            return false; // there is no run of it to undo
        }
    }
}
