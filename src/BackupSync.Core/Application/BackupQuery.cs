using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Application;

/// <summary>Which backups are meant; everything that is not said matches.</summary>
public sealed record BackupQuery
{
    /// <summary>By the configuration's names of the databases.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary>By the name of a plan or job.</summary>
    public string? Job { get; init; }
    public IReadOnlyList<BackupKind> Kinds { get; init; } = [];

    /// <summary>May hold <c>*</c> and <c>?</c>.</summary>
    public string? Tag { get; init; }

    /// <summary>Whose snapshot was taken at this moment or later.</summary>
    public DateTimeOffset? After { get; init; }

    /// <summary>Whose snapshot was taken at this moment or earlier; one without a fraction means all of its second.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>Null for all of the configuration.</summary>
    public string? Place { get; init; }

    /// <summary>
    /// Whether one that is not known to be ours may be the newest, where there is a passphrase that would have signed it.
    /// </summary>
    public bool Unauthenticated { get; init; }

    /// <summary>
    /// Only the newest of each database that was not found to be bad; what a restore was about to replace counts only where
    /// <see cref="Kinds"/> asks for it.
    /// </summary>
    public bool Latest { get; init; }

    /// <summary>What time it is: what is after that is from the future.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The backups in the configuration's places, newest first. A copy in another place is one more.</summary>
    /// <param name="warn">Told of what looks like a backup and is none, and of places that cannot be listed while others can.</param>
    /// <exception cref="BackupSyncException">A name is unknown, or no place can be listed.</exception>
    public async Task<IReadOnlyList<BackupFile>> FindAsync(
        BackupSyncConfig config,
        Action<string>? warn,
        CancellationToken cancellationToken)
    {
        foreach (var database in Databases)
            config.Database(database);
        var places = Place is null ? config.Places : [config.Place(Place)];
        var found = new List<BackupFile>();
        BackupSyncException? failure = null;
        foreach (var place in places)
        {
            try
            {
                found.AddRange((await BackupStore.ListAsync(place, warn, cancellationToken, Databases, config.Encryption)).Where(Matches));
            }
            catch (BackupSyncException e)
            {
                failure ??= e;
                warn?.Invoke(e.Message);
            }
        }
        if (failure is not null && found.Count == 0)
            throw failure;
        var newestFirst = BackupCatalog.NewestFirst(found).ToList();
        if (!Latest)
            return newestFirst;
        var choices = ChooseOfEach(newestFirst);
        foreach (var warning in choices.SelectMany(c => c.Warnings))
            warn?.Invoke(warning);
        return [.. BackupCatalog.NewestFirst(choices.Select(c => c.Backup).OfType<BackupFile>())];
    }

    /// <summary>The one backup that is meant: the newest that matches and was not found to be bad.</summary>
    /// <param name="warn">
    /// Told, besides, of newer ones that are bad, and where it could not be proven itself, or is from the future.
    /// </param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupNotFound"/>.</exception>
    public async Task<BackupFile> FindOneAsync(BackupSyncConfig config, Action<string>? warn, CancellationToken cancellationToken)
    {
        var found = await (this with { Latest = false }).FindAsync(config, warn, cancellationToken);
        var choice = Choose(found);
        var newest = choice.Backup ?? throw NoGoodOne(found, config);
        foreach (var warning in choice.Warnings)
            warn?.Invoke(warning);
        if (newest.Proof is { Verdict: ProofVerdict.NotProven } proof)
            warn?.Invoke(
                $"{newest.Path} could not be proven when that was tried ({proof.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC): "
                    + $"{proof.Problem}");
        return newest;
    }

    /// <summary>What <see cref="FindOneAsync"/> would take of each database that there is a backup of.</summary>
    internal IReadOnlyList<BackupChoice> ChooseOfEach(IReadOnlyList<BackupFile> newestFirst) =>
        [.. newestFirst.GroupBy(b => b.Database).Select(g => Choose([.. g]))];

    /// <summary>Why nothing was chosen of the databases, and what comes near.</summary>
    /// <param name="found">What matches, newest first.</param>
    internal BackupSyncException NoGoodOne(IReadOnlyList<BackupFile> found, BackupSyncConfig config) => new(
        ErrorIds.BackupNotFound, $"There is no good backup of {string.Join(", ", Databases)}"
            + (Before is { } moment ? $" from {moment.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC or before" : "")
            + (Tag is null ? "" : $" with the tag {Tag}") + $" in {Place ?? "any place"}.",
        OfRuns(config) is { } kept
            ? $"The job '{kept.Job}' has kept what it copied at {kept.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: {kept.Path}. "
                + $"Name it by its path, and where it is to go: {Spelling.PathAndTo}."
        : found.FirstOrDefault(b => !Unauthenticated && b.NotAuthenticated is not null) is { } doubtful
            ? $"The newest of those that are not authenticated is {doubtful.Path} of "
                + $"{doubtful.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: "
                + $"{doubtful.NotAuthenticated}. {doubtful.UnauthenticatedAdvice}"
        : found.FirstOrDefault(b => b.Proof is { Bad: true }) is { } last
            ? $"The newest of those that were found to be bad is {last.Path} of {last.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss} "
                + $"UTC: {last.Proof!.Problem} Named by its path, it is restored as far as its bytes are whole."
            : $"List what there is with {Spelling.ListBackups}.");

    /// <summary>The newest of each job and kind that was not found to be bad.</summary>
    /// <param name="newestFirst">Backups in directories of jobs.</param>
    public static IEnumerable<BackupFile> LatestOfJobs(IEnumerable<BackupFile> newestFirst) =>
        newestFirst.Where(b => b is { NotAuthenticated: null, Proof: not { Bad: true } }).DistinctBy(b => (b.Job, b.Kind));

    /// <summary>The newest of the dumps that syncs have kept, which are in no place of the configuration.</summary>
    BackupFile? OfRuns(BackupSyncConfig config) => Place is not null ? null : BackupCatalog.NewestFirst(
        config.Jobs.Where(j => Databases.Contains(j.SourceDatabase.Name))
            .SelectMany(j => BackupCatalog.List(j.Backups.Directory, encryption: j.Signing)))
        .FirstOrDefault(b => b.Kind == BackupKind.Source && Matches(b) && MayBeLatest(b));

    /// <summary>A restore that turns out to be wrong is repeated with another backup, not with what it was to repair.</summary>
    bool MayBeLatest(BackupFile backup) =>
        (Unauthenticated || backup.NotAuthenticated is null) && backup.Proof is not { Bad: true }
        && (backup.Kind != BackupKind.Safety || Kinds.Contains(BackupKind.Safety));

    /// <param name="newestFirst">Of one database.</param>
    BackupChoice Choose(IReadOnlyList<BackupFile> newestFirst)
    {
        var chosen = newestFirst.FirstOrDefault(MayBeLatest);
        var newer = newestFirst.Where(b => chosen is null || b.Created > chosen.Created).ToList();
        return new BackupChoice(chosen,
            [.. newer.Where(b => !Unauthenticated && b.NotAuthenticated is not null)],
            [.. newer.Where(b => chosen is not null && b.Proof is { Bad: true })],
            chosen is not null && IsFromTheFuture(chosen));
    }

    /// <summary>Whether it is the newest only by a clock that was or is wrong.</summary>
    internal bool IsFromTheFuture(BackupFile backup) => FutureMoment.Is(backup.Created, Clock.GetUtcNow());

    /// <summary>
    /// Whether a backup is as asked for, wherever it is: <see cref="Place"/> and <see cref="Latest"/> say nothing of a single one.
    /// </summary>
    public bool Matches(BackupFile backup) =>
        (Databases.Count == 0 || Databases.Contains(backup.Database))
        && (Job is null || Job == backup.Job)
        && (Kinds.Count == 0 || Kinds.Contains(backup.Kind))
        && (Tag is null || (backup.Tag is { } tag && TagPattern.Matches(Tag, tag)))
        && (After is not { } after || backup.Created >= after)
        && (Before is not { } before || Moments.IsAtOrBefore(backup.Created, before));
}
