using BackupSync.Configuration;
using BackupSync.Places;

namespace BackupSync.Backups;

/// <summary><see cref="Retention"/> for whole places.</summary>
public static class PlaceRetention
{
    /// <summary>Decides about every file of a place by the rules of the plans that took them; removes nothing.</summary>
    /// <param name="config">Whose plans.</param>
    public static Task<IReadOnlyList<RetentionDecision>> PlanAsync(PlaceConfig place, BackupSyncConfig config, DateTimeOffset now, CancellationToken cancellationToken) =>
        PlanAsync(place, RetentionRules.OfPlans(config.BackupPlans), now, cancellationToken);

    internal static async Task<IReadOnlyList<RetentionDecision>> PlanAsync(PlaceConfig config, RetentionRules rules, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var place = BackupPlaces.Open(config);
        return Retention.Decide(await BackupStore.ScanAsync(place, cancellationToken), rules, now);
    }

    /// <summary>
    /// Removes what the plan says; the manifest goes first, so that a half-removed backup is none, and the companions last.
    /// What has gone already is no error. Returns what was removed.
    /// </summary>
    /// <param name="warn">Told of each file that cannot be removed; where there is none, the first such failure is thrown after the others were tried.</param>
    public static async Task<IReadOnlyList<RetentionDecision>> ApplyAsync(
        PlaceConfig config, IEnumerable<RetentionDecision> plan, Action<string>? warn, CancellationToken cancellationToken)
    {
        await using var place = BackupPlaces.Open(config);
        var removed = new List<RetentionDecision>();
        BackupSyncException? failure = null;
        foreach (var decision in plan)
        {
            if (decision is not { Remove: true, Backup.Key: { } key })
                continue;
            try
            {
                await place.DeleteAsync(key + ManifestStore.Suffix, cancellationToken);
                if (await place.DeleteAsync(key, cancellationToken))
                    removed.Add(decision);
                foreach (var companion in decision.Companions)
                    await place.DeleteAsync(BackupStore.Sibling(key, companion), cancellationToken);
            }
            catch (BackupSyncException e)
            {
                failure ??= e;
                warn?.Invoke(e.Message);
            }
        }
        return failure is null || warn is not null ? removed : throw failure;
    }
}
