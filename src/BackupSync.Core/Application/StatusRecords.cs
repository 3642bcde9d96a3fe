using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>What is recorded of a configuration's databases and jobs: the latest runs of each folder, and the backups of each place.</summary>
sealed class StatusRecords
{
    readonly BackupSyncConfig _config;
    readonly IReadOnlyList<HistoryFolder> _folders;
    readonly Dictionary<string, List<LatestRun>> _ofDatabases;
    readonly Dictionary<string, List<LatestRun>> _ofJobs;
    readonly Dictionary<string, LatestRun?> _syncs;
    readonly Dictionary<string, List<string>> _unreadable = [];
    readonly List<BackupFile> _backups = [];
    readonly Dictionary<string, string> _failedPlaces = [];
    readonly EncryptionConfig? _signing;
    readonly Action<string> _warn;
    readonly DateTimeOffset _now;

    StatusRecords(BackupSyncConfig config, DateTimeOffset now, Action<string> warn)
    {
        (_config, _now, _warn) = (config, now, warn);
        if (config.Encryption is { Problem: not null })
            warn("The passphrase is not set here: whether backups are signed with it was not looked at.");
        else
            _signing = config.Encryption;
        _folders = HistoryFolder.Of(config, warn);
        _ofJobs = config.Jobs.ToDictionary(j => j.Name, j => Latest(JobKey(j.Name), j.Backups.Directory));
        _ofDatabases = config.Databases.ToDictionary(
            d => d.Name, d => _folders.Where(f => f.Database == d.Name).SelectMany(f => Latest(d.Name, f.Directory)).ToList());
        _syncs = config.Jobs.ToDictionary(j => j.Name, j => _ofJobs[j.Name]
            .Find(r => r.Job == j.Name && r.Kind == RunKind.Sync && r.Database == j.Target)
            ?? FromHistory(JobKey(j.Name), j.Backups.Directory, j.Name, RunKind.Sync, j.Target));
    }

    /// <param name="databases">Whose backups are looked for.</param>
    /// <param name="now">What is after that is no measure of what has run.</param>
    /// <param name="warn">Told of each place and record that cannot be read.</param>
    public static async Task<StatusRecords> ReadAsync(
        BackupSyncConfig config, IReadOnlyList<string> databases, DateTimeOffset now, Action<string> warn,
        CancellationToken cancellationToken)
    {
        var records = new StatusRecords(config, now, warn);
        if (databases.Count == 0)
            return records;
        // All at once: one that does not answer takes its time limit.
        foreach (var (place, backups, failure) in await Task.WhenAll(
            config.Places.Select(p => records.ListAsync(p, databases, cancellationToken))))
        {
            records._backups.AddRange(backups);
            if (failure is null)
                continue;
            records._failedPlaces[place.Name] = $"the place {place.Name} cannot be read: {failure.Message}";
            warn(failure.Message);
        }
        return records;
    }

    public StatusFacts Of(DatabaseConfig database)
    {
        var runs = _ofDatabases[database.Name];
        List<BackupPlanConfig> plans = [.. _config.BackupPlans.Where(p => p.Databases.Any(d => d.Name == database.Name))];
        List<JobConfig> jobs = [.. _config.Jobs.Where(j => j.Source == database.Name || j.Target == database.Name)];
        List<BackupFile> backups = [.. BackupCatalog.NewestFirst(
            _backups.Where(b => b is { NotAuthenticated: null, Kind: not BackupKind.Safety } && b.Database == database.Name))];
        var others = OfOtherPassphrase(database.Name, backups.FirstOrDefault());
        var needsCopy = plans.Count > 0 || database.Tier?.Rpo is not null || database.Role == DatabaseRole.Production
            || jobs.Any(j => j.Source == database.Name);
        return new StatusFacts
        {
            Name = database.Name,
            Kind = StatusKind.Database,
            Rpo = database.Tier?.Rpo,
            NeedsCopy = needsCopy,
            RestoredSince = jobs.Where(j => j.Target == database.Name).Select(j => ReplacedAt(j) is { } at
                    ? $"it was restored at {StatusFacts.Shown(at)}, after the last sync by the job {j.Name}" : null)
                .FirstOrDefault(reason => reason is not null),
            Expected = [.. plans.Select(p => ExpectedOf(p, database.Name, runs, backups))],
            Runs = [.. runs, .. jobs.SelectMany(RunsOf)],
            Backups = backups,
            Copies =
            [
                .. backups.Where(b => b.Proof is not { Bad: true }).Select(b => new KeptCopy(b.Created, b.Job)),
                .. jobs.Where(j => ReplacedAt(j) is null).Select(j => SnapshotOf(j, j.Name)).OfType<KeptCopy>(),
            ],
            Lagging = [.. plans.SelectMany(p => Lagging(p, backups)), .. plans.SelectMany(p => Losses(p, database.Name))],
            Unreadable =
            [
                .. Unreadable(database.Name),
                .. others == 0 ? [] : (string[])[$"{Quantity.Of(others, "backup")} {(others == 1 ? "is" : "are")} signed with another "
                    + "passphrase: check it"],
                .. needsCopy ? _failedPlaces.Where(p => plans.Count == 0 || plans.Any(n => n.Places.Any(l => l.Name == p.Key)))
                    .Select(p => p.Value) : [],
            ],
        };
    }

    /// <summary>
    /// How many there are that are newer than every one of ours: with a wrong passphrase that is all of them. Older ones are of before the
    /// passphrase was changed.
    /// </summary>
    int OfOtherPassphrase(string database, BackupFile? newest) => _backups
        .Where(b => b is { NotAuthenticated: ManifestStore.OtherKey, Kind: not BackupKind.Safety } && b.Database == database
            && (newest is null || b.Created > newest.Created))
        .DistinctBy(b => b.FileName).Count();

    /// <summary>
    /// Places that have lost a plan's backups, or do not get them. One that lacks only the newest may be about to be given it.
    /// </summary>
    IEnumerable<string> Lagging(BackupPlanConfig plan, IReadOnlyList<BackupFile> backups)
    {
        List<BackupFile> taken = [.. backups.Where(
            b => b is { Kind: BackupKind.Plan, Proof: not { Bad: true } } && b.Job == plan.Name && !FutureMoment.Is(b.Created, _now))];
        var lastTwo = taken.Select(b => b.RunId).Distinct().Take(2).ToHashSet(StringComparer.Ordinal);
        foreach (var place in plan.Places.Where(p => taken.Count > 0 && !_failedPlaces.ContainsKey(p.Name)))
        {
            List<BackupFile> here = [.. taken.Where(b => b.Place == place.Name)];
            if (!here.Exists(b => lastTwo.Contains(b.RunId)))
                yield return $"the place {place.Name} has no good backup by the plan {plan.Name}"
                    + (here.Count == 0 ? "" : $" since {StatusFacts.Shown(here[0].Created)}")
                    + $", as {taken[0].Place} has of {StatusFacts.Shown(taken[0].Created)}";
        }
    }

    /// <summary>Of all backups, also those that are not known to be ours: they are there.</summary>
    IReadOnlyList<string> Losses(BackupPlanConfig plan, string database)
    {
        try
        {
            var memory = new PlaceMemory(_config.Service.State);
            return [.. plan.Places.Where(p => !_failedPlaces.ContainsKey(p.Name)).SelectMany(place => memory.Losses(
                place, plan.Name, database,
                [.. _backups.Where(b => b.Place == place.Name && b.Database == database && b.Job == plan.Name)], _now))];
        }
        catch (BackupSyncException failure)
        {
            Note(database, failure);
            return [];
        }
    }

    public StatusFacts Of(JobConfig job)
    {
        var sync = _syncs[job.Name];
        var replaced = ReplacedAt(job);
        var backups = BackupsOf(job);
        return new StatusFacts
        {
            Name = job.Name,
            Kind = StatusKind.Job,
            Rpo = job.TargetDatabase.Tier?.Rpo ?? job.SourceDatabase.Tier?.Rpo,
            NeedsCopy = true,
            Expected = [new ExpectedRun("the job", job.Schedule, sync, BeganOf(sync))],
            Runs = RunsOf(job),
            Backups = backups,
            Copies = replaced is null && SnapshotOf(job, $"{sync?.LastGood?.Mode}") is { } copy ? [copy] : [],
            ReplacedAt = replaced,
            Unreadable = Unreadable(JobKey(job.Name)),
        };
    }

    async Task<(PlaceConfig Place, IReadOnlyList<BackupFile> Backups, BackupSyncException? Failure)> ListAsync(
        PlaceConfig place, IReadOnlyList<string> databases, CancellationToken cancellationToken)
    {
        try
        {
            return (place, await BackupStore.ListAsync(place, warn: null, cancellationToken, databases, _signing), null);
        }
        catch (BackupSyncException failure)
        {
            return (place, [], failure);
        }
    }

    List<LatestRun> RunsOf(JobConfig job) => _ofJobs[job.Name].FindAll(r => r.Job == job.Name);

    ExpectedRun ExpectedOf(BackupPlanConfig plan, string database, IReadOnlyList<LatestRun> runs, IReadOnlyList<BackupFile> backups)
    {
        var last = StatusFacts.Newest(runs.Where(r => r.Kind == RunKind.Backup && r.Job == plan.Name), _now)
            ?? StatusFacts.Newest(
                _folders.Where(f => f.Database == database)
                    .Select(f => FromHistory(database, f.Directory, plan.Name, RunKind.Backup, database)),
                _now);
        // Another machine may have taken one since, whose records are not here.
        var all = backups.Where(b => b.Kind == BackupKind.Plan && b.Job == plan.Name).ToList();
        var taken = all.FirstOrDefault(b => !FutureMoment.Is(b.Created, _now));
        if (last is not null && taken is not null && taken.RunId != last.Last.RunId && taken.Created > last.Last.EndTime)
            last = null;
        var began = last is null || (taken is not null && FutureMoment.Is(last.Last.StartTime, _now)) ? null : last;
        return new ExpectedRun(
            $"the plan {plan.Name}", plan.Schedule, last, BeganOf(began) ?? (taken ?? all.FirstOrDefault())?.Created);
    }

    /// <summary>When the last run began that came to its work: one that gives way to another each time leaves the copy to age.</summary>
    static DateTimeOffset? BeganOf(LatestRun? run) => run switch
    {
        null => null,
        { Last.Outcome: RunOutcome.Skipped or RunOutcome.Cancelled, LastGood: { } good } => good.StartTime,
        _ => run.Last.StartTime,
    };

    /// <summary>Of releases before there were latest runs.</summary>
    LatestRun? FromHistory(string of, string directory, string job, RunKind kind, string database)
    {
        IEnumerable<RunResult> Runs(Func<RunHead, bool> where) => RunHistory
            .Read(directory, where: h => h.Job == job && h.Kind == kind && where(h))
            .Where(r => (kind == RunKind.Sync ? r.Target : r.Source) == database);

        try
        {
            return Runs(_ => true).FirstOrDefault() is { } last
                ? new LatestRun(job, kind, database, RunHead.Of(last),
                    Runs(h => h.Outcome == RunOutcome.Succeeded).Select(RunHead.Of).FirstOrDefault(), last.Error)
                : null;
        }
        catch (BackupSyncException failure)
        {
            Note(of, failure);
            return null;
        }
    }

    KeptCopy? SnapshotOf(JobConfig job, string by) =>
        _syncs[job.Name]?.LastGood is { } good ? new KeptCopy(good.SnapshotTime ?? good.StartTime, by) : null;

    /// <summary>When something else was brought to a job's target after its last good sync; null where nothing was.</summary>
    DateTimeOffset? ReplacedAt(JobConfig job) => _syncs[job.Name]?.LastGood is not { } sync ? null
        : _ofJobs[job.Name].Concat(_ofDatabases[job.Target])
            .Where(r => r.Kind == RunKind.Restore && r.Database == job.Target && r.LastGood?.EndTime > sync.EndTime)
            .Select(r => (DateTimeOffset?)r.LastGood!.EndTime).Max();

    IReadOnlyList<BackupFile> BackupsOf(JobConfig job)
    {
        try
        {
            return [.. BackupCatalog.List(job.Backups.Directory, warn: null, _signing)
                .Where(b => b.NotAuthenticated is null && b.Job == job.Name)];
        }
        catch (BackupSyncException failure)
        {
            Note(JobKey(job.Name), failure);
            return [];
        }
    }

    List<LatestRun> Latest(string of, string directory)
    {
        try
        {
            return [.. LatestRuns.Read(directory)];
        }
        catch (BackupSyncException failure)
        {
            Note(of, failure);
            return [];
        }
    }

    void Note(string of, BackupSyncException failure)
    {
        if (!_unreadable.TryGetValue(of, out var reasons))
            _unreadable[of] = reasons = [];
        if (reasons.Contains(failure.Message))
            return;
        reasons.Add(failure.Message);
        _warn(failure.Message);
    }

    IReadOnlyList<string> Unreadable(string of) => _unreadable.GetValueOrDefault(of) ?? [];

    /// <summary>A database may have the name of a job.</summary>
    static string JobKey(string job) => $"job {job}";
}
