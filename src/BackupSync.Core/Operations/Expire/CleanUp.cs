using BackupSync.Configuration;
using BackupSync.Operations.Publishing;
using BackupSync.Runs;

namespace BackupSync.Operations.Expire;

/// <summary>The last step. The copy is published and checked by then, so nothing here can make the run a failure.</summary>
static class CleanUp
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <param name="publisher">Null where nothing of before is kept but the safety backup.</param>
    public static async Task RunAsync(RunContext run, JobConfig job, IPublisher? publisher)
    {
        // Not the run's own token: stopping now would only leave the previous database behind.
        using var limit = new CancellationTokenSource(job.Limits.Restore + Limit);
        try
        {
            await run.StepAsync(RunStep.CleanUp, "Clean up", null, async (scope, ct) =>
            {
                // What took long to restore may take long to drop.
                await (publisher?.CompleteAsync(ct) ?? Task.CompletedTask);
                limit.CancelAfter(Limit);
                var plan = Retention.Plan(job, keepDays: null, DateTimeOffset.UtcNow);
                Retention.WarnOfUnauthenticated(plan, run.Warn);
                var removed = await Retention.ApplyAsync(FolderPlaceConfig.At(job.Backups.Directory), plan, run.Warn, ct);
                scope.Note = removed.Count == 0
                    ? "no backup has expired"
                    : $"{removed.Count} expired backups removed, {ByteSizes.Show(removed.Sum(r => r.Size))}";
            }, limit.Token);
        }
        catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException or IOException
            or UnauthorizedAccessException)
        {
            run.Warn($"The sync is done, but cleaning up was not: {failure.Message}");
        }
    }
}
