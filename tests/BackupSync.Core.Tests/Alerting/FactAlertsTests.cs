using BackupSync.Alerting;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Scheduling;

namespace BackupSync.Tests.Alerting;

/// <summary>What the service knows without asking anybody, as alerts: ages, proofs, runs that did not take place.</summary>
[Trait("Needs", "nothing")]
public sealed class FactAlertsTests : IDisposable
{
    readonly AlertSamples _samples = new();
    readonly AlertsConfig _alerts;
    readonly AlertService _service;

    public FactAlertsTests()
    {
        _alerts = _samples.Config([AlertSamples.Webhook("team", "http://127.0.0.1:9/")]);
        _service = new AlertService(_alerts, _samples.Clock);
    }

    public void Dispose() => _samples.Dispose();

    DateTimeOffset Now => _samples.Clock.GetUtcNow();

    [Fact]
    public void A_copy_that_will_be_too_old_is_told_before_it_is()
    {
        var job = Job(minutes: 5);
        Tell(job);
        Assert.Empty(Open());

        Tell(job with { LastCopy = Now.AddMinutes(-11), NextDue = Now.AddMinutes(1) });
        Assert.Empty(Open()); // will be as old, but for the run that comes first

        Tell(job with { LastCopy = Now.AddMinutes(-12), NextDue = Now.AddMinutes(9) });
        Assert.Equal("The copy that copy makes will be older than 15m 00s in 3m 00s.", Assert.Single(Open()).Headline);
        Tell(job with { LastCopy = Now.AddMinutes(-20) });
        Assert.Equal("The copy that copy makes is 20m 00s old, and may be 15m 00s.", Assert.Single(Open()).Headline);

        Tell(job with { LastCopy = Now });
        Assert.Empty(Open());
    }

    [Fact]
    public void That_there_has_been_no_copy_for_as_long_as_one_may_be_old_is_told_until_there_is_one()
    {
        var job = Job(minutes: 0) with { State = StatusState.Never, LastCopy = null };
        Tell(job, since: Now.AddMinutes(-15));
        Tell(job with { RpoLimitSeconds = null }, since: Now.AddDays(-1));
        Assert.Empty(Open());

        Tell(job, since: Now.AddMinutes(-16));
        Assert.Equal("copy has made no good copy that is known, and one may be 15m 00s old.", Assert.Single(Open()).Headline);
        Tell(job, since: Now); // a service that has begun anew
        Assert.Single(Open());
        Tell(job with { LastCopy = Now });
        Assert.Empty(Open());

        Tell(job with { Name = "auth", Kind = StatusKind.Database }, since: Now.AddMinutes(-16));
        Assert.Equal("There is no good copy of auth that is known, and one may be 15m 00s old.", Assert.Single(Open()).Headline);
    }

    [Fact]
    public void A_run_that_has_failed_is_not_counted_upon_to_be_in_time()
    {
        Tell(Job(minutes: 12) with { NextDue = Now.AddMinutes(1), LastOutcome = RunOutcome.Aborted });
        Assert.Equal(AlertEventKind.CopyTooOld, Assert.Single(Open()).Kind);
    }

    [Fact]
    public void A_backup_too_old_and_one_never_proven_are_told_of_databases()
    {
        Tell(new StatusEntry
        {
            Name = "auth", Kind = StatusKind.Database, State = StatusState.Late, LastCopy = Now.AddHours(-2), RpoLimitSeconds = 900,
            LastBackup = Now.AddHours(-2), LastProof = Now.AddDays(-36),
        });

        Assert.Equal(["auth/backupTooOld", "auth/notProven"], Open().Select(a => a.Key).Order(StringComparer.Ordinal));
        Assert.Contains("No backup of auth was proven since 2026-10-25", Open().Single(a => a.Kind == AlertEventKind.NotProven).Headline);
    }

    [Fact]
    public void A_failure_whose_process_died_before_it_could_tell_is_told_once()
    {
        var failed = Job(minutes: 1) with
        {
            LastKind = RunKind.Sync, LastRun = Now.AddMinutes(-1), LastOutcome = RunOutcome.RolledBack, ErrorId = ErrorIds.RestoreFailed,
        };
        Tell(failed);
        Tell(failed);

        var alert = Assert.Single(Open());
        Assert.Equal(("copy/rolledBack/RestoreFailed", 1), (alert.Key, alert.Count));
    }

    [Fact]
    public void Scheduled_runs_that_did_not_take_place_are_told_until_one_does()
    {
        ScheduleAlerts.Tell(new ScheduledRunSkipped(Now, ScheduleKind.Job, "copy", Now, "paused until it is resumed: migration")
        {
            IsPaused = true,
        }, _service);
        Assert.Empty(Open());
        ScheduleAlerts.Tell(new ScheduleWarning(Now, ScheduleKind.Job, "copy", "The disk is full.", IsHeld: false), _service);
        Assert.Empty(Open());
        ScheduleAlerts.Tell(new ScheduleWarning(Now, ScheduleKind.Job, "copy", "pauses.json is torn.", IsHeld: true), _service);
        Assert.Contains("the job copy: pauses.json is torn.", Assert.Single(Open()).Headline);
        ScheduleAlerts.Tell(new ScheduledRunSkipped(Now, ScheduleKind.Job, "copy", Now, "it still runs"), _service);
        Assert.Contains("the job copy, due at 2026-11-30 06:00:00 UTC, is left out: it still runs.", Assert.Single(Open()).Headline);
        ScheduleAlerts.Tell(new ScheduledRunEnded(Now, ScheduleKind.Job, "copy", [], null), _service);
        Assert.Empty(Open());
        ScheduleAlerts.Tell(new ScheduledRunEnded(Now, ScheduleKind.Plan, "nightly", [], new BackupSyncException(
            ErrorIds.ConfigurationInvalid, "DATABASE_URL is not set.", "Set it.")), _service);
        Assert.EndsWith("DATABASE_URL is not set.", Assert.Single(Open()).Headline);
    }

    [Fact]
    public void What_is_not_in_the_configuration_any_more_is_over()
    {
        foreach (var (kind, what) in ((AlertEventKind, string)[])
        [
            (AlertEventKind.Failed, "copy"), (AlertEventKind.Failed, "old"), (AlertEventKind.Missed, "copy"),
            (AlertEventKind.Missed, "service/lease"), (AlertEventKind.Failed, "nightly/auth"), (AlertEventKind.Failed, "old/auth"),
            (AlertEventKind.Failed, "by-hand/auth"), (AlertEventKind.BadBackup, "auth/proof"), (AlertEventKind.BadBackup, "old/proof"),
            (AlertEventKind.Unreachable, "auth"), (AlertEventKind.ServiceDown, "gateway"), (AlertEventKind.ServiceDown, "old"),
            (AlertEventKind.ChannelFailed, "channel/team"), (AlertEventKind.ChannelFailed, "channel/old"),
        ])
            _service.Raise(AlertSamples.Failure(what, kind));
        using var temp = new TempFolder();
        var config = ConfigurationFile.Load(temp.Write("backupsync.yml", """
            databases: { auth: { url: "${NOT_SET_ANYWHERE}" }, trading: { url: "${NOT_SET_ANYWHERE}" } }
            places: { local: { directory: backups } }
            jobs: { copy: { source: auth, target: trading } }
            backupPlans: { nightly: { databases: [auth], places: [local] } }
            health: { services: { gateway: { http: "https://gateway.example.com/" } } }
            alerts: { channels: { team: { webhook: { url: "https://alerts.example.com/" } } } }
            """));

        StatusAlerts.TellGone(config, _service);

        Assert.Equal(
            [
                "auth/proof/badBackup", "by-hand/auth/failed", "channel/team/channelFailed", "copy/failed", "gateway/serviceDown",
                "nightly/auth/failed", "service/lease/missed",
            ],
            Open().Select(a => a.Key[..a.Key.LastIndexOf('/')]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_digest_whose_page_cannot_be_made_goes_without_it()
    {
        var config = _alerts with { Digest = new DigestConfig { Cron = "0 8 * * *", To = _alerts.Channels } };
        var warnings = new List<string>();
        var service = new AlertService(
            config, _samples.Clock, warnings.Add, _ => throw new BackupSyncException(ErrorIds.FileFailed, "A history cannot be read."));
        await service.PumpAsync(default);
        _samples.Clock.Advance(TimeSpan.FromHours(2));
        await service.PumpAsync(default);
        await service.PumpAsync(default);
        await service.SentAsync();

        Assert.Equal("The digest has no page: A history cannot be read.", warnings[0]);
        Assert.Single(warnings, w => w.StartsWith("The digest", StringComparison.Ordinal));
    }

    [Fact]
    public void A_pause_that_was_forgotten_is_told()
    {
        var entry = new ScheduleEntry
        {
            Name = "copy", Kind = ScheduleKind.Job, Schedule = "every 5m", TimeZone = "UTC", Next = [], NextLocal = [],
            Pause = new SchedulePause(Now.AddDays(-2), null, "migration"),
        };
        ScheduleAlerts.Tell([entry], Now, _service);
        Assert.Empty(Open());
        ScheduleAlerts.Tell([entry], Now.AddDays(1), _service);
        Assert.Contains("copy has not run for 3d 00h: it is paused until it is resumed: migration", Assert.Single(Open()).Headline);
        // A plan of the same name that runs is not the end of it.
        var plan = entry with { Kind = ScheduleKind.Plan, Pause = null };
        ScheduleAlerts.Tell([entry, plan], Now.AddDays(1), _service);
        ScheduleAlerts.Tell([entry, plan], Now.AddDays(1), _service);
        Assert.Equal(3, Assert.Single(Open()).Count);
        ScheduleAlerts.Tell([plan, plan], Now.AddDays(1), _service);
        Assert.Empty(Open());
    }

    [Fact]
    public async Task That_nobody_runs_anything_is_told_when_it_lasts_until_somebody_does()
    {
        var lease = new UnknownLease();
        var told = new List<string?>();
        var scheduler = new Scheduler(
            () => new BackupSyncConfig { Path = "backupsync.yml", Databases = [], Jobs = [], Places = [] },
            (_, _, _) => Task.FromResult<IReadOnlyList<RunResult>>([]), _ => { }, _samples.Clock, "machine");
        using var stop = new CancellationTokenSource();
        var service = new ScheduleService(scheduler, lease, _ => { }, _samples.Clock, problem =>
        {
            told.Add(problem);
            ScheduleAlerts.TellLease(problem, _service);
        });
        var running = service.RunAsync(stop.Token, default);
        for (var poll = 0; poll < 60; poll++)
            _samples.Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(3, told.Count);
        Assert.Equal(
            "Nothing is run by schedule: who of the services may do so is not known. No connection.", Assert.Single(Open()).Headline);

        lease.Problem = null;
        _samples.Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Empty(Open());
        await stop.CancelAsync();
        await running;
    }

    /// <summary>One that nobody can ask.</summary>
    sealed class UnknownLease : IServiceLease
    {
        public string? Problem { get; set; } = "No connection.";
        public bool IsHeld => false;
        public long Fence => 0;
        public TimeSpan Renewal => TimeSpan.FromSeconds(10);

        public Task<string?> HoldAsync(CancellationToken cancellationToken) => Task.FromResult<string?>("somebody");

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    StatusEntry Job(int minutes) => new()
    {
        Name = "copy", Kind = StatusKind.Job, State = StatusState.Good, LastCopy = Now.AddMinutes(-minutes), RpoLimitSeconds = 900,
        NextDue = Now.AddMinutes(1),
    };

    void Tell(StatusEntry entry, DateTimeOffset? since = null) => StatusAlerts.Tell(
        new BackupSyncConfig { Path = "backupsync.yml", Databases = [], Jobs = [], Places = [], Alerts = _alerts },
        new StatusReport(Now, [entry with { AgeSeconds = (Now - entry.LastCopy)?.TotalSeconds }]), since ?? Now, _service);

    IReadOnlyList<Alert> Open() => new AlertOutbox(_alerts, _samples.Clock).List();
}
