using System.Text.Json;
using BackupSync.Application;
using BackupSync.Reporting;
using BackupSync.Runs;

namespace BackupSync.Tests.Reporting;

/// <summary>How healthy all is by what is recorded.</summary>
[Trait("Needs", "nothing")]
public sealed class HealthReportTests : IDisposable
{
    readonly ReportScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_job_is_told_with_both_databases_as_monitoring_wants_it()
    {
        _scene.Fill();

        var json = JsonDocument.Parse(HealthJson.Of((await _scene.HealthAsync()).Job())).RootElement;

        Assert.Equal(
            ["status", "primary", "secondary", "activeDatabase", "lastSync", "syncStatus"],
            json.EnumerateObject().Take(6).Select(p => p.Name));
        Assert.Equal("healthy", json.GetProperty("status").GetString());
        Assert.Equal("railway", json.GetProperty("activeDatabase").GetString());
        Assert.Equal("good", json.GetProperty("syncStatus").GetString());
        Assert.Equal(ReportScene.Now.AddHours(-3.5).AddSeconds(1), json.GetProperty("lastSync").GetDateTimeOffset());
        Assert.Equal(ReportScene.Now, json.GetProperty("time").GetDateTimeOffset());
        var (primary, secondary) = (json.GetProperty("primary"), json.GetProperty("secondary"));
        Assert.Equal((true, 3.2, "probe"), (
            primary.GetProperty("connected").GetBoolean(), primary.GetProperty("latency").GetDouble(),
            primary.GetProperty("checkedBy").GetString()));
        Assert.Equal(ReportScene.Now, primary.GetProperty("lastCheck").GetDateTimeOffset());
        Assert.Equal((true, JsonValueKind.Null, "run"), (
            secondary.GetProperty("connected").GetBoolean(), secondary.GetProperty("latency").ValueKind,
            secondary.GetProperty("checkedBy").GetString()));
        Assert.Equal(_scene.Runs.Last(r => r.Job == "railway-to-neon").EndTime, secondary.GetProperty("lastCheck").GetDateTimeOffset());
        Assert.Empty(_scene.Warnings);
    }

    [Fact]
    public async Task All_databases_jobs_and_services_are_told_and_the_worst_of_them_is_the_whole()
    {
        _scene.Fill();

        var health = await _scene.HealthAsync();

        Assert.Equal(
            [
                "railway: Healthy", "neon: Healthy", "billing: Healthy",
                "development: Down (development: dev.example.com:5432 did not answer within 30.0s.)", "railway-to-neon: Healthy",
                "refresh: Down (development does not answer; the job failed at 2026-12-01 06:15 UTC: development: dev.example.com:5432 "
                    + "did not answer within 30.0s (BackupSync.ConnectionFailed); the newest copy is 1d 03h old, and may be 13h 00m)",
                "gateway: Healthy", "search: Healthy",
            ],
            health.All().Select(e => e.ToString()));
        Assert.Equal((HealthStatus.Down, false), (health.Status, health.IsHealthy));
        Assert.Equal((31, 97), (health.Databases[0].ConnectionsUsed, health.Databases[0].ConnectionsLimit));
        Assert.DoesNotContain("never-shown", HealthJson.Of(health), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_never_ran_and_was_never_asked_is_not_healthy_and_not_known_to_be_reached()
    {
        var health = await _scene.HealthAsync();

        var job = health.Job("railway-to-neon");
        Assert.Equal((HealthStatus.Degraded, StatusState.Never, null, null), (
            job.Status, job.SyncStatus, job.Primary.Connected, job.Primary.LastCheck));
        Assert.Equal("railway, not known whether it can be reached", job.Primary.ToString());
        Assert.Equal("it was never probed: backupsync serve does that", health.Services[0].Reason);
        Assert.Equal(HealthStatus.Degraded, health.Status);
    }

    [Fact]
    public async Task The_newest_of_probe_and_run_tells_whether_a_database_is_there()
    {
        _scene.Fill();
        _scene.Clock.Advance(TimeSpan.FromMinutes(1));
        _scene.Probe(ProbeKind.Database, "railway", new ProbeAnswer(null, "railway: no answer."));
        var failing = await _scene.HealthAsync();
        Assert.Equal((HealthStatus.Degraded, false, HealthCheck.Probe), (
            failing.Databases[0].Status, failing.Databases[0].Connected, failing.Databases[0].CheckedBy));
        Assert.Equal("railway does not answer", failing.Job().Reason);

        _scene.Clock.Advance(TimeSpan.FromMinutes(1));
        _scene.Probe(ProbeKind.Database, "railway", new ProbeAnswer(null, "railway: no answer."));
        var down = await _scene.HealthAsync();
        Assert.Equal((HealthStatus.Down, HealthStatus.Down), (down.Databases[0].Status, down.Job().Status));

        var now = _scene.Clock.GetUtcNow();
        _scene.Record("copies", _scene.Runs.Last(r => r.Job == "railway-to-neon") with
        {
            RunId = "newer", StartTime = now.AddSeconds(1), EndTime = now.AddSeconds(40), SnapshotTime = now.AddSeconds(2),
        });
        var reached = (await _scene.HealthAsync()).Databases[0];
        Assert.Equal((HealthStatus.Healthy, true, HealthCheck.Run), (reached.Status, reached.Connected, reached.CheckedBy));
    }

    [Fact]
    public async Task What_was_probed_long_ago_is_not_known_any_more()
    {
        _scene.Fill();
        var before = await _scene.HealthAsync();
        Assert.Equal((HealthStatus.Healthy, true), (before.Services[0].Status, before.Services[0].Connected));

        _scene.Clock.Advance(TimeSpan.FromMinutes(10));
        var after = await _scene.HealthAsync();

        var service = after.Services[0];
        Assert.Equal((HealthStatus.Degraded, null, null), (service.Status, service.Connected, service.Latency));
        Assert.Matches("^it was not probed for 1.m ..s: backupsync serve does that$", service.Reason);
        Assert.Equal((HealthStatus.Degraded, HealthCheck.Run), (after.Databases[0].Status, after.Databases[0].CheckedBy));
    }

    [Fact]
    public async Task A_target_that_could_not_be_brought_back_is_down()
    {
        _scene.Fill();
        var last = _scene.Runs.Last(r => r.Job == "railway-to-neon");
        _scene.Record("copies", last with
        {
            RunId = "broken", Outcome = RunOutcome.RollbackFailed, StartTime = last.EndTime.AddHours(1),
            EndTime = last.EndTime.AddHours(1.1),
            Error = new RunError(ErrorIds.RestoreFailed, RunStep.Rollback, "neon: gone.", null, null, "failed"),
        });

        var health = await _scene.HealthAsync();

        Assert.Equal(HealthStatus.Down, health.Job().Status);
        Assert.Equal(HealthStatus.Down, health.Databases.Single(d => d.Name == "neon").Status);
        Assert.Equal(HealthStatus.Healthy, health.Databases.Single(d => d.Name == "railway").Status);
    }

    [Fact]
    public async Task A_record_of_probes_that_cannot_be_read_is_told_and_ends_nothing()
    {
        _scene.Fill();
        var path = Path.Join(ProbeRecord.FolderOf(_scene.Config.Service.State), "service-gateway.json");
        await File.WriteAllTextAsync(path, "{ torn");

        var gateway = (await _scene.HealthAsync()).Services[0];

        Assert.Equal(HealthStatus.Degraded, gateway.Status);
        Assert.Contains("does not tell of probes", gateway.Reason, StringComparison.Ordinal);
        Assert.Contains(path, Assert.Single(_scene.Warnings), StringComparison.Ordinal);
        _scene.Probe(ProbeKind.Service, "search", new ProbeAnswer(1, null));
    }

    [Fact]
    public async Task A_job_that_is_not_there_is_refused_with_the_nearest()
    {
        var health = await _scene.HealthAsync();

        var e = Assert.Throws<BackupSyncException>(() => health.Job("refersh"));

        Assert.Equal(ErrorIds.UnknownName, e.ErrorId);
        Assert.Contains("Did you mean 'refresh'?", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Ages go on, and what comes due is missed, though nothing is read in between.</summary>
    [Fact]
    public async Task The_service_answers_for_each_moment_and_takes_in_what_is_new_when_it_reads_again()
    {
        _scene.Fill();
        using var watch = await HealthWatch.StartAsync(_scene.Config, _scene.Clock, _scene.Warnings.Add, default);
        Assert.Equal(HealthStatus.Healthy, watch.Report().Job().Status);
        Assert.Same(watch.Report(), watch.Report());

        _scene.Clock.Advance(TimeSpan.FromHours(10));
        Assert.Equal("the newest copy is 13h 29m old, and may be 13h 00m", watch.Report().Job().Reason);

        using var stop = new CancellationTokenSource();
        var running = watch.RunAsync(stop.Token);
        var now = _scene.Clock.GetUtcNow();
        _scene.Record("copies", _scene.Runs.Last(r => r.Job == "railway-to-neon") with
        {
            RunId = "newer", StartTime = now.AddMinutes(-1), EndTime = now, SnapshotTime = now.AddMinutes(-1),
        });
        watch.Refresh();
        watch.Refresh();
        await Eventually.IsTrueAsync(() => watch.Report().Job().IsHealthy, "the run is known");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }
}
