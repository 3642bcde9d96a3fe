using System.Diagnostics;
using BackupSync.Postgres;

namespace BackupSync.Runs;

/// <summary>One run while it goes on: times and limits its steps, tells the observers.</summary>
sealed class RunContext(string runId, string job, TimeProvider clock, EventDispatcher events)
{
    /// <summary>How much later than its children this process may hear of Ctrl+C; every failing step takes as much longer.</summary>
    static readonly TimeSpan StopDelay = TimeSpan.FromMilliseconds(300);

    readonly Lock _gate = new();
    readonly List<StepResult> _steps = [];
    readonly List<string> _warnings = [];

    IReadOnlySet<RunStep> _plan = new HashSet<RunStep>();

    public string RunId => runId;
    public string Job => job;

    /// <summary>What time it is for everything that the run does; files and servers have clocks of their own.</summary>
    public TimeProvider Clock => clock;
    public DateTimeOffset StartTime { get; } = clock.GetUtcNow();

    /// <summary>The steps that may be taken from now on; bringing a target back is never planned, and may always be.</summary>
    public IReadOnlyList<Step> Plan
    {
        set => _plan = value.Select(s => s.Name).Append(RunStep.Rollback).ToHashSet();
    }

    /// <summary>The step that failed first; null while none has.</summary>
    public RunStep? FailedStep { get; private set; }

    public IReadOnlyList<StepResult> Steps
    {
        get { lock (_gate) return _steps.ToArray(); }
    }

    public IReadOnlyList<string> Warnings
    {
        get { lock (_gate) return _warnings.ToArray(); }
    }

    public void Emit(RunEvent runEvent) => events.Emit(runEvent);

    public void Info(string message) => Emit(new RunLog(RunLogLevel.Information, message));

    /// <summary>A line that operators look for in logs, of what the step's note says, too.</summary>
    public void InfoOfNote(string message) => Emit(new RunLog(RunLogLevel.Information, message) { IsNoted = true });

    public void Warn(string message)
    {
        lock (_gate)
            _warnings.Add(message);
        Emit(new RunLog(RunLogLevel.Warning, message));
    }

    public void Error(string message) => Emit(new RunLog(RunLogLevel.Error, message));

    /// <summary>What failed is done once more: it is not why the run fails, if it does.</summary>
    public void BeginAnew()
    {
        lock (_gate)
            FailedStep = null;
    }

    /// <summary>Runs a step within its limit. Its failure is the run's failure, translated to the step's own words.</summary>
    public async Task StepAsync(Step step, Func<StepScope, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_plan.Contains(step.Name))
            throw new InvalidOperationException($"The step {step.Name} ({step.Title}) is not in the plan of this run.");
        Emit(new StepStarted(step.Name, step.Title, step.Limit?.Time));
        await events.RecordedAsync();
        var (started, begun) = (clock.GetUtcNow(), clock.GetTimestamp());
        var scope = new StepScope(this, step.Name);
        using var time = new CancellationTokenSource(step.Limit?.Time ?? Timeout.InfiniteTimeSpan, clock);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, time.Token);
        var state = StepState.Failed;
        try
        {
            await work(scope, limited.Token);
            state = StepState.Succeeded;
        }
        // What is stopped in the middle may fail in many ways: a killed tool, a broken connection. The stop is the cause.
        catch (Exception failure) when (cancellationToken.IsCancellationRequested)
        {
            state = StepState.Cancelled;
            throw failure as OperationCanceledException ?? new OperationCanceledException(failure.Message, failure, cancellationToken);
        }
        catch (Exception failure) when (limited.IsCancellationRequested)
        {
            throw new BackupSyncException(
                ErrorIds.TimeLimit,
                $"{step.Title} took longer than its limit of {Durations.Show(step.Limit!.Time)}.",
                step.Limit.Advice,
                failure);
        }
        catch (BackupSyncException failure)
        {
            if (await IsStoppedSoonAsync(cancellationToken))
            {
                state = StepState.Cancelled;
                throw new OperationCanceledException(failure.Message, failure, cancellationToken);
            }
            if (failure is not PgQueryException { ErrorId: ErrorIds.Unexpected } || step.ErrorId is not { } id)
                throw;
            throw new BackupSyncException(id, failure.Message, failure.Advice, failure) { Detail = failure.Detail };
        }
        finally
        {
            var result = new StepResult(step.Name, state, started, Math.Round(clock.GetElapsedTime(begun).TotalSeconds, 3), scope.Note);
            lock (_gate)
            {
                _steps.Add(result);
                if (state != StepState.Succeeded)
                    FailedStep ??= step.Name;
            }
            Emit(new StepEnded(result));
        }
    }

    /// <summary>
    /// A terminal sends Ctrl+C to the tools as well, and they mostly fail of it before we have heard of it: that is a stop,
    /// not a failure.
    /// </summary>
    static async Task<bool> IsStoppedSoonAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(StopDelay, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return cancellationToken.IsCancellationRequested;
    }
}

/// <summary>What a step's work is handed: how to tell how far it is, and what came of it.</summary>
sealed class StepScope(RunContext run, RunStep step)
{
    static readonly long Interval = Stopwatch.Frequency / 5;
    long _next;

    /// <summary>What the step did, in a few words; stands in its result.</summary>
    public string? Note { get; set; }

    public void Warn(string warning) => run.Warn(warning);

    /// <inheritdoc cref="StepProgress"/>
    public void Progress(double? fraction, string? item, long? rows = null, long? of = null, long? bytes = null)
    {
        var now = Stopwatch.GetTimestamp();
        var next = Interlocked.Read(ref _next);
        if (now < next || Interlocked.CompareExchange(ref _next, now + Interval, next) != next)
            return;
        run.Emit(new StepProgress(step, fraction is { } f ? Math.Clamp(f, 0, 1) : null, item, rows > of ? of : rows, of, bytes));
    }
}
