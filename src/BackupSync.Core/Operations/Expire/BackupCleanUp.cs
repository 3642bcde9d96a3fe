using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Operations.Expire;

/// <summary>Removes what has served its time from every place a plan keeps its backups in.</summary>
static class BackupCleanUp
{
    public static Step Step { get; } = new(RunStep.CleanUp, "Clean up", new StepLimit(TimeSpan.FromMinutes(10), Key: null));

    /// <summary>The last step: the backup is good and in its places by then, so nothing here makes the run a failure.</summary>
    /// <param name="isOurs">Of the same plan, database and kind.</param>
    /// <param name="signing">What manifests are signed with; null where they are not.</param>
    public static async Task RunAsync(
        RunContext run, KeepConfig keep, Func<BackupFile, bool> isOurs, IReadOnlyList<PlaceConfig> places, EncryptionConfig? signing,
        CancellationToken cancellationToken)
    {
        var rule = RetentionRule.Of(keep);
        var ofOthers = RetentionRule.None("of another plan, database or kind");
        var rules = new RetentionRules(b => isOurs(b) ? rule : ofOthers, RetentionRules.NoneEndedWell);
        try
        {
            await run.StepAsync(Step, async (scope, ct) =>
            {
                var removed = new List<RetentionDecision>();
                foreach (var place in places)
                {
                    var plan = await Retention.PlanAsync(place, rules, run.Clock.GetUtcNow(), signing, ct);
                    Retention.WarnOfUnauthenticated(plan, run.Warn);
                    removed.AddRange(await Retention.ApplyAsync(place, plan, run.Warn, ct));
                }
                scope.Note = removed.Count == 0
                    ? "no backup has expired"
                    : $"{removed.Count} expired backups removed, {ByteSizes.Show(removed.Sum(r => r.Size))}";
            }, cancellationToken);
        }
        catch (BackupSyncException failure)
        {
            run.Warn($"The backup is done, but cleaning up was not: {failure.Message}");
        }
    }
}
