using BackupSync.Configuration;
using BackupSync.Scheduling;

namespace BackupSync.Tests.Scheduling;

/// <summary>State that is torn, cannot be written or is another machine's; schedules that are long, changed or gone for a while.</summary>
public sealed partial class SchedulerTests
{
    [Fact]
    public async Task A_state_that_cannot_be_written_is_told_once_and_keeps_no_run_from_its_time()
    {
        var scheduler = Begin();
        await PassAsync(scheduler, At("05:59:30"));
        var state = Path.Combine(_config.Service.State, "schedules.json");
        File.Delete(state);
        Directory.CreateDirectory(state);

        foreach (var time in (string[])["06:00", "06:00:30", "18:00"])
            await PassAsync(scheduler, At(time));
        var warning = Assert.Single(_events.OfType<ScheduleWarning>());
        Assert.False(warning.IsHeld);
        Assert.Contains("schedules.json", warning.Message, StringComparison.Ordinal);
        Assert.Equal(["copy 06:00", "copy 18:00"], _ran);

        Directory.Delete(state);
        _clock.SetUtcNow(At("06:00").AddDays(1));
        await PassAsync(scheduler, _clock.GetUtcNow());
        Assert.Null(new ScheduleMemory(_config.Service.State).Read()["job copy"].Claim);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{ \"job copy\": null }")]
    public async Task A_torn_memory_is_begun_anew(string content)
    {
        Directory.CreateDirectory(_config.Service.State);
        File.WriteAllText(Path.Combine(_config.Service.State, "schedules.json"), content);
        var scheduler = Begin();
        await PassAsync(scheduler, At("05:59:30"));
        await PassAsync(scheduler, At("06:00"));

        Assert.Equal(["copy 06:00"], _ran);
        await PassAsync(Begin(), At("06:01"));
        Assert.Single(_ran);
    }

    [Fact]
    public async Task Pauses_that_are_torn_stay_as_they_were()
    {
        var scheduler = Begin();
        Schedules.Pause(_config, ["copy"], At("12:00"), "migration", _clock, _ => { });
        await PassAsync(scheduler, At("05:59:30"));
        File.WriteAllText(Path.Combine(_config.Service.State, "pauses.json"), "{");

        await PassAsync(scheduler, At("06:00"));
        Assert.Empty(_ran);
        await PassAsync(scheduler, At("18:00"));
        Assert.Equal(["copy 18:00"], _ran);
    }

    [Fact]
    public async Task Pauses_that_could_never_be_read_hold_everything_and_that_is_told()
    {
        var pauses = Path.Combine(_config.Service.State, "pauses.json");
        Directory.CreateDirectory(_config.Service.State);
        File.WriteAllText(pauses, "");
        var scheduler = Begin();
        await PassAsync(scheduler, At("05:59:30"));
        await PassAsync(scheduler, At("06:00"));
        Assert.Empty(_ran);
        Assert.All(_events, e => Assert.True(Assert.IsType<ScheduleWarning>(e).IsHeld));

        File.Delete(pauses);
        await PassAsync(scheduler, At("06:00:30"));
        await PassAsync(scheduler, At("18:00"));
        Assert.Equal(["copy 18:00"], _ran);
    }

    [Fact]
    public async Task A_run_whose_record_cannot_be_read_is_made_up()
    {
        var scheduler = Begin();
        await PassAsync(scheduler, At("05:59:30"));
        await PassWithoutEndAsync(scheduler, At("06:00"));
        Directory.CreateDirectory(_temp.File("copies"));
        File.WriteAllText(_temp.File("copies/latest.json"), "{");
        _record = false;

        scheduler = Begin();
        await PassAsync(scheduler, At("06:01"));
        await PassAsync(scheduler, At("18:00"));

        Assert.Equal(["copy 06:01", "copy 18:00"], _ran);
    }

    [Theory]
    [InlineData("every: 1m, jitter: 1h")]
    [InlineData("cron: \"* * * * *\", jitter: 1h")]
    public async Task A_delay_longer_than_from_one_time_to_the_next_keeps_its_pace(string schedule)
    {
        Configure(schedule);
        var delay = ScheduleItem.Of(_config)[0].DelayOn("machine");
        Assert.True(delay > TimeSpan.FromMinutes(2), "The delay of this machine's name proves nothing.");
        var scheduler = Begin();
        for (var time = At("05:59"); time < At("08:00"); time += TimeSpan.FromSeconds(20))
            await PassAsync(scheduler, time);

        Assert.Equal((int)(TimeSpan.FromMinutes(121) - delay).TotalMinutes, _ran.Count);
    }

    [Fact]
    public async Task A_month_that_was_missed_is_told_at_once_and_once()
    {
        await PassAsync(Begin(), At("05:59:30"));

        var scheduler = Begin();
        for (var look = 0; look < 5; look++)
            await PassAsync(scheduler, At("12:00").AddDays(30).AddSeconds(30 * look));

        var skipped = Assert.IsType<ScheduledRunSkipped>(Assert.Single(_events));
        Assert.Equal(At("06:00").AddDays(30), skipped.Due);
        Assert.EndsWith("; so were others, since 2025-10-18 05:59 UTC", skipped.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task So_many_run_at_once_as_may_and_who_has_waited_longest_is_next()
    {
        var jobs = string.Join(", ", "uvwxy".Select(n =>
            $"{n}: {{ source: a, target: b, backups: {{ directory: {n} }}, schedule: {{ every: 10m, misfireGrace: 3m }} }}"));
        _config = ConfigurationFile.Load(_temp.Write("backupsync.yml", $$"""
            databases: { a: { url: "${NOT_SET_ANYWHERE}" }, b: { url: "${NOT_SET_ANYWHERE}" } }
            service: { runsAtOnce: 2 }
            jobs: { {{jobs}} }
            """));
        var scheduler = Begin();
        // What has begun in a look, has not ended in it.
        foreach (var time in (string[])["06:09", "06:10", "06:12", "06:14", "06:20", "06:20:30"])
            await PassAsync(scheduler, At(time));

        Assert.Equal("uvwxuvwx", string.Concat(_events.OfType<ScheduledRunStarted>().Select(e => e.Name)));
        Assert.Equal(
            [null, "as many others ran as may at once (service.runsAtOnce) until 2m 00s after its time"],
            _events.OfType<ScheduledRunStarted>().Take(3).Skip(1).Select(e => e.Why));
        var skipped = Assert.Single(_events.OfType<ScheduledRunSkipped>());
        Assert.Equal("y", skipped.Name);
        Assert.StartsWith(
            "as many others ran as may at once (service.runsAtOnce) until 4m 00s later", skipped.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schedule_that_was_changed_comes_due_by_what_it_is_from_then_on()
    {
        var scheduler = Begin();
        await PassAsync(scheduler, At("06:00"));
        Configure("cron: \"55 6 * * *\"");

        await PassAsync(scheduler, At("07:00"));
        await PassAsync(Begin(), At("07:01"));
        Assert.Empty(_events);
        await PassAsync(scheduler, At("06:55").AddDays(1));
        Assert.Equal(["copy 06:55"], _ran);
    }

    [Fact]
    public async Task What_had_no_schedule_for_a_while_missed_nothing()
    {
        var scheduler = Begin();
        await PassAsync(scheduler, At("05:59:30"));
        Configure("cron: \"0 6 * * *\"", isPlan: true);
        await PassAsync(scheduler, At("05:59:40"));
        Assert.Equal(["plan nightly"], new ScheduleMemory(_config.Service.State).Read().Keys);

        Configure("cron: \"0 6,18 * * *\"");
        await PassAsync(scheduler, At("07:00"));
        await PassAsync(Begin(), At("07:00:30"));

        Assert.Empty(_events);
    }

    [Fact]
    public async Task Who_may_not_begin_anything_for_a_moment_begins_nothing_then()
    {
        var (scheduler, mayBegin) = (Begin(), false);
        await PassAsync(scheduler, At("05:59:30"));
        _clock.SetUtcNow(At("06:00"));
        using var stop = new CancellationTokenSource();
        var running = scheduler.RunAsync(stop.Token, default, () => mayBegin);
        await scheduler.EndedAsync();
        Assert.Empty(_ran);

        mayBegin = true;
        var begun = new TaskCompletionSource();
        _work = () =>
        {
            begun.SetResult();
            return Task.CompletedTask;
        };
        scheduler.Wake();
        await begun.Task;
        await stop.CancelAsync();
        await running;
        Assert.Single(_ran);
    }

    [Fact]
    public async Task A_service_of_another_machine_goes_on_where_the_one_before_was()
    {
        Configure("every: 5m, misfireGrace: 1h");
        var first = Begin();
        await PassAsync(first, At("06:04"));
        var second = Begin();
        await PassAsync(first, At("06:30"));
        second.Recall(first.Remembered());
        await PassAsync(second, At("06:34"));
        await PassAsync(second, At("06:35"));
        Assert.Equal(["copy 06:30", "copy 06:35"], _ran);

        // What was begun there has no record here.
        await PassWithoutEndAsync(second, At("06:40"));
        var third = Begin();
        third.Recall(second.Remembered());
        third.Recall("{");
        await PassAsync(third, At("06:41"));
        Assert.Equal(["copy 06:30", "copy 06:35", "copy 06:41"], _ran);
    }
}
