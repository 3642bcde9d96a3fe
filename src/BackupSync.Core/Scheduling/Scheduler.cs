using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Scheduling;

/// <summary>Runs a job or plan, as the commands do. Never throws for a run that fails.</summary>
/// <param name="databases">Of a plan: whose backups are asked for.</param>
delegate Task<IReadOnlyList<RunResult>> ScheduledRun(
    ScheduleItem item, IReadOnlyList<string> databases, CancellationToken cancellationToken);

/// <summary>
/// Runs what comes due. What was due is told from what is on the disk, so that a service that was killed, or was not there, leaves
/// nothing out in silence: a run is noted before it begins, and made up within its grace where no record tells that it has ended.
/// </summary>
/// <param name="config">The configuration of now; asked each time.</param>
/// <param name="run">Runs one.</param>
/// <param name="onEvent">Told of what begins, ends and is left out; called from any thread.</param>
/// <param name="machine">This machine's name, for <see cref="ScheduleConfig.Jitter"/>.</param>
sealed class Scheduler(
    Func<BackupSyncConfig> config, ScheduledRun run, Action<ScheduleEvent> onEvent, TimeProvider clock, string machine)
{
    /// <summary>Later than this a run was missed; until then it is on time: a busy machine wakes late.</summary>
    static readonly TimeSpan OnTime = TimeSpan.FromMinutes(1);

    /// <summary>How long it sleeps at most: a clock may be set, a pause end, and nobody says so.</summary>
    static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(30);

    readonly Lock _gate = new();
    readonly Dictionary<string, Task> _running = [];

    /// <summary>What waits for the run before to end, by the time it was due.</summary>
    readonly Dictionary<string, DateTimeOffset> _queued = [];
    readonly Dictionary<string, ScheduleProgress> _progress = [];
    TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Has it look at once: the configuration, or something that it waits for, has changed.</summary>
    public void Wake()
    {
        lock (_gate)
            _woken.TrySetResult();
    }

    /// <summary>Begins what is due until it is stopped. What runs then goes on, and is waited for.</summary>
    /// <param name="stop">Nothing is begun any more.</param>
    /// <param name="stopRuns">What runs is stopped, too, in its safe way.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken stopRuns)
    {
        Recall();
        while (!stop.IsCancellationRequested)
        {
            var woken = Rearm();
            var sleep = Look(stopRuns);
            using var awake = CancellationTokenSource.CreateLinkedTokenSource(stop);
            await Task.WhenAny(Task.Delay(sleep, clock, awake.Token), woken);
            await awake.CancelAsync();
        }
        await EndedAsync();
    }

    /// <summary>Runs one now, whether it is due or paused; by the same way.</summary>
    /// <returns>False where it runs already.</returns>
    public bool RunNow(ScheduleItem item, CancellationToken stopRuns)
    {
        lock (_gate)
        {
            if (_running.ContainsKey(item.Key))
                return false;
            Begin(item, [.. item.Records.Select(r => r.Database)], null, "asked for", stopRuns);
            return true;
        }
    }

    /// <summary>Completes when nothing runs.</summary>
    public Task EndedAsync()
    {
        lock (_gate)
            return Task.WhenAll(_running.Values);
    }

    ScheduleMemory Memory => new(config().Service.State);

    Task Rearm()
    {
        lock (_gate)
        {
            if (_woken.Task.IsCompleted)
                _woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _woken.Task;
        }
    }

    /// <summary>Takes up what a service before has left.</summary>
    internal void Recall()
    {
        lock (_gate)
        {
            foreach (var (key, progress) in Memory.Read())
                _progress[key] = progress;
        }
    }

    /// <summary>Begins what is due now.</summary>
    /// <returns>How long there is nothing to do.</returns>
    internal TimeSpan Look(CancellationToken stopRuns)
    {
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            var sleep = LongestSleep;
            var current = config();
            var pauses = new Pauses(current.Service.State).At(now);
            foreach (var item in ScheduleItem.Of(current))
            {
                try
                {
                    if (LookAt(item, pauses.GetValueOrDefault(item.Key), now, stopRuns) is { } next && next - now < sleep)
                        sleep = next - now;
                }
                catch (BackupSyncException failure)
                {
                    // What cannot be noted or looked up is tried again: nothing is begun that a crash would have begun twice.
                    onEvent(new ScheduleWarning(now, item.Kind, item.Name, failure.Message));
                }
            }
            return sleep < TimeSpan.Zero ? TimeSpan.Zero : sleep;
        }
    }

    /// <returns>When it has to be looked at again.</returns>
    DateTimeOffset? LookAt(ScheduleItem item, SchedulePause? pause, DateTimeOffset now, CancellationToken stopRuns)
    {
        // One that was never seen begins to count now, and so does one that a clock of the future has seen.
        if (!_progress.TryGetValue(item.Key, out var progress) || FutureMoment.Is(progress.Considered, now))
            progress = Note(item, new ScheduleProgress(now, null));
        var next = item.Schedule.Next(now) + item.DelayOn(machine);
        if (_running.ContainsKey(item.Key))
            LookAtOverlap(item, progress, now);
        else if (progress.Claim is { } claim)
            MakeUp(item, progress, claim, pause, now, stopRuns);
        else if (_queued.Remove(item.Key, out var waiting))
            Claim(item, waiting, progress.Considered, now, "the run before has ended", stopRuns);
        else if (LookAtDue(item, progress, pause, now, stopRuns) is { } later)
            return later;
        return next;
    }

    /// <returns>When it begins, where that is a little after its time; null for nothing more to do now.</returns>
    DateTimeOffset? LookAtDue(
        ScheduleItem item, ScheduleProgress progress, SchedulePause? pause, DateTimeOffset now, CancellationToken stopRuns)
    {
        if (DueBetween(item.Schedule, progress.Considered, now, out var others) is not { } due)
            return null;
        var late = now - due - item.DelayOn(machine);
        if (late < TimeSpan.Zero)
            return now - late;

        var grace = Durations.Show(item.Schedule.MisfireGrace);
        if (pause is not null)
            Skip(item, now, due, pause.ToString());
        else if (late > OnTime && late > item.Schedule.MisfireGrace)
            Skip(item, now, due, $"nothing ran it until {Durations.Show(late)} later, and its grace is {grace}{others}");
        else if (late > OnTime && item.Schedule.CatchUp == CatchUp.None)
            Skip(item, now, due, $"nothing ran it in time, and nothing is made up{others}");
        else
            Claim(item, due, due, now, late > OnTime ? $"made up {Durations.Show(late)} late{others}" : null, stopRuns);
        return null;
    }

    /// <summary>The last time that was due, and what is said of those before it.</summary>
    static DateTimeOffset? DueBetween(ScheduleConfig schedule, DateTimeOffset after, DateTimeOffset now, out string others)
    {
        others = "";
        if (schedule.Next(after) is not { } first || first > now)
            return null;
        // Of those that are too late by far none has to be counted.
        var window = now - schedule.MisfireGrace - schedule.Jitter - OnTime;
        var isLongAgo = schedule.Next(first) <= window;
        var due = first;
        var count = 0;
        for (var next = schedule.Next(isLongAgo ? window : first); next is { } time && time <= now; next = schedule.Next(time))
            (due, count) = (time, count + 1);
        others = isLongAgo ? $"; so were others, since {after.UtcDateTime:yyyy-MM-dd HH:mm} UTC"
            : count > 0 ? $"; {Quantity.Of(count, "run")} before it {(count == 1 ? "is" : "are")} not made up"
            : "";
        return due;
    }

    void LookAtOverlap(ScheduleItem item, ScheduleProgress progress, DateTimeOffset now)
    {
        if (DueBetween(item.Schedule, progress.Considered, now, out _) is not { } due)
            return;
        if (item.Schedule.Overlap == Overlap.Skip)
            Skip(item, now, due, "the run before goes on");
        else if (_queued.TryAdd(item.Key, due))
            Note(item, progress with { Considered = due });
        else
            Skip(item, now, due, "the run before goes on, and another waits for its end");
    }

    /// <summary>A run that was begun when the service ended.</summary>
    void MakeUp(
        ScheduleItem item, ScheduleProgress progress, ScheduleClaim claim, SchedulePause? pause, DateTimeOffset now,
        CancellationToken stopRuns)
    {
        var unfinished = ScheduleMemory.Unfinished(item, claim);
        var isInTime = now - claim.Due <= (item.Schedule.MisfireGrace > OnTime ? item.Schedule.MisfireGrace : OnTime);
        if (unfinished.Count > 0 && isInTime && pause is null)
        {
            // As of then: what ended meanwhile is not run again, should this be killed, too.
            Begin(item, [.. unfinished.Select(r => r.Database)], claim.Due, "its run was ended with the service", stopRuns);
            return;
        }
        Note(item, progress with { Claim = null });
        if (unfinished.Count > 0)
            Skip(item, now, claim.Due, "its run was ended with the service, and "
                + (pause?.ToString() ?? $"its grace, {Durations.Show(item.Schedule.MisfireGrace)}, is over"));
        Wake();
    }

    void Claim(
        ScheduleItem item, DateTimeOffset due, DateTimeOffset considered, DateTimeOffset now, string? why, CancellationToken stopRuns)
    {
        Note(item, new ScheduleProgress(considered, new ScheduleClaim(due, now)));
        Begin(item, [.. item.Records.Select(r => r.Database)], due, why, stopRuns);
    }

    void Begin(ScheduleItem item, IReadOnlyList<string> databases, DateTimeOffset? due, string? why, CancellationToken stopRuns)
    {
        onEvent(new ScheduledRunStarted(clock.GetUtcNow(), item.Kind, item.Name, due, why));
        _running[item.Key] = Task.Run(() => RunAsync(item, databases, stopRuns), CancellationToken.None);
    }

    async Task RunAsync(ScheduleItem item, IReadOnlyList<string> databases, CancellationToken stopRuns)
    {
        IReadOnlyList<RunResult> results = [];
        Exception? failure = null;
        try
        {
            results = await run(item, databases, stopRuns);
        }
        catch (Exception e)
        {
            // Whatever it is, the others go on.
            failure = e;
        }
        var isStopped = stopRuns.IsCancellationRequested
            && (failure is OperationCanceledException || results.Any(r => r.Outcome == RunOutcome.Cancelled));
        End(item, isDone: !isStopped);
        onEvent(new ScheduledRunEnded(clock.GetUtcNow(), item.Kind, item.Name, results, failure));
    }

    /// <param name="isDone">Otherwise it is made up by who is there next.</param>
    void End(ScheduleItem item, bool isDone)
    {
        lock (_gate)
        {
            _running.Remove(item.Key);
            try
            {
                if (isDone && _progress.TryGetValue(item.Key, out var progress))
                    Note(item, progress with { Claim = null });
            }
            catch (BackupSyncException e)
            {
                onEvent(new ScheduleWarning(clock.GetUtcNow(), item.Kind, item.Name, e.Message));
            }
            _woken.TrySetResult();
        }
    }

    void Skip(ScheduleItem item, DateTimeOffset now, DateTimeOffset due, string why)
    {
        if (_progress.TryGetValue(item.Key, out var progress) && progress.Considered < due)
            Note(item, progress with { Considered = due });
        onEvent(new ScheduledRunSkipped(now, item.Kind, item.Name, due, why));
        SkippedRun.Record(item, due, why, now);
    }

    ScheduleProgress Note(ScheduleItem item, ScheduleProgress progress)
    {
        Memory.Set(item.Key, progress);
        return _progress[item.Key] = progress;
    }
}
