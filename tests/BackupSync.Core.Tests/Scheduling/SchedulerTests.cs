using System.Globalization;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Scheduling;
using BackupSync.Tests.Runs;
using Microsoft.Extensions.Time.Testing;

namespace BackupSync.Tests.Scheduling;

[Trait("Needs", "nothing")]
public sealed partial class SchedulerTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly FakeTimeProvider _clock = new(At("05:59"));
    readonly List<ScheduleEvent> _events = [];
    readonly List<string> _ran = [];
    BackupSyncConfig _config = null!;

    /// <summary>What a run waits for; null for nothing.</summary>
    Func<Task>? _work;
    RunOutcome _outcome = RunOutcome.Succeeded;

    /// <summary>Whether runs leave records.</summary>
    bool _record = true;

    public SchedulerTests() => Configure("cron: \"0 6,18 * * *\"");

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task What_is_due_runs_once()
    {
        var scheduler = Begin();

        Assert.Equal(TimeSpan.FromSeconds(30), scheduler.Look(default));
        _clock.SetUtcNow(At("05:59:50"));
        Assert.Equal(TimeSpan.FromSeconds(10), scheduler.Look(default));
        Assert.Empty(_ran);
        await PassAsync(scheduler, At("06:00"));
        await PassAsync(scheduler, At("06:00:01"));
        await PassAsync(scheduler, At("12:00"));
        await PassAsync(scheduler, At("18:00:02"));

        Assert.Equal(["copy 06:00", "copy 18:00"], _ran);
        Assert.Equal(
            ["the job copy begins", "the job copy has ended: 14 rows"],
            _events.Take(2).Select(e => e.ToString()[..Math.Min(31, e.ToString().Length)]));
    }

    [Fact]
    public async Task A_service_that_was_down_makes_up_the_last_of_what_it_missed()
    {
        Configure("every: 5m, misfireGrace: 20m");
        await PassAsync(Begin(), At("05:59:30"));

        await PassAsync(Begin(), At("07:07"));

        Assert.Equal(["copy 07:07"], _ran);
        Assert.Contains(
            "begins: made up 2m 00s late; so were others, since 2025-10-18 05:59 UTC", _events[0].ToString(),
            StringComparison.Ordinal);
        await PassAsync(Begin(), At("07:10"));
        Assert.Equal(["copy 07:07", "copy 07:10"], _ran);
    }

    [Theory]
    [InlineData("cron: \"0 6,18 * * *\"", "06:09", "made up 9m 00s late")]
    [InlineData("cron: \"0 6,18 * * *\", misfireGrace: 1h", "06:59", "made up 59m 00s late")]
    [InlineData("cron: \"0 6,18 * * *\", misfireGrace: 0", "06:00:59", null)]
    public async Task What_is_in_time_or_within_its_grace_is_run(string schedule, string now, string? why)
    {
        Configure(schedule);
        await PassAsync(Begin(), At("05:59:30"));

        await PassAsync(Begin(), At(now));

        Assert.Single(_ran);
        Assert.Equal(why, Assert.IsType<ScheduledRunStarted>(_events[0]).Why);
    }

    [Theory]
    [InlineData("cron: \"0 6,18 * * *\"", "06:11", "nothing ran it until 11m 00s later, and its grace is 10m 00s")]
    [InlineData("cron: \"0 6,18 * * *\", misfireGrace: 0", "06:02", "nothing ran it until 2m 00s later, and its grace is 0.0s")]
    [InlineData("cron: \"0 6,18 * * *\", catchUp: none", "06:02", "nothing ran it in time, and nothing is made up")]
    public async Task What_is_too_late_is_left_out_and_told(string schedule, string now, string why)
    {
        Configure(schedule);
        await PassAsync(Begin(), At("05:59:30"));

        await PassAsync(Begin(), At(now));
        await PassAsync(Begin(), At("06:30"));

        Assert.Empty(_ran);
        Assert.Equal(why, Assert.IsType<ScheduledRunSkipped>(Assert.Single(_events)).Why);
        var record = Assert.Single(RunHistory.Read(_temp.File("copies")));
        Assert.Equal(
            (RunOutcome.Skipped, "copy", $"Due at 2025-10-18 06:00:00 UTC, left out: {why}."),
            (record.Outcome, record.Job, record.Error?.Message));
        // How the last run ended is not forgotten for it.
        Assert.Empty(LatestRuns.Read(_temp.File("copies")));
    }

    [Fact]
    public async Task A_paused_schedule_is_left_out_until_the_pause_ends_by_itself()
    {
        var scheduler = Begin();
        await PassAsync(scheduler, At("05:59:30"));
        Schedules.Pause(_config, ["copy"], At("12:00"), "migration", _clock, _ => { });

        await PassAsync(scheduler, At("06:00"));
        Assert.Equal("paused until 2025-10-18 12:00 UTC: migration", Assert.IsType<ScheduledRunSkipped>(Assert.Single(_events)).Why);
        await PassAsync(scheduler, At("18:00"));

        Assert.Equal(["copy 18:00"], _ran);
    }

    [Fact]
    public async Task Asked_for_it_runs_though_it_is_paused_and_not_twice_at_once()
    {
        var scheduler = Begin();
        Schedules.Pause(_config, [], null, null, _clock, _ => { });
        var end = new TaskCompletionSource();
        _work = () => end.Task;

        Assert.True(scheduler.RunNow(ScheduleItem.Of(_config)[0], default));
        Assert.False(scheduler.RunNow(ScheduleItem.Of(_config)[0], default));
        end.SetResult();
        await scheduler.EndedAsync();

        Assert.Single(_ran);
    }

    [Theory]
    [InlineData("skip", "copy 06:05;left out: the run before goes on;left out: the run before goes on;copy 06:20")]
    [InlineData("queue", "copy 06:05;left out: the run before goes on, and another waits for its end;copy 06:15;copy 06:20")]
    public async Task A_run_that_goes_on_is_never_overtaken(string overlap, string expected)
    {
        Configure($"every: 5m, overlap: {overlap}");
        var scheduler = Begin();
        await PassAsync(scheduler, At("06:04"));
        var end = await PassWithoutEndAsync(scheduler, At("06:05"));
        Pass(scheduler, At("06:10"));
        Pass(scheduler, At("06:15"));
        end.SetResult();
        await scheduler.EndedAsync();

        await PassAsync(scheduler, At("06:15:01"));
        await PassAsync(scheduler, At("06:20"));

        var told = _events.Select(e => e switch
        {
            ScheduledRunStarted started => $"copy {(started.Due == At("06:10") ? At("06:15") : started.Due):HH:mm}",
            ScheduledRunSkipped skipped => $"left out: {skipped.Why}",
            _ => null,
        });
        Assert.Equal(expected.Split(';'), told.OfType<string>());
    }

    [Theory]
    [InlineData("skip", "left out 06:15: the run before goes on; 1 run before it is not made up")]
    [InlineData("queue", "left out 06:15: the run before goes on, and another waits for its end", "copy 06:10: the run before has ended")]
    public async Task Of_several_that_came_due_while_a_run_goes_on_none_is_left_out_in_silence(string overlap, params string[] expected)
    {
        Configure($"every: 5m, overlap: {overlap}");
        var scheduler = Begin();
        await PassAsync(scheduler, At("06:04"));
        var end = await PassWithoutEndAsync(scheduler, At("06:05"));
        Pass(scheduler, At("06:15")); // the machine slept
        end.SetResult();
        await scheduler.EndedAsync();
        await PassAsync(scheduler, At("06:15:01"));

        Assert.Equal(["copy 06:05: ", .. expected], Told());
    }

    [Fact]
    public async Task One_that_waits_does_not_begin_when_its_schedule_was_paused_meanwhile()
    {
        Configure("every: 5m, overlap: queue");
        var scheduler = Begin();
        await PassAsync(scheduler, At("06:04"));
        var end = await PassWithoutEndAsync(scheduler, At("06:05"));
        Pass(scheduler, At("06:10"));
        Schedules.Pause(_config, ["copy"], null, "migration", _clock, _ => { });
        end.SetResult();
        await scheduler.EndedAsync();
        await PassAsync(scheduler, At("06:11"));

        Assert.Equal(["copy 06:05: ", "left out 06:10: paused until it is resumed: migration"], Told());
    }

    IEnumerable<string> Told() => _events.Select(e => e switch
    {
        ScheduledRunStarted started => $"copy {started.Due:HH:mm}: {started.Why}",
        ScheduledRunSkipped skipped => $"left out {skipped.Due:HH:mm}: {skipped.Why}",
        _ => null,
    }).OfType<string>();

    [Fact]
    public async Task A_run_that_died_with_its_service_is_made_up()
    {
        var scheduler = Begin();
        await PassAsync(scheduler, At("05:59:30"));
        await PassWithoutEndAsync(scheduler, At("06:00"));

        await PassAsync(Begin(), At("06:03"));

        Assert.Equal("its run was ended with the service", _events.OfType<ScheduledRunStarted>().Last().Why);
        Assert.Equal(["copy 06:03"], _ran);
        await PassAsync(Begin(), At("06:04"));
        Assert.Single(_ran);
    }

    [Fact]
    public async Task A_run_that_died_and_is_too_late_to_be_made_up_is_told()
    {
        var scheduler = Begin();
        await PassAsync(scheduler, At("05:59:30"));
        await PassWithoutEndAsync(scheduler, At("06:00"));

        await PassAsync(Begin(), At("06:30"));

        Assert.Empty(_ran);
        Assert.Equal(
            "its run was ended with the service, and its grace, 10m 00s, is over", _events.OfType<ScheduledRunSkipped>().Single().Why);
    }

    [Fact]
    public async Task A_run_that_was_stopped_with_its_service_is_made_up()
    {
        using var stop = new CancellationTokenSource();
        var scheduler = Begin();
        await PassAsync(scheduler, At("05:59:30"));
        _outcome = RunOutcome.Cancelled;
        _work = () => stop.CancelAsync();
        Pass(scheduler, At("06:00"), stop.Token);
        await scheduler.EndedAsync();
        (_outcome, _work) = (RunOutcome.Succeeded, null);

        await PassAsync(Begin(), At("06:01"));

        Assert.Equal(["copy 06:00", "copy 06:01"], _ran);
    }

    [Fact]
    public async Task Of_a_plan_only_the_databases_that_are_missing_are_made_up()
    {
        Configure("cron: \"0 6 * * *\"", isPlan: true);
        var scheduler = Begin();
        await PassAsync(scheduler, At("05:59:30"));
        await PassWithoutEndAsync(scheduler, At("06:00"));
        Record("backups/auth", RunKind.Backup, "nightly", "auth");

        await PassAsync(Begin(), At("06:01"));

        Assert.Equal(["nightly trading 06:01"], _ran);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_stops_nothing()
    {
        Configure("every: 5m");
        var scheduler = Begin();
        await PassAsync(scheduler, At("06:04"));
        await PassAsync(scheduler, At("06:05"));
        // A fake clock only goes forward: what is remembered is made to be of the future instead.
        new ScheduleMemory(_config.Service.State).Set("job copy", new ScheduleProgress(At("06:05").AddYears(1), null), known: null);
        scheduler = Begin();

        await PassAsync(scheduler, At("06:06"));
        await PassAsync(scheduler, At("06:10"));

        Assert.Equal(["copy 06:05", "copy 06:10"], _ran);
    }

    [Fact]
    public async Task A_run_that_fails_to_begin_is_told_and_the_next_one_begins()
    {
        Configure("every: 5m");
        _work = () => throw new BackupSyncException(ErrorIds.ConfigurationInvalid, "A variable is not set.");
        var scheduler = Begin();
        await PassAsync(scheduler, At("05:59"));
        await PassAsync(scheduler, At("06:00"));
        _work = null;

        await PassAsync(scheduler, At("06:05"));

        Assert.Contains("the job copy has ended: A variable is not set.", _events.Select(e => e.ToString()));
        Assert.Equal(["copy 06:05"], _ran);
    }

    [Fact]
    public void The_delay_of_a_machine_stays_the_same_and_is_none_without_jitter()
    {
        Configure("every: 5m, jitter: 1m");
        var item = ScheduleItem.Of(_config)[0];

        var delays = Enumerable.Range(0, 100).Select(n => item.DelayOn($"machine{n}")).ToList();
        Assert.Equal(delays, Enumerable.Range(0, 100).Select(n => item.DelayOn($"machine{n}")));
        Assert.All(delays, d => Assert.InRange(d, TimeSpan.Zero, TimeSpan.FromMinutes(1)));
        Assert.True(delays.Distinct().Count() > 90, "All machines start at once.");
        Configure("every: 5m");
        Assert.Equal(TimeSpan.Zero, ScheduleItem.Of(_config)[0].DelayOn("machine1"));
    }

    void Configure(string schedule, bool isPlan = false) => _config = ConfigurationFile.Load(_temp.Write("backupsync.yml", $$"""
        databases:
          auth: { url: "${NOT_SET_ANYWHERE}" }
          trading: { url: "${NOT_SET_ANYWHERE}" }
        places:
          local: { directory: backups }
        jobs:
          copy: { source: auth, target: trading, backups: { directory: copies }{{(isPlan ? "" : $", schedule: {{ {schedule} }}")}} }
        backupPlans:
          nightly: { databases: all, places: [local]{{(isPlan ? $", schedule: {{ {schedule} }}" : "")}} }
        """));

    /// <summary>A service that has just been started.</summary>
    Scheduler Begin()
    {
        var scheduler = new Scheduler(() => _config, RunAsync, e =>
        {
            lock (_events)
                _events.Add(e);
        }, _clock, "machine");
        scheduler.Recall();
        return scheduler;
    }

    async Task PassAsync(Scheduler scheduler, DateTimeOffset now)
    {
        Pass(scheduler, now);
        await scheduler.EndedAsync();
    }

    /// <summary>What begins goes on until the result is set: for ever, for who is killed.</summary>
    async Task<TaskCompletionSource> PassWithoutEndAsync(Scheduler scheduler, DateTimeOffset now)
    {
        var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        _work = () =>
        {
            begun.SetResult();
            return end.Task;
        };
        Pass(scheduler, now);
        await begun.Task;
        _work = null;
        return end;
    }

    void Pass(Scheduler scheduler, DateTimeOffset now, CancellationToken stopRuns = default)
    {
        _clock.SetUtcNow(now);
        scheduler.Look(stopRuns);
    }

    async Task<IReadOnlyList<RunResult>> RunAsync(ScheduleItem item, IReadOnlyList<string> databases, CancellationToken cancellationToken)
    {
        var outcome = _outcome;
        await (_work?.Invoke() ?? Task.CompletedTask);
        lock (_ran)
            _ran.Add($"{item.Name} {(item.Plan is null ? "" : string.Join(' ', databases) + " ")}{_clock.GetUtcNow():HH:mm}");
        return [.. item.Records.Where(r => databases.Contains(r.Database))
            .Select(r => Record(r.Directory, r.Kind, r.Job, r.Database, outcome))];
    }

    RunResult Record(string folder, RunKind kind, string job, string database, RunOutcome outcome = RunOutcome.Succeeded)
    {
        var result = RunSamples.Succeeded() with
        {
            Job = job, Kind = kind, Source = database, Target = database, Outcome = outcome, StartTime = _clock.GetUtcNow(),
            EndTime = _clock.GetUtcNow(),
        };
        if (_record)
            new HistoryWriter(_temp.File(folder), w => Assert.Fail(w)).OnEvent(new RunEnded(result));
        return result;
    }

    static DateTimeOffset At(string time) =>
        DateTimeOffset.Parse($"2025-10-18T{time}Z", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
