using BackupSync.Runs;

namespace BackupSync.Reporting;

/// <summary>How often runs ended how.</summary>
sealed class OutcomeCounts
{
    public int Succeeded { get; private set; }
    public int Failed { get; private set; }

    /// <summary>Those that gave way to another run or were stopped: they say nothing of whether it works.</summary>
    public int NotDone { get; private set; }

    public int All => Succeeded + Failed + NotDone;

    /// <summary>Of those that came to an end of their own, the share that succeeded; null where there are none.</summary>
    public double? SuccessRate => Succeeded + Failed == 0 ? null : (double)Succeeded / (Succeeded + Failed);

    public void Add(RunOutcome outcome)
    {
        switch (outcome)
        {
            case RunOutcome.Succeeded:
                Succeeded++;
                break;
            case RunOutcome.Skipped or RunOutcome.Cancelled:
                NotDone++;
                break;
            default:
                Failed++;
                break;
        }
    }

    public static bool IsFailure(RunOutcome outcome) => outcome is not (RunOutcome.Succeeded or RunOutcome.Skipped or RunOutcome.Cancelled);
}

/// <summary>A day, or a week of a long report, of runs.</summary>
sealed class PeriodFigures
{
    readonly List<double> _seconds = [];

    public OutcomeCounts Counts { get; } = new();

    /// <summary>The newest backup's; null where none was taken.</summary>
    public long? Bytes { get; private set; }

    /// <summary>How long each took that succeeded.</summary>
    public IReadOnlyList<double> Seconds => _seconds;

    /// <summary>Runs come newest first.</summary>
    public void Add(RunResult run)
    {
        Counts.Add(run.Outcome);
        if (!run.Success)
            return;
        _seconds.Add(run.DurationSeconds);
        Bytes ??= run.SourceBackup?.Size;
    }
}

/// <summary>The runs of a job, or of a plan with one of its databases.</summary>
sealed class SeriesFigures(RunSeries series, int periods)
{
    public RunSeries Series { get; } = series;
    public OutcomeCounts Counts { get; } = new();
    public IReadOnlyList<PeriodFigures> Periods { get; } = [.. Enumerable.Range(0, periods).Select(_ => new PeriodFigures())];

    /// <summary>Of those that succeeded.</summary>
    public double? TypicalSeconds => ReportFigures.Median(Periods.SelectMany(p => p.Seconds));
    public double? LongestSeconds => Periods.SelectMany(p => p.Seconds).Select(s => (double?)s).Max();
    public long? Bytes => Periods.LastOrDefault(p => p.Bytes is not null)?.Bytes;

    public void Add(RunResult run, int period)
    {
        Counts.Add(run.Outcome);
        Periods[period].Add(run);
    }
}

/// <summary>
/// What a report tells of the runs of some days, counted as they pass: of a year of runs every five minutes a few megabytes stay.
/// </summary>
sealed class ReportFigures
{
    /// <summary>A longer report has weeks in the place of days.</summary>
    const int MostDays = 92;
    const int DaysOfWeek = 7;
    const int MostFailures = 10;

    readonly Dictionary<RunSeries, SeriesFigures> _series = [];
    readonly SortedDictionary<RunKind, OutcomeCounts> _kinds = [];
    readonly List<RunResult> _failures = [];

    /// <param name="days">How many, today included; days are those of UTC.</param>
    public ReportFigures(DateTimeOffset now, int days)
    {
        DaysOfPeriod = days > MostDays ? DaysOfWeek : 1;
        var periods = (days + DaysOfPeriod - 1) / DaysOfPeriod;
        First = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(1 - days);
        Days = days;
        Periods = [.. Enumerable.Range(0, periods).Select(_ => new OutcomeCounts())];
    }

    /// <summary>Midnight of the first day.</summary>
    public DateTimeOffset First { get; }
    public int Days { get; }
    public int DaysOfPeriod { get; }
    public OutcomeCounts Counts { get; } = new();

    /// <summary>All runs together, oldest first.</summary>
    public IReadOnlyList<OutcomeCounts> Periods { get; }

    /// <summary>Syncs and backups.</summary>
    public IReadOnlyCollection<SeriesFigures> Series => _series.Values;

    /// <summary>Runs of each kind.</summary>
    public IReadOnlyDictionary<RunKind, OutcomeCounts> Kinds => _kinds;

    /// <summary>The last few, newest first.</summary>
    public IReadOnlyList<RunResult> Failures => _failures;

    /// <summary>Newest first.</summary>
    public void Add(RunResult run)
    {
        var period = (int)((run.StartTime - First).TotalDays / DaysOfPeriod);
        // A clock that is ahead has made it tomorrow.
        if (run.StartTime < First || period >= Periods.Count)
            return;
        Counts.Add(run.Outcome);
        Periods[period].Add(run.Outcome);
        if (!_kinds.TryGetValue(run.Kind, out var kind))
            _kinds.Add(run.Kind, kind = new OutcomeCounts());
        kind.Add(run.Outcome);
        if (OutcomeCounts.IsFailure(run.Outcome) && _failures.Count < MostFailures)
            _failures.Add(run);
        if (run.Kind is not (RunKind.Sync or RunKind.Backup))
            return;
        var series = RunSeries.Of(run);
        if (!_series.TryGetValue(series, out var figures))
            _series.Add(series, figures = new SeriesFigures(series, Periods.Count));
        figures.Add(run, period);
    }

    public static double? Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null
            : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2]
            : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
