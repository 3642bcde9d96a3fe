using System.Diagnostics.Metrics;
using System.Text.Json;
using BackupSync.Runs;

namespace BackupSync.Reporting;

/// <summary>
/// The meter <c>BackupSync</c>, for whoever collects: OpenTelemetry listens to it, and <see cref="MetricsText"/> writes it for Prometheus.
/// Its values are made of what is known when they are asked for; no database is.
/// </summary>
/// <remarks>
/// Names are those of https://prometheus.io/docs/practices/naming/ with dots in the place of underscores, and without the unit, which
/// exporters add: <c>backupsync.copy.age</c> in <c>s</c> is <c>backupsync_copy_age_seconds</c>.
/// </remarks>
public sealed class Metrics : IDisposable
{
    /// <summary>What the meter is called.</summary>
    public const string MeterName = "BackupSync";

    const string Seconds = "s";
    const string Bytes = "By";

    readonly HealthWatch _watch;
    readonly Meter _meter;

    public Metrics(HealthWatch watch)
    {
        _watch = watch;
        _meter = new Meter(MeterName, RecordedRun.Version);
        Gauge("backupsync.build_info", "", "The version that runs; the value is always 1.",
            () => [Value(1, ("version", RecordedRun.Version))]);
        AddCopies();
        AddRuns();
        AddProbes();
    }

    public void Dispose() => _meter.Dispose();

    /// <summary>Whose values are told.</summary>
    internal Meter Meter => _meter;

    void AddCopies()
    {
        Entries("backupsync.health", "", "How healthy it is: 1 healthy, 0.5 degraded, 0 down.",
            e => e.Status switch { HealthStatus.Healthy => 1, HealthStatus.Degraded => 0.5, _ => 0 });
        Entries("backupsync.copy.timestamp", Seconds, "As of when the newest good copy of a database or job is.", e => Unix(e.LastCopy));
        Entries("backupsync.copy.age", Seconds, "How old that copy is: what would be lost now.", e => e.AgeSeconds);
        Entries("backupsync.copy.age_limit", Seconds, "How old it may be: the RPO of the tier.", e => e.RpoLimitSeconds);
        Entries("backupsync.proof.timestamp", Seconds, "When a backup of it was last proven.", e => Unix(e.LastProof));
        Entries("backupsync.next_due.timestamp", Seconds, "When its schedule comes due next.", e => Unix(e.NextDue));
    }

    void AddRuns()
    {
        Runs("backupsync.last_run.timestamp", Seconds, "When the last run ended, however it did.", r => Unix(r.End));
        Runs("backupsync.last_success.timestamp", Seconds, "When the last run that succeeded ended.", r => Unix(r.LastSuccess));
        Runs("backupsync.last_run.success", "", "Whether the last run succeeded: 1 or 0.", r => r.Outcome == RunOutcome.Succeeded ? 1 : 0);
        Runs("backupsync.last_run.duration", Seconds, "How long the last run took.", r => r.Seconds);
        Runs("backupsync.last_run.size", Bytes, "The size of the backup that the last run took.", r => r.Bytes);
        Runs("backupsync.last_run.rows", "{row}", "How many rows the last run was about.", r => r.Rows);
        Gauge("backupsync.last_run.longest_step", Seconds, "How long the step of the last run took that took longest.", () =>
            from run in _watch.Runs.Latest()
            where run.Value.Longest is not null
            select Value(run.Value.Longest!.DurationSeconds, [.. Labels(run.Key), ("step", Word(run.Value.Longest.Step))]));
        Counter("backupsync.runs", "Runs that were recorded since the service began, by how they ended.", () =>
            from count in _watch.Runs.Counts()
            select Value(
                count.Value, ("job", count.Key.Job), ("kind", Word(count.Key.Kind)), ("outcome", Word(count.Key.Outcome))));
    }

    void AddProbes()
    {
        Entries("backupsync.up", "", "Whether it could be reached when it was last tried: 1 or 0.",
            e => e.Connected is { } connected ? connected ? 1 : 0 : null);
        Entries("backupsync.check.timestamp", Seconds, "When that was, by a probe or a run.", e => Unix(e.LastCheck));
        Entries("backupsync.probe.latency", Seconds, "How long the last probe took.", e => e.Latency / 1000);
        Entries("backupsync.probe.failed_share", "", "The share of the last probes that failed, from 0 to 1.", e => e.FailedShare);
        Entries("backupsync.connections.used", "", "Client connections on its server.", e => e.ConnectionsUsed);
        Entries("backupsync.connections.limit", "", "How many connections this role may have.", e => e.ConnectionsLimit);
    }

    void Entries(string name, string unit, string help, Func<HealthEntry, double?> value) => Gauge(name, unit, help, () =>
        from entry in _watch.Report().All()
        let measured = value(entry)
        where measured is not null
        select Value(measured.Value, ("kind", Word(entry.Kind)), ("name", entry.Name)));

    void Runs(string name, string unit, string help, Func<RunFigure, double?> value) => Gauge(name, unit, help, () =>
        from run in _watch.Runs.Latest()
        let measured = value(run.Value)
        where measured is not null
        select Value(measured.Value, Labels(run.Key)));

    void Gauge(string name, string unit, string help, Func<IEnumerable<Measurement<double>>> values) =>
        _meter.CreateObservableGauge(name, values, unit, help);

    void Counter(string name, string help, Func<IEnumerable<Measurement<double>>> values) =>
        _meter.CreateObservableCounter(name, values, "{run}", help);

    static (string, string)[] Labels(RunSeries series) =>
        [("job", series.Job), ("kind", Word(series.Kind)), ("database", series.Database)];

    static Measurement<double> Value(double value, params (string Name, string Value)[] labels) =>
        new(value, labels.Select(l => new KeyValuePair<string, object?>(l.Name, l.Value)));

    static double? Unix(DateTimeOffset? moment) => moment?.ToUnixTimeMilliseconds() / 1000.0;

    /// <summary>As in the configuration and in JSON.</summary>
    static string Word<T>(T word) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(word.ToString());
}
