using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>Which safety backup undoes a run, and which job it is restored by.</summary>
static class SafetyBackups
{
    /// <summary>
    /// What a job's target held before the last run that changed it. A run that failed leaves a safety backup, too, of what is still there:
    /// undoing by that one would change nothing, and say that it had gone well.
    /// </summary>
    /// <param name="unauthenticated">Whether one may be it that is not known to be ours.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupNotFound"/>, or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static BackupFile Latest(JobConfig job, Action<string>? warn = null, bool unauthenticated = false)
    {
        var all = JobBackups.List(job, warn).Where(b => b.Kind == BackupKind.Safety).ToList();
        var safety = all.Where(b => unauthenticated || b.NotAuthenticated is null).ToList();
        if (safety.Count == 0)
        {
            throw new BackupSyncException(ErrorIds.BackupNotFound,
                $"There is no safety backup of job '{job.Name}' in {job.Backups.Directory}" + (all.Count == 0
                    ? "."
                    : $" that is known to be ours. The newest is {all[0].FileName}, and {all[0].NotAuthenticated}."),
                all.Count == 0 ? null : all[0].UnauthenticatedAdvice);
        }
        foreach (var passed in all.TakeWhile(b => b != safety[0]))
            warn?.Invoke($"Passed over: {passed.FileName} is newer, but not authenticated: {passed.NotAuthenticated}.");
        // The history is read from the newest run on, once, and no further than it takes. Of times nothing is assumed: a run that is
        // missed here counts as one that changed something.
        var ids = safety.Select(b => b.RunId).ToHashSet(StringComparer.Ordinal);
        using var runs = RunHistory.Read(job.Backups.Directory, warn, run => ids.Contains(run.RunId)).GetEnumerator();
        var outcomes = new Dictionary<string, RunOutcome>();
        bool ChangedNothing(BackupFile backup)
        {
            while (!outcomes.ContainsKey(backup.RunId) && runs.MoveNext())
                outcomes.TryAdd(runs.Current.RunId, runs.Current.Outcome);
            return outcomes.TryGetValue(backup.RunId, out var outcome)
                && outcome is RunOutcome.Aborted or RunOutcome.RolledBack or RunOutcome.Cancelled;
        }
        if (safety.FirstOrDefault(b => !ChangedNothing(b)) is not { } latest)
        {
            throw new BackupSyncException(ErrorIds.BackupNotFound,
                $"Every safety backup of job '{job.Name}' was taken by a run that changed nothing: there is no run to undo.",
                $"If others have changed {job.TargetDatabase.Name} since, restore the file: {safety[0].Path}");
        }
        if (latest != safety[0])
        {
            warn?.Invoke($"{safety[0].FileName} is newer, but its run changed nothing: "
                + $"{latest.FileName} holds what was there before the last run that did.");
        }
        if (FutureMoment.Is(latest.Created, TimeProvider.System.GetUtcNow()))
            warn?.Invoke(BackupChoice.FromTheFuture(latest));
        if (warn is not null)
            WarnOfUpdatesSince(latest, job, warn);
        return latest;
    }

    /// <summary>Incremental runs leave no safety backup: of these alone the last state before cannot be brought back.</summary>
    static void WarnOfUpdatesSince(BackupFile latest, JobConfig job, Action<string> warn)
    {
        // Read from the newest on, and no further than the backup.
        var since = RunHistory.Read(job.Backups.Directory, where: run => run.Job == job.Name)
            .TakeWhile(run => run.EndTime > latest.Created)
            .FirstOrDefault(run => run is { Mode: SyncMode.Incremental, Success: true });
        if (since is null)
            return;
        warn($"{latest.FileName} holds what was there before the last full run. Incremental runs, which take no safety backup, have "
            + $"updated {job.TargetDatabase.Name} since, the last at {since.EndTime.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: that "
            + $"goes, too. What was there in between, a backup of {job.SourceDatabase.Name} may hold.");
    }

    /// <summary>The job whose run took a safety backup.</summary>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.UnknownName"/>: the configuration has no such job; one that a restore took belongs to none.
    /// </exception>
    public static JobConfig JobOf(BackupFile backup, BackupSyncConfig config) =>
        config.Jobs.Any(j => j.Name == backup.Job) || backup.Kind != BackupKind.Safety
            ? config.Job(backup.Job)
            : throw new BackupSyncException(ErrorIds.UnknownName,
                $"{backup.FileName} was taken by {backup.Job}, which is no job of {config.Path}.",
                $"A safety backup that a restore took is restored as any other backup: {Spelling.RestoreBackup}. Else name the target's URL.");
}
