using BackupSync.Configuration;
using BackupSync.Operations;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>Which runs are meant; everything that is not said matches.</summary>
public sealed record RunQuery
{
    /// <summary>Of jobs, plans and databases, and <see cref="BackupOrder.ByHandName"/>: a run that any of them means is meant.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>And only those that were about one of these, by the configuration's names: a sync is about two.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];
    public IReadOnlyList<RunKind> Kinds { get; init; } = [];
    public IReadOnlyList<RunOutcome> Outcomes { get; init; } = [];

    /// <summary>Which began at this moment or later.</summary>
    public DateTimeOffset? After { get; init; }

    /// <summary>Which began at this moment or earlier.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>Only so many, after the other conditions: of all together, not of each.</summary>
    public int? Last { get; init; }

    /// <summary>The names by which runs are known that a configuration may have recorded.</summary>
    public static IReadOnlyList<string> KnownNames(BackupSyncConfig config) =>
    [
        .. config.Jobs.Select(j => j.Name)
            .Concat(config.BackupPlans.Select(p => p.Name))
            .Concat(config.Databases.Select(d => d.Name))
            .Append(BackupOrder.ByHandName)
            .Distinct(),
    ];

    /// <summary>The name itself, where something that has a history is called so.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>; the nearest is given.</exception>
    public static string Known(BackupSyncConfig config, string name)
    {
        var known = KnownNames(config);
        return known.Contains(name) ? name : throw config.Unknown("job, backup plan or database", name, known);
    }

    /// <summary>
    /// What a configuration's jobs, plans and databases have a record of, newest first over all, and read no further than asked for.
    /// </summary>
    /// <param name="warn">Told of what cannot be read while other histories can.</param>
    /// <exception cref="BackupSyncException">A name is unknown; or, while it is read, no history can be.</exception>
    public IEnumerable<RunResult> Find(BackupSyncConfig config, Action<string> warn)
    {
        foreach (var name in Names)
            _ = Known(config, name);
        foreach (var database in Databases)
            config.Database(database);
        var folders = HistoryFolder.Of(config, warn)
            .Where(f => Names.Count == 0 || Names.Any(n => f.MayHold(n, config)))
            .Where(f => Databases.Count == 0 || Databases.Any(d => f.MayHold(d, config)));
        return Merge(
            folders.Select(f => (f.Directory, (Func<RunHead, bool>)(run =>
                (Names.Count == 0 || Names.Any(n => f.IsMeant(run, n)))
                && (Databases.Count == 0 || Databases.Any(d => f.IsAbout(run, d)))))),
            warn);
    }

    /// <summary>Of jobs, or of folders; names and databases say nothing of these.</summary>
    /// <inheritdoc cref="Find(BackupSyncConfig, Action{string})"/>
    public IEnumerable<RunResult> Find(IReadOnlyList<JobFolder> folders, Action<string> warn) => Merge(
        folders.Select(f => (f.Directory, (Func<RunHead, bool>)(run => f.Job is null || f.Job.Name == run.Job))), warn);

    IEnumerable<RunResult> Merge(IEnumerable<(string Directory, Func<RunHead, bool> IsMeant)> folders, Action<string> warn) =>
        MergedHistory.Read(
            [
                .. folders.Select(f => RunHistory.Read(f.Directory, warn, run => IsOne(run, f.IsMeant), After)),
                // Each as one of its own: what has left no end is told by nobody in the order of ends.
                .. folders.Select(f => StartedRun.Unended(f.Directory).Where(r => IsOne(RunHead.Of(r), f.IsMeant))),
            ],
            warn)
        .Take(Last ?? int.MaxValue);

    bool IsOne(RunHead run, Func<RunHead, bool> isMeant) => isMeant(run) && Matches(run);

    bool Matches(RunHead run) =>
        (Kinds.Count == 0 || Kinds.Contains(run.Kind))
        && (Outcomes.Count == 0 || Outcomes.Contains(run.Outcome))
        && (After is not { } after || run.StartTime >= after)
        && (Before is not { } before || Moments.IsAtOrBefore(run.StartTime, before));
}
