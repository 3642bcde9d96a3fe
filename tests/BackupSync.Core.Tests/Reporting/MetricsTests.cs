using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using BackupSync.Reporting;
using BackupSync.Runs;

namespace BackupSync.Tests.Reporting;

/// <summary>What Prometheus reads, and the rules and the dashboard that are made for it.</summary>
[Trait("Needs", "nothing")]
public sealed partial class MetricsTests : IDisposable
{
    static readonly string Examples = Path.GetFullPath(Path.Combine(FolderOfThisFile(), "..", "..", "..", "examples"));

    readonly ReportScene _scene = new ReportScene().Fill();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task The_text_has_the_format_that_Prometheus_reads()
    {
        var text = await TextAsync();

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", MetricsText.ContentType);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', text);
        var family = "";
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
                family = line.Split(' ')[2];
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                Assert.Matches($"^# TYPE {family} (gauge|counter)$", line);
            else
                Assert.Matches($"^{family}({{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*}})? -?[0-9.eE+-]+$", line);
            Assert.Matches("^backupsync_[a-z_]+$", family);
        }
        Assert.All(Names(text).Where(n => n.EndsWith("_total", StringComparison.Ordinal)), n => Assert.Contains($"# TYPE {n} counter", text,
            StringComparison.Ordinal));
        Assert.DoesNotContain("never-shown", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_are_those_of_the_records()
    {
        var values = Values(await TextAsync());
        var last = _scene.Runs.Last(r => r.Job == "railway-to-neon");
        const string sync = "{job=\"railway-to-neon\",kind=\"sync\",database=\"neon\"}";
        const string refresh = "{job=\"refresh\",kind=\"sync\",database=\"development\"}";

        Assert.Equal(last.EndTime.ToUnixTimeMilliseconds() / 1000.0, values[$"backupsync_last_success_timestamp_seconds{sync}"]);
        Assert.Equal(last.DurationSeconds, values[$"backupsync_last_run_duration_seconds{sync}"]);
        Assert.Equal(last.SourceBackup!.Size, values[$"backupsync_last_run_size_bytes{sync}"]);
        Assert.Equal(20_577, values[$"backupsync_last_run_rows{sync}"]);
        Assert.Equal(last.Steps[1].DurationSeconds, values["backupsync_last_run_longest_step_seconds"
            + sync.Replace("}", ",step=\"restore\"}", StringComparison.Ordinal)]);
        Assert.Equal((1, 0), (values[$"backupsync_last_run_success{sync}"], values[$"backupsync_last_run_success{refresh}"]));
        var good = _scene.Runs.Last(r => r is { Job: "refresh", Success: true });
        Assert.Equal(good.EndTime.ToUnixTimeMilliseconds() / 1000.0, values[$"backupsync_last_success_timestamp_seconds{refresh}"]);
        Assert.Equal(3.5 * 3600 - 1, values["backupsync_copy_age_seconds{kind=\"job\",name=\"railway-to-neon\"}"]);
        Assert.Equal(13 * 3600, values["backupsync_copy_age_limit_seconds{kind=\"job\",name=\"railway-to-neon\"}"]);
        Assert.Equal((31, 97), (
            values["backupsync_connections_used{kind=\"database\",name=\"railway\"}"],
            values["backupsync_connections_limit{kind=\"database\",name=\"railway\"}"]));
        Assert.Equal(0.0032, values["backupsync_probe_latency_seconds{kind=\"database\",name=\"railway\"}"], 6);
        Assert.Equal((1, 0), (
            values["backupsync_up{kind=\"service\",name=\"gateway\"}"], values["backupsync_up{kind=\"database\",name=\"development\"}"]));
        Assert.Equal(0, values["backupsync_health{kind=\"job\",name=\"refresh\"}"]);
    }

    [Fact]
    public async Task Runs_are_counted_once_whoever_has_run_them()
    {
        using var watch = await HealthWatch.StartAsync(_scene.Config, _scene.Clock, _scene.Warnings.Add, default);
        using var metrics = new Metrics(watch);
        // An increase is one of a series that was there before.
        Assert.Contains(
            "backupsync_runs_total{job=\"railway-to-neon\",kind=\"sync\",outcome=\"rollbackFailed\"} 0\n", MetricsText.Of(metrics),
            StringComparison.Ordinal);
        var last = _scene.Runs.Last(r => r.Job == "railway-to-neon");
        foreach (var minutes in new[] { 20, 10 }) // the second is written late
            _scene.Record("copies", last with { RunId = $"{minutes}", EndTime = ReportScene.Now.AddMinutes(-minutes) });
        _scene.Record("copies", last with { RunId = "f", EndTime = ReportScene.Now, Outcome = RunOutcome.RolledBack });

        watch.Runs.Update(ReportScene.Now, _scene.Warnings.Add);
        watch.Runs.Update(ReportScene.Now, _scene.Warnings.Add);

        var values = Values(MetricsText.Of(metrics));
        Assert.Equal(2, values["backupsync_runs_total{job=\"railway-to-neon\",kind=\"sync\",outcome=\"succeeded\"}"]);
        Assert.Equal(1, values["backupsync_runs_total{job=\"railway-to-neon\",kind=\"sync\",outcome=\"rolledBack\"}"]);
        const string sync = "{job=\"railway-to-neon\",kind=\"sync\",database=\"neon\"}";
        Assert.Equal(0, values[$"backupsync_last_run_success{sync}"]);
        Assert.Equal(
            ReportScene.Now.AddMinutes(-10).ToUnixTimeMilliseconds() / 1000.0,
            values[$"backupsync_last_success_timestamp_seconds{sync}"]);
    }

    [Fact]
    public async Task Others_may_listen_to_the_meter()
    {
        using var watch = await HealthWatch.StartAsync(_scene.Config, _scene.Clock, _scene.Warnings.Add, default);
        using var metrics = new Metrics(watch);
        var heard = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == Metrics.MeterName)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => heard.Add($"{instrument.Name} in {instrument.Unit}"));
        listener.Start();
        listener.RecordObservableInstruments();

        Assert.Contains("backupsync.copy.age in s", heard);
    }

    [Theory]
    [InlineData("prometheus-rules.yaml")]
    [InlineData("grafana-dashboard.json")]
    public async Task Examples_name_metrics_and_labels_that_there_are(string file)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Examples, file));
        var metrics = await TextAsync();
        var known = Names(metrics).Append("backupsync_runs_total").ToHashSet();
        var named = MetricName().Matches(text).Select(m => m.Value).Distinct().ToList();

        Assert.True(named.Count > 5, "The metrics were not found.");
        Assert.Empty(named.Except(known));
        if (file.EndsWith(".json", StringComparison.Ordinal))
        {
            using var dashboard = JsonDocument.Parse(text);
            Assert.True(dashboard.RootElement.GetProperty("panels").GetArrayLength() > 5);
        }
    }

    async Task<string> TextAsync()
    {
        using var watch = await HealthWatch.StartAsync(_scene.Config, _scene.Clock, _scene.Warnings.Add, default);
        using var metrics = new Metrics(watch);
        return MetricsText.Of(metrics);
    }

    static IEnumerable<string> Names(string text) =>
        text.Split('\n').Where(l => l.StartsWith("# HELP ", StringComparison.Ordinal)).Select(l => l.Split(' ')[2]);

    static Dictionary<string, double> Values(string text) => text.Split('\n').Where(l => l.Length > 0 && l[0] != '#')
        .ToDictionary(l => l[..l.LastIndexOf(' ')], l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    static string FolderOfThisFile([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex(@"\bbackupsync_[a-z_]+\b")]
    private static partial Regex MetricName();
}
