using BackupSync.Runs;
using BackupSync.Tests.Backups;
using Microsoft.Extensions.Time.Testing;

namespace BackupSync.Tests.Runs;

/// <summary>The engine that runs operations: its clock, its limits, its plan, and who listens.</summary>
[Trait("Needs", "nothing")]
public sealed class RecordedRunTests : IDisposable
{
    static readonly Step Dump = new(RunStep.Dump, "Dump Alpha", new StepLimit(TimeSpan.FromHours(1), "limits.dump"));

    readonly TempFolder _temp = new();
    readonly FakeTimeProvider _clock = new(BackupSamples.Morning);

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Times_are_those_of_the_clock_that_a_run_is_given()
    {
        var result = await RunAsync([Dump], run => run.StepAsync(Dump, (_, _) =>
        {
            _clock.Advance(TimeSpan.FromMinutes(5));
            return Task.CompletedTask;
        }, default));

        Assert.Equal(RunOutcome.Succeeded, result.Outcome);
        Assert.Equal((BackupSamples.Morning, BackupSamples.Morning.AddMinutes(5)), (result.StartTime, result.EndTime));
        var step = Assert.Single(result.Steps);
        Assert.Equal((BackupSamples.Morning, 300), (step.StartTime, step.DurationSeconds));
        var end = $"{BackupSamples.Morning.AddMinutes(5).UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}";
        var log = File.ReadAllText(LogFile.PathOf(_temp.Path));
        Assert.Contains($"{end} INFO  [nightly {result.RunId}] Run ended", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_that_takes_longer_than_its_limit_names_the_key_that_raises_it()
    {
        var result = await RunAsync([Dump], run => run.StepAsync(Dump, (_, ct) =>
        {
            _clock.Advance(TimeSpan.FromMinutes(61));
            return Task.Delay(Timeout.Infinite, ct);
        }, default));

        Assert.Equal((ErrorIds.TimeLimit, RunStep.Dump), (result.Error!.Id, result.Error.Step));
        Assert.Equal("Dump Alpha took longer than its limit of 1h 00m.", result.Error.Message);
        Assert.Contains("limits.dump", result.Error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_takes_longer_than_its_limit_ends()
    {
        var result = await RunAsync([Dump], async (_, ct) =>
        {
            _clock.Advance(TimeSpan.FromHours(3));
            await Task.Delay(Timeout.Infinite, ct);
        });

        Assert.Equal((RunOutcome.Aborted, ErrorIds.TimeLimit), (result.Outcome, result.Error!.Id));
        Assert.Equal("The run took longer than its limit of 2h 00m.", result.Error.Message);
    }

    [Fact]
    public async Task What_a_plan_lacks_is_not_done()
    {
        var done = false;
        var result = await RunAsync([Dump], run => run.StepAsync(new Step(RunStep.Publish, "Publish", null), (_, _) =>
        {
            done = true;
            return Task.CompletedTask;
        }, default));

        Assert.False(done);
        Assert.Equal(ErrorIds.Unexpected, result.Error!.Id);
        Assert.Contains("not in the plan", result.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_about_to_be_done_is_in_the_log_before_it_is_done()
    {
        var log = "";
        await RunAsync([Dump], run => run.StepAsync(Dump, (_, _) =>
        {
            log = File.ReadAllText(LogFile.PathOf(_temp.Path));
            return Task.CompletedTask;
        }, default));

        Assert.Contains("Dump started: Dump Alpha (limit 3600.0s)", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_observer_that_stands_still_holds_up_neither_the_run_nor_its_records()
    {
        using var goOn = new ManualResetEventSlim();
        var slow = new Listener(_ => goOn.Wait());
        var recorded = false;
        var written = new Listener(e =>
        {
            if (e is not RunEnded)
                return;
            recorded = RunHistory.Read(_temp.Path).Any();
            goOn.Set();
        });
        var run = RunAsync([Dump], run => run.StepAsync(Dump, (scope, _) =>
        {
            for (var i = 0; i < 1000; i++)
            {
                scope.Progress(i / 1000.0, "a table");
                run.Emit(new StepProgress(RunStep.Dump, i / 1000.0, "a table", null, null, null));
            }
            return Task.CompletedTask;
        }, default), slow, written);

        Assert.Equal(RunOutcome.Succeeded, (await run).Outcome);
        Assert.True(recorded, "Whoever is told that a run has ended finds it in the history.");
        Assert.Equal(1, slow.Events.Count(e => e is RunEnded));
        Assert.InRange(slow.Events.Count(e => e is StepProgress), 1, 200);
        Assert.Equal(slow.Events.Where(e => e is not StepProgress), written.Events.Where(e => e is not StepProgress));
    }

    [Fact]
    public async Task An_observer_that_fails_is_a_warning_for_the_others_and_is_told_all_the_same()
    {
        var failing = new Listener(_ => throw new IOException("Broken pipe"));
        var other = new Listener(_ => { });

        var result = await RunAsync([Dump], run => run.StepAsync(Dump, (_, _) => Task.CompletedTask, default), failing, other);

        Assert.Equal(RunOutcome.Succeeded, result.Outcome);
        Assert.Contains(failing.Events, e => e is RunEnded);
        var warning = Assert.Single(other.Events.OfType<RunLog>(), l => l.Level == RunLogLevel.Warning);
        Assert.Contains("Broken pipe", warning.Message, StringComparison.Ordinal);
        Assert.Contains(warning.Message, File.ReadAllText(LogFile.PathOf(_temp.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_observer_that_fails_when_all_others_have_read_to_the_end_is_told_to_them()
    {
        using var ended = new ManualResetEventSlim();
        var other = new Listener(e =>
        {
            if (e is RunEnded)
                ended.Set();
        });
        var failing = new Listener(e =>
        {
            if (e is not RunEnded)
                return;
            ended.Wait();
            throw new IOException("Broken pipe");
        });

        await RunAsync([Dump], run => run.StepAsync(Dump, (_, _) => Task.CompletedTask, default), failing, other);

        Assert.Contains(other.Events.OfType<RunLog>(), l => l.Message.Contains("Broken pipe", StringComparison.Ordinal));
        Assert.Contains("Broken pipe", File.ReadAllText(LogFile.PathOf(_temp.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_history_that_cannot_be_written_is_told_before_a_run_returns()
    {
        var other = new Listener(_ => { });
        Directory.CreateDirectory(Path.Combine(_temp.Path, $"history-{BackupSamples.Morning:yyyy-MM}.jsonl"));

        var result = await RunAsync([Dump], run => run.StepAsync(Dump, (_, _) => Task.CompletedTask, default), other);

        Assert.Equal(RunOutcome.Succeeded, result.Outcome);
        Assert.Contains(other.Events.OfType<RunLog>(), l => l.Message.StartsWith(
            $"Run {result.RunId} is missing from the history", StringComparison.Ordinal));
    }

    Task<RunResult> RunAsync(IReadOnlyList<Step> steps, Func<RunContext, Task> work, params IReadOnlyList<IRunObserver> observers) =>
        RunAsync(steps, (run, _) => work(run), observers);

    Task<RunResult> RunAsync(
        IReadOnlyList<Step> steps, Func<RunContext, CancellationToken, Task> work, params IReadOnlyList<IRunObserver> observers) =>
        RecordedRun.RunAsync(
            new RunDescription(RunKind.Sync, "nightly", "alpha", "beta", "Alpha → Beta sync", "Beta", _temp.Path,
                new StepLimit(TimeSpan.FromHours(2), "limits.total")) { Clock = _clock },
            observers, run => new TestOperation(steps, ct => work(run, ct)), default);

    sealed class Listener(Action<RunEvent> onEvent) : IRunObserver
    {
        public List<RunEvent> Events { get; } = [];

        public void OnEvent(RunEvent runEvent)
        {
            Events.Add(runEvent);
            onEvent(runEvent);
        }
    }
}
