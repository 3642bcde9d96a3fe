using BackupSync.Configuration;
using BackupSync.Operations.Publishing;
using BackupSync.Runs;

namespace BackupSync.Operations.Expire;

/// <summary>The last step. The copy is published and checked by then, so nothing here can make the run a failure.</summary>
static class CleanUp
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <param name="dropsPrevious">Whether the content of before is still there.</param>
    public static Step StepOf(int keepDays, bool dropsPrevious) => new(RunStep.CleanUp, "Clean up", null)
    {
        Plan = $"{(dropsPrevious ? "Drop the previous content and remove" : "Remove")} backups older than {Quantity.Of(keepDays, "day")}",
    };

    /// <param name="publisher">Null where nothing of before is kept but the safety backup.</param>
    public static async Task RunAsync(RunContext run, Step step, RunSettings settings, int keepDays, IPublisher? publisher)
    {
        // Not the run's own token: stopping now would only leave the previous database behind.
        using var limit = new CancellationTokenSource(settings.Limits.Restore + Limit);
        try
        {
            await run.StepAsync(step, async (scope, ct) =>
            {
                // What took long to restore may take long to drop.
                await (publisher?.CompleteAsync(ct) ?? Task.CompletedTask);
                limit.CancelAfter(Limit);
                var plan = Retention.Plan(settings.Folder, keepDays, run.Clock.GetUtcNow(), settings.Job, settings.Signing);
                Retention.WarnOfUnauthenticated(plan, run.Warn, settings.Job);
                var removed = await Retention.ApplyAsync(FolderPlaceConfig.At(settings.Folder), plan, run.Warn, ct);
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
