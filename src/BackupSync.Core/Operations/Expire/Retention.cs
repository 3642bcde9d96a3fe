using System.Text.Json.Serialization;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Places;
using BackupSync.Runs;

namespace BackupSync.Operations.Expire;

/// <param name="Reason">Which rule keeps it or lets it go, as a phrase.</param>
public sealed record RetentionDecision(string Path, long Size, bool Remove, string Reason, BackupFile? Backup)
{
    /// <summary>The names of the files that go with it.</summary>
    internal IReadOnlyList<string> Companions { get; init; } = [];

    /// <summary>Decides once more, by what is there then; null where what has changed since stays.</summary>
    internal Func<CancellationToken, Task<RetentionDecision>>? LookAgain { get; init; }

    [JsonIgnore]
    public string Action => Remove ? "Remove" : "Keep";

    /// <summary>The configuration's name of the place it is in; null in a job's own directory.</summary>
    [JsonIgnore]
    public string? Place => Backup?.Place;

    [JsonIgnore]
    public string FileName => Backup?.FileName ?? System.IO.Path.GetFileName(Path);
}

/// <summary>Which backups have served their time. Only what a manifest says is ours, and expired.</summary>
static class Retention
{
    /// <summary>Decides about every file of a job's backup directory; see <see cref="Decide"/>. Removes nothing.</summary>
    /// <param name="job">The only job whose backups may go, where others keep theirs in the same directory.</param>
    /// <param name="keepDays">0 keeps only the newest of each job, database and kind.</param>
    /// <param name="encryption">Where there is a passphrase: what does not bear its signature stays, and counts for nothing.</param>
    /// <param name="plans">Those that are known, by whose rules their backups are kept; null where all are kept alike.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: the directory or its history cannot be read.</exception>
    public static IReadOnlyList<RetentionDecision> Plan(
        string directory, int keepDays, DateTimeOffset now, string? job = null, EncryptionConfig? encryption = null,
        IReadOnlyList<PlanRule>? plans = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keepDays);
        IEnumerable<RunResult> RunsOf(IReadOnlyList<BackupFile> backups) =>
            RunHistory.Of(directory, [.. backups.Select(b => (b.RunId, b.Created))]);
        var rules = RetentionRules.OfJob(keepDays, job, RunsOf);
        return Decide(BackupFolder.Scan(directory, encryption), plans is null ? rules : rules.WithPlans(plans), now);
    }

    /// <summary>The same of every file of a place; removes nothing.</summary>
    internal static async Task<IReadOnlyList<RetentionDecision>> PlanAsync(
        PlaceConfig config, RetentionRules rules, DateTimeOffset now, EncryptionConfig? encryption, CancellationToken cancellationToken)
    {
        await using var place = BackupPlaces.Open(config);
        return Decide(await BackupStore.ScanAsync(place, cancellationToken, encryption: encryption), rules, now);
    }

    /// <summary>
    /// Decides about every file of a folder or place, backups first and newest first; removes nothing. Age counts up to the
    /// newest good backup of the same job or plan, database and kind, not up to <paramref name="now"/>: a job that has
    /// stopped, or a clock that has jumped, makes no backup old. A backup from the future does not count as the newest.
    /// </summary>
    internal static IReadOnlyList<RetentionDecision> Decide(
        IReadOnlyList<BackupFolderEntry> entries,
        RetentionRules rules,
        DateTimeOffset now)
    {
        var strangers = entries.Where(e => e.Backup is null).Select(e => new RetentionDecision(e.Path, e.Size, false, e.Problem!, null));
        // Whoever can write here could else have the good ones removed by newer ones of his own.
        var doubtful = entries.Where(e => e.Backup?.NotAuthenticated is not null)
            .Select(e => new RetentionDecision(e.Path, e.Size, false, $"not authenticated: {e.Backup!.NotAuthenticated}", e.Backup));
        var backups = entries.Where(e => e.Backup is { NotAuthenticated: null })
            .GroupBy(e => (e.Backup!.Job, e.Backup.Database, e.Backup.Kind))
            .SelectMany(g => new RetentionGroup([.. g], rules, now).Decide());
        return [.. backups.Concat(doubtful).Concat(strangers)
            .OrderByDescending(d => d.Backup?.Created ?? DateTimeOffset.MinValue)
            .ThenByDescending(d => d.Path, StringComparer.Ordinal)];
    }

    /// <summary>They stay until somebody has looked at them, and take space.</summary>
    /// <param name="job">Whose directory it is, where it is one of a sync job's.</param>
    internal static void WarnOfUnauthenticated(IReadOnlyList<RetentionDecision> plan, Action<string> warn, string? job = null)
    {
        var doubtful = plan.Where(d => d.Backup?.NotAuthenticated is not null).ToList();
        if (doubtful.Count == 0)
            return;
        var first = doubtful[0].Backup!;
        var ofJob = doubtful.Exists(d => d.Backup is { Kind: BackupKind.Source } kept && kept.Job == job);
        warn($"Not authenticated, so never removed and never counted: {first.Path}"
            + $"{(doubtful.Count == 1 ? "" : $" and {doubtful.Count - 1} more")}: {first.NotAuthenticated}. "
            + (first.NotAuthenticated == ManifestStore.OtherKey ? ManifestStore.OtherKeyAdvice
                : ofJob ? $"What is yours has to be signed: {Spelling.SignBackupsOf} {job}"
                : $"What is yours has to be signed, each by its path: {first.HowToSign}"));
    }

    /// <summary>
    /// Removes what the plan says; the manifest goes first, so that a half-removed backup is none, and the companions last.
    /// What has gone already is no error. Returns what was removed.
    /// </summary>
    /// <param name="config">The place that the plan is of; a job's own directory is one too.</param>
    /// <param name="warn">
    /// Told of each file that cannot be removed; where there is none, the first such failure is thrown after the others were tried.
    /// </param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.FileFailed"/> or <see cref="ErrorIds.PlaceFailed"/>, without <paramref name="warn"/>;
    /// <see cref="ErrorIds.BackupProtected"/> of one that was pinned since, or changed in another way that keeps it.
    /// </exception>
    public static async Task<IReadOnlyList<RetentionDecision>> ApplyAsync(
        PlaceConfig config, IEnumerable<RetentionDecision> plan, Action<string>? warn, CancellationToken cancellationToken)
    {
        await using var place = BackupPlaces.Open(config);
        var removed = new List<RetentionDecision>();
        BackupSyncException? failure = null;
        foreach (var decision in plan)
        {
            if (decision is not { Remove: true, Backup: { } backup })
                continue;
            var key = backup.Key ?? backup.FileName;
            try
            {
                using var turn = place.TakeTurn(key);
                await EnsureMayStillGoAsync(place, key, decision, backup, cancellationToken);
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

    /// <summary>Somebody may have pinned it since that was decided, or another may have its name.</summary>
    static async Task EnsureMayStillGoAsync(
        IBackupPlace place, string key, RetentionDecision decision, BackupFile backup, CancellationToken cancellationToken)
    {
        if (await BackupStore.ReadManifestIfThereAsync(place, key, cancellationToken) is not { } now)
            return; // what a removal that was interrupted has left, or somebody else's is leaving
        HeldManifest.EnsureIsOf(backup, now, decision.Path);
        if ((now.Tag, now.Pinned, now.KeepDays) == (backup.Tag, backup.Pinned, backup.KeepDays))
            return;
        var again = decision.LookAgain is null ? null : await decision.LookAgain(cancellationToken);
        if (again is not { Remove: true })
            throw Kept(decision.Path, again?.Reason ?? "its tag, pin or days were changed meanwhile");
    }

    /// <summary>What to tell of one that a rule keeps.</summary>
    internal static BackupSyncException Kept(string path, string reason) => new(
        ErrorIds.BackupProtected, $"{path} is kept: {reason}.",
        $"A clean-up removes it in its time. To remove it nevertheless, say so: {Spelling.Force}.");
}
