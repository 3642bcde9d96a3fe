using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Reporting;

/// <summary>A job's or plan's runs of a kind, of one database: what metrics tell apart.</summary>
/// <param name="Database">Which one is written or, by a backup, read; empty for what is done with a backup that was there already.</param>
sealed record RunSeries(string Job, RunKind Kind, string Database)
{
    public static RunSeries Of(RunResult run) => new(run.Job, run.Kind, run.Kind switch
    {
        RunKind.Sync or RunKind.Restore => run.Target,
        RunKind.Backup => run.Source,
        _ => "",
    });
}

/// <summary>The last run of a series, in figures.</summary>
/// <param name="Bytes">Of the backup that it took; null where it took none.</param>
/// <param name="Longest">The step that took longest; null where it is not known.</param>
sealed record RunFigure(
    DateTimeOffset End, RunOutcome Outcome, double Seconds, long? Bytes, long? Rows, StepResult? Longest, DateTimeOffset? LastSuccess);

/// <summary>
/// The last run of each series, and how many were recorded since this began, whoever ran them: a cmdlet, a timer or the service. Read from
/// the histories, each time no further than what is new.
/// </summary>
sealed class RunFigures
{
    /// <summary>A run of another process may be written a little later than one that ended after it.</summary>
    static readonly TimeSpan LateRecord = TimeSpan.FromHours(1);

    readonly BackupSyncConfig _config;
    readonly Lock _lock = new();
    readonly Dictionary<RunSeries, RunFigure> _figures = [];
    readonly Dictionary<(string Job, RunKind Kind, RunOutcome Outcome), long> _counts = [];
    Dictionary<string, DateTimeOffset> _seen = [];
    DateTimeOffset _from;

    RunFigures(BackupSyncConfig config) => _config = config;

    /// <param name="warn">Told of what cannot be read.</param>
    public static RunFigures Read(BackupSyncConfig config, DateTimeOffset now, Action<string> warn)
    {
        var figures = new RunFigures(config) { _from = now - LateRecord };
        // Prometheus sees no increase in a series that begins with its first run.
        foreach (var outcome in Enum.GetValues<RunOutcome>())
        {
            foreach (var job in config.Jobs)
                figures._counts[(job.Name, RunKind.Sync, outcome)] = 0;
            foreach (var plan in config.BackupPlans)
                figures._counts[(plan.Name, RunKind.Backup, outcome)] = 0;
        }
        foreach (var folder in HistoryFolder.Of(config, warn))
            Guarded(() => figures.ReadLatest(folder.Directory), warn);
        Guarded(() =>
        {
            foreach (var run in figures.New())
                figures._seen[run.RunId] = run.EndTime;
        }, warn);
        return figures;
    }

    /// <summary>Takes in what was recorded since.</summary>
    public void Update(DateTimeOffset now, Action<string> warn) => Guarded(() =>
    {
        lock (_lock)
        {
            foreach (var run in New().Where(r => !_seen.ContainsKey(r.RunId)).Reverse())
            {
                _seen[run.RunId] = run.EndTime;
                Add(run);
                var key = (run.Job, run.Kind, run.Outcome);
                _counts[key] = _counts.GetValueOrDefault(key) + 1;
            }
            _from = now - LateRecord;
            _seen = _seen.Where(s => s.Value >= _from).ToDictionary();
        }
    }, warn);

    public IReadOnlyList<KeyValuePair<RunSeries, RunFigure>> Latest()
    {
        lock (_lock)
            return [.. _figures];
    }

    public IReadOnlyList<KeyValuePair<(string Job, RunKind Kind, RunOutcome Outcome), long>> Counts()
    {
        lock (_lock)
            return [.. _counts];
    }

    IEnumerable<RunResult> New() => new RunQuery().Find(_config, _ => { }).TakeWhile(r => r.EndTime >= _from);

    void Add(RunResult run)
    {
        var series = RunSeries.Of(run);
        var before = _figures.GetValueOrDefault(series);
        if (before is null || before.End <= run.EndTime)
            _figures[series] = Of(run, run.Success ? run.EndTime : before?.LastSuccess);
    }

    /// <summary>The latest of a folder; what is left of their records besides is looked for in the history.</summary>
    void ReadLatest(string directory)
    {
        var latest = LatestRuns.Read(directory);
        if (latest.Count == 0)
            return;
        var sought = latest.Select(r => r.Last.RunId).ToHashSet(StringComparer.Ordinal);
        var runs = RunHistory.Read(directory, where: h => sought.Contains(h.RunId), since: latest.Min(r => r.Last.StartTime))
            .Take(sought.Count).DistinctBy(r => r.RunId).ToDictionary(r => r.RunId);
        foreach (var run in latest)
        {
            var series = new RunSeries(run.Job, run.Kind, run.Database ?? "");
            if (_figures.TryGetValue(series, out var other) && other.End >= run.Last.EndTime)
                continue;
            _figures[series] = runs.TryGetValue(run.Last.RunId, out var whole)
                ? Of(whole, run.LastGood?.EndTime)
                : new RunFigure(
                    run.Last.EndTime, run.Last.Outcome, (run.Last.EndTime - run.Last.StartTime).TotalSeconds, null, null, null,
                    run.LastGood?.EndTime);
        }
    }

    static RunFigure Of(RunResult run, DateTimeOffset? lastSuccess) => new(
        run.EndTime, run.Outcome, run.DurationSeconds, run.SourceBackup?.Size, run.Rows, run.Steps.MaxBy(s => s.DurationSeconds),
        lastSuccess);

    static void Guarded(Action work, Action<string> warn)
    {
        try
        {
            work();
        }
        catch (BackupSyncException failure)
        {
            warn(failure.Message);
        }
    }
}
