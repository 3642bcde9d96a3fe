using BackupSync.Alerting;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Tests.Backups;
using Microsoft.Extensions.Time.Testing;

namespace BackupSync.Tests.Runs;

/// <summary>A process that is killed tells nothing any more: what is known of its run is the note that it held.</summary>
[Trait("Needs", "nothing")]
public sealed class StartedRunTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly FakeTimeProvider _clock = new(BackupSamples.Morning.AddHours(1));
    readonly BackupSyncConfig _config;

    public StartedRunTests() => _config = ConfigurationFile.Load(_temp.Write("backupsync.yml", """
        service: { state: state }
        databases: { alpha: { url: "${NOT_SET_ANYWHERE}" }, beta: { url: "${NOT_SET_ANYWHERE}" } }
        places: { local: { directory: backups } }
        jobs: { copy: { source: alpha, target: beta, backups: { directory: copies } } }
        backupPlans: { nightly: { databases: [alpha], places: [local] } }
        alerts: { channels: { ops: { command: ["true"] } } }
        """));

    string Copies => _temp.File("copies");

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task A_run_that_goes_on_has_a_note_that_says_nothing_and_goes_with_its_end()
    {
        var during = (Notes: 0, Unended: 0);

        await RunAsync(() => during = (Notes().Length, StartedRun.Unended(Copies).Count + StartedRun.Settle(Copies).Count));

        Assert.Equal((1, 0), during);
        Assert.Empty(Notes());
    }

    [Fact]
    public async Task A_run_that_was_killed_is_told_by_status_history_and_health_with_the_step_it_died_in()
    {
        RecordGood();
        Kill("killed");

        var status = await StatusAsync("copy");
        var history = new RunQuery().Find(_config, w => Assert.Fail(w)).ToList();

        Assert.Equal((StatusState.Failed, RunOutcome.DidNotEnd), (status.State, status.LastOutcome));
        Assert.Equal(
            "the job did not end, which began at 2025-10-18 06:30 UTC: Its process was killed, or its machine stopped, in the step Dump "
                + "(BackupSync.RunDidNotEnd)", status.Reason);
        Assert.Equal(["killed", "good"], history.Select(r => r.RunId));
        Assert.Equal((RunOutcome.DidNotEnd, 60), (history[0].Outcome, history[0].DurationSeconds));
        Assert.StartsWith("did not end, last seen after 1m 00s", history[0].Summary, StringComparison.Ordinal);
        Assert.Single(Notes()); // who only looks writes nothing
    }

    [Fact]
    public async Task The_next_run_records_it_and_alerts_and_is_the_last_one_then()
    {
        Kill("killed");

        var told = new List<RunEvent>();
        var next = await RunAsync(() => { }, new AlertObserver(_config.Alerts, _clock, Copies), new RunListener(told.Add));

        Assert.Equal([next.RunId, "killed"], RunHistory.Read(Copies).Select(r => r.RunId));
        Assert.Equal(StatusState.Good, (await StatusAsync("copy")).State);
        Assert.Equal("killed", Assert.Single(told.OfType<EarlierRunUnended>()).Result.RunId);
        Assert.Contains(told.OfType<RunLog>(), l => l.Message.StartsWith("The sync killed by copy did not end", StringComparison.Ordinal));
        var alert = Assert.Single(new AlertOutbox(_config.Alerts, _clock).List(all: true));
        Assert.Equal(("copy/failed/RunDidNotEnd", AlertState.Closed), (alert.Key, alert.State));
        Assert.StartsWith("copy: the sync of alpha to beta, begun at", alert.Headline, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_service_records_it_and_alerts_once()
    {
        Kill("killed");
        Kill("backup", RunKind.Backup, Path.Combine(_temp.File("backups"), "alpha"));
        var alerts = new AlertService(_config.Alerts, _clock);

        for (var i = 0; i < 2; i++)
            StatusAlerts.Tell(
                _config, await StatusReport.ReadAsync(_config, [], _clock, w => Assert.Fail(w), default), _clock.GetUtcNow(), alerts);

        Assert.Empty(Notes());
        Assert.Equal(
            ["copy/failed/RunDidNotEnd", "nightly/alpha/failed/RunDidNotEnd"],
            new AlertOutbox(_config.Alerts, _clock).List(all: true).Select(a => a.Key)
                .Where(k => k.EndsWith("/RunDidNotEnd", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(StatusState.Failed, (await StatusAsync("copy")).State);
    }

    [Fact]
    public void A_note_that_was_left_after_the_end_was_recorded_says_nothing()
    {
        Kill("good");
        RecordGood();

        Assert.Empty(StartedRun.Unended(Copies));
        Assert.Empty(StartedRun.Settle(Copies));
        Assert.Empty(Notes());
    }

    [Fact]
    public void A_torn_note_is_of_a_run_that_had_begun_nothing()
    {
        _temp.Write("copies/.run-torn.note", "{\"run_id\": \"to");

        Assert.Empty(LatestRuns.Read(Copies));
        Assert.Empty(StartedRun.Settle(Copies));
        Assert.Empty(Notes());
    }

    /// <summary>The system closes what a process that dies has held.</summary>
    void Kill(string runId, RunKind kind = RunKind.Sync, string? folder = null)
    {
        var began = BackupSamples.Morning.AddMinutes(30);
        var note = StartedRun.Begin(folder ?? Copies, new RunResult
        {
            RunId = runId, Job = kind == RunKind.Sync ? "copy" : "nightly", Kind = kind, Outcome = RunOutcome.DidNotEnd,
            DatabaseName = kind == RunKind.Sync ? null : "alpha", Source = "alpha", Target = "beta", StartTime = began, EndTime = began,
        });
        note.Note(RunStep.Dump, began.AddMinutes(1));
        note.End(isRecorded: false);
    }

    void RecordGood() => new HistoryWriter(Copies, w => Assert.Fail(w)).OnEvent(new RunEnded(RunSamples.Succeeded("good") with
    {
        Job = "copy", Target = "beta", SnapshotTime = BackupSamples.Morning,
    }));

    string[] Notes() => Directory.GetFiles(_temp.Path, ".run-*", SearchOption.AllDirectories);

    async Task<StatusEntry> StatusAsync(string name) =>
        (await StatusReport.ReadAsync(_config, [name], _clock, w => Assert.Fail(w), default)).Entries.Single();

    Task<RunResult> RunAsync(Action work, params IReadOnlyList<IRunObserver> observers)
    {
        var step = new Step(RunStep.Dump, "Dump Alpha", null);
        return RecordedRun.RunAsync(
            new RunDescription(RunKind.Sync, "copy", "alpha", "beta", "Alpha → Beta sync", "Beta", Copies,
                new StepLimit(TimeSpan.FromHours(2), "limits.total")) { Clock = _clock },
            observers,
            run => new TestOperation([step], ct => run.StepAsync(step, (_, _) =>
            {
                work();
                return Task.CompletedTask;
            }, ct)),
            default);
    }
}
