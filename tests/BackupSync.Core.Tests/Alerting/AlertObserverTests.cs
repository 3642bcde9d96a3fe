using System.Diagnostics;
using System.Text.Json;
using BackupSync.Alerting;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Alerting;

/// <summary>Runs as both heads begin them, whose ends are told: of databases that nothing listens for.</summary>
[Trait("Needs", "nothing")]
public sealed class AlertObserverTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_failed_sync_is_told_with_what_to_do_and_without_its_password()
    {
        await using var receiver = new HttpReceiver();
        var config = Load(receiver.Url, "");
        var result = await JobRunner.SyncAsync(config.Jobs[0], new RunOptions(), [], default);

        Assert.Equal(RunOutcome.Aborted, result.Outcome);
        var body = Assert.Single(receiver.Received).Body;
        var data = JsonDocument.Parse(body).RootElement.GetProperty("data");
        Assert.Equal("copy/failed/ConnectionFailed", data.GetProperty("key").GetString());
        Assert.StartsWith("copy: the sync of a to b failed, and nothing was changed.", data.GetProperty("headline").GetString());
        Assert.Equal(result.RunId, data.GetProperty("details").GetProperty("Run").GetString());
        Assert.DoesNotContain("Zq7Wk9", body);
        Assert.Equal("copy/failed/ConnectionFailed", Assert.Single(new AlertOutbox(config.Alerts, TimeProvider.System).List()).Key);
    }

    [Fact]
    public async Task A_receiver_that_never_answers_holds_up_the_end_of_a_run_for_seconds_and_the_next_run_not_at_all()
    {
        await using var receiver = new HttpReceiver(_ => null);
        var config = Load(receiver.Url, "");
        await JobRunner.SyncAsync(config.Jobs[0], new RunOptions(), [], default);
        var began = Stopwatch.GetTimestamp();
        await JobRunner.SyncAsync(config.Jobs[0], new RunOptions(), [], default);

        // Its backoff is longer than the limit of a run's end, so nothing was tried.
        Assert.Single(receiver.Received);
        Assert.True(Stopwatch.GetElapsedTime(began) < AlertOutbox.SendingLimit, $"{Stopwatch.GetElapsedTime(began)}");
        Assert.Equal(["team"], new AlertOutbox(config.Alerts, TimeProvider.System).List().Single().Waiting);
    }

    [Fact]
    public async Task A_watcher_is_told_start_and_end_with_one_id_and_the_exit_code()
    {
        await using var receiver = new HttpReceiver();
        await using var watcher = new HttpReceiver();
        await JobRunner.SyncAsync(Load(receiver.Url, $"ping: \"{watcher.Url}?create=1\"").Jobs[0], new RunOptions(), [], default);

        var paths = watcher.Received.Select(r => r.Path).ToList();
        Assert.Equal(2, paths.Count);
        var id = paths[0].Split("rid=")[1];
        Assert.True(Guid.TryParse(id, out _));
        Assert.Equal([$"/hook/Zq7Wk9secret/start?create=1&rid={id}", $"/hook/Zq7Wk9secret/1?create=1&rid={id}"], paths);
        Assert.StartsWith("copy: the sync of a to b failed", watcher.Received[1].Body);
    }

    [Fact]
    public async Task A_plan_is_one_start_and_one_end_whatever_becomes_of_its_databases()
    {
        await using var receiver = new HttpReceiver();
        await using var watcher = new HttpReceiver();
        var config = Load(receiver.Url, "", $"backupPlans: {{ nightly: {{ databases: all, ping: \"{watcher.Url}\" }} }}");
        var plan = config.BackupPlans[0];
        await BackupRunner.BackUpAsync(plan.Databases, BackupOrders.Of(plan, config), _ => [], null, default);

        Assert.Equal(["start", "1"], watcher.Received.Select(r => r.Path.Split('/')[^1].Split('?')[0]));
        Assert.Equal("nightly: 2 backups, 2 failed.", watcher.Received[1].Body);
        Assert.Equal(
            ["nightly/a/failed/ConnectionFailed", "nightly/b/failed/ConnectionFailed"],
            new AlertOutbox(config.Alerts, TimeProvider.System).List().Select(a => a.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task That_a_watcher_is_not_reached_is_a_warning_and_no_more()
    {
        await using var receiver = new HttpReceiver();
        await using var watcher = new HttpReceiver(_ => HttpReceiver.Status(404));
        var result = await JobRunner.SyncAsync(
            Load(receiver.Url, $"ping: \"{watcher.Url}\"").Jobs[0], new RunOptions(), [], default);

        Assert.Equal(ErrorIds.ConnectionFailed, result.Error!.Id);
        Assert.Equal(2, watcher.Received.Count);
    }

    [Theory]
    [InlineData(RunOutcome.RolledBack, AlertEventKind.RolledBack)]
    [InlineData(RunOutcome.RollbackFailed, AlertEventKind.RollbackFailed)]
    [InlineData(RunOutcome.Skipped, AlertEventKind.Skipped)]
    [InlineData(RunOutcome.Incomplete, AlertEventKind.Incomplete)]
    [InlineData(RunOutcome.Cancelled, null)]
    [InlineData(RunOutcome.Succeeded, null)]
    public void Each_outcome_is_its_event_and_what_a_server_said_stays_out(RunOutcome outcome, AlertEventKind? kind)
    {
        var run = Run(outcome, new RunError(
            ErrorIds.RestoreFailed, RunStep.Restore, "b: the server said: Key (email)=(jane@example.com) already exists (SQLSTATE 23505).",
            "jane@example.com", "Look at jane@example.com.", "jane@example.com"));
        var told = RunAlerts.EventOf(run);

        Assert.Equal(kind, told?.Kind);
        Assert.DoesNotContain("jane", JsonSerializer.Serialize(told));
    }

    [Fact]
    public void A_good_run_closes_what_failed_and_tells_how_old_the_copy_became()
    {
        using var samples = new AlertSamples();
        var config = samples.Config([AlertSamples.Webhook("team", "http://127.0.0.1:9/")]);
        var observer = new AlertObserver(config, samples.Clock, _folder.Path);
        var now = samples.Clock.GetUtcNow();
        RunHistory.Append(_folder.Path, Run(RunOutcome.Succeeded, null) with
        {
            RunId = "before", StartTime = now.AddHours(-12), EndTime = now.AddHours(-12), SnapshotTime = now.AddHours(-12),
        });
        observer.OnEvent(new RunEnded(Run(RunOutcome.RolledBack, null)));
        samples.Clock.Advance(TimeSpan.FromHours(2));
        now = samples.Clock.GetUtcNow();
        observer.OnEvent(new RunEnded(Run(RunOutcome.Succeeded, null) with { StartTime = now, EndTime = now, SnapshotTime = now }));

        var outbox = new AlertOutbox(config, samples.Clock);
        Assert.Empty(outbox.List());
        var over = Assert.Single(outbox.Store.ReadAll().SelectMany(a => a.Messages), m => m.Purpose == MessagePurpose.Recovered);
        Assert.Contains("Over after 2h 00m", over.FirstLine);
        Assert.Contains("The copy had become 14h 00m old, and is 0.0s old now.", over.FirstLine);
    }

    static RunResult Run(RunOutcome outcome, RunError? error) => new()
    {
        RunId = "0a1b2c3d4e", Job = "copy", Kind = RunKind.Sync, Outcome = outcome, Source = "a", Target = "b", Error = error,
        StartTime = DateTimeOffset.UnixEpoch, EndTime = DateTimeOffset.UnixEpoch,
    };

    BackupSyncConfig Load(string url, string ofJob, string more = "") => ConfigurationFile.Load(_folder.Write("backupsync.yml", $$"""
        databases:
          a: { url: "postgresql://u:Zq7Wk9@127.0.0.1:9/a" }
          b: { url: "postgresql://u:Zq7Wk9@127.0.0.1:9/b" }
        alerts: { channels: { team: { webhook: { url: "{{url}}" } } } }
        jobs:
          copy: { source: a, target: b, limits: { connect: 1s }{{(ofJob.Length > 0 ? $", {ofJob}" : "")}} }
        {{more}}
        """), _ => null);
}
