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

    const string Crowded = "as many others ran as may at once (service.runsAtOnce)";

    /// <summary>How long it sleeps at most: a clock may be set, a pause end, and nobody says so.</summary>
    static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(30);

    readonly Lock _gate = new();
    readonly Dictionary<string, Task> _running = [];

    /// <summary>What waits for the run before to end, by the time it was due.</summary>
    readonly Dictionary<string, (DateTimeOffset Due, string Others)> _queued = [];
    readonly Dictionary<string, ScheduleProgress> _progress = [];

    /// <summary>What is due, and waits for its turn: as many others run as may at once.</summary>
    readonly HashSet<string> _crowded = [];

    /// <summary>What was told of each that could not be noted or read: a disk that stays full is told once.</summary>
    readonly HashSet<(string Key, string Message)> _warned = [];

    /// <summary>Those of the last look; null where they could never be read.</summary>
    IReadOnlyDictionary<string, SchedulePause>? _pauses;
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
    /// <param name="mayBegin">
    /// Asked each time: a machine that was asleep, or a process that was stopped, goes on in the middle, and another may have its turn.
    /// </param>
    public async Task RunAsync(CancellationToken stop, CancellationToken stopRuns, Func<bool> mayBegin)
    {
        Recall();
        while (!stop.IsCancellationRequested)
        {
            var woken = Rearm();
            var sleep = mayBegin() ? Look(stopRuns) : LongestSleep;
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

    /// <summary>Takes up what a service before has left. Where that cannot be read, all begins to count now.</summary>
    internal void Recall()
    {
        lock (_gate)
        {
            try
            {
                Recall(Memory.Read(), isLater: false);
            }
            catch (BackupSyncException failure)
            {
                foreach (var item in ScheduleItem.Of(config()))
                    Warn(item, $"What has run is not known any more, and what was missed is not made up: {failure.Message}");
            }
        }
    }

    /// <summary>Takes up what a service of another machine has left, whose state folder is its own.</summary>
    /// <param name="remembered">As it has it from <see cref="Remembered"/>.</param>
    internal void Recall(string remembered)
    {
        lock (_gate)
            Recall(ScheduleMemory.Parse(remembered), isLater: true);
    }

    /// <summary>How far all was followed, for a service that comes next.</summary>
    internal string Remembered()
    {
        lock (_gate)
            return ScheduleMemory.Format(_progress);
    }

    /// <param name="isLater">Whether it was noted after what is known here of the same time.</param>
    void Recall(IReadOnlyDictionary<string, ScheduleProgress> remembered, bool isLater)
    {
        var now = clock.GetUtcNow();
        foreach (var (key, progress) in remembered)
        {
            if (progress is null || (_progress.TryGetValue(key, out var known)
                && (FutureMoment.Is(progress.Considered, now) || known.Considered > progress.Considered
                    || (known.Considered == progress.Considered && !isLater))))
                continue;
            _progress[key] = progress;
        }
    }

    /// <summary>Answers as soon as it can look again: for who watches whether it hangs, as on a share that is gone.</summary>
    public void Answer()
    {
        lock (_gate)
            _ = _running.Count;
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
            var items = ScheduleItem.Of(current);
            Forget(items);
            var unreadable = ReadPauses(current, now);
            // Who has waited longest comes first, so that what is due each minute keeps nothing else from its turn.
            foreach (var item in items.OrderBy(i => _progress.GetValueOrDefault(i.Key)?.Considered ?? now))
            {
                try
                {
                    if (unreadable is not null)
                        Warn(item, unreadable.Message, isHeld: _pauses is null);
                    if (_pauses is { } pauses && LookAt(item, pauses.GetValueOrDefault(item.Key), now, stopRuns) is { } next
                        && next - now < sleep)
                        sleep = next - now;
                }
                catch (BackupSyncException failure)
                {
                    Warn(item, $"Nothing of it is begun: {failure.Message}", isHeld: true);
                }
            }
            return sleep < TimeSpan.Zero ? TimeSpan.Zero : sleep;
        }
    }

    /// <summary>Pauses that cannot be read any more are as they were: somebody has paused what must not run now.</summary>
    /// <returns>Why they cannot be read; null where they can.</returns>
    BackupSyncException? ReadPauses(BackupSyncConfig current, DateTimeOffset now)
    {
        try
        {
            _pauses = new Pauses(current.Service.State).At(now);
            return null;
        }
        catch (BackupSyncException failure)
        {
            _pauses = _pauses is null ? null : Pauses.Current(_pauses, now);
            return failure;
        }
    }

    /// <summary>What has no schedule any more: should it get one again, it begins to count then.</summary>
    void Forget(IReadOnlyList<ScheduleItem> items)
    {
        List<string> gone = [.. _progress.Keys.Except(items.Select(i => i.Key)).Where(key => !_running.ContainsKey(key))];
        if (gone.Count == 0)
            return;
        foreach (var key in gone)
        {
            _progress.Remove(key);
            _queued.Remove(key);
        }
        try
        {
            Memory.Forget(gone);
        }
        catch (BackupSyncException)
        {
            // It is forgotten again by the next service.
        }
    }

    /// <returns>When it has to be looked at again.</returns>
    DateTimeOffset? LookAt(ScheduleItem item, SchedulePause? pause, DateTimeOffset now, CancellationToken stopRuns)
    {
        // One that was never seen begins to count now, and so does one that a clock of the future has seen.
        if (!_progress.TryGetValue(item.Key, out var progress) || FutureMoment.Is(progress.Considered, now))
            progress = Note(item, new ScheduleProgress(now, null));
        else if (progress.Schedule is { } schedule && schedule != $"{item.Schedule}")
            // What was due by a schedule that is new was not due then.
            progress = Note(item, progress with { Considered = now });
        // Each time is as much later as this machine waits: a delay may be longer than it is from one time to the next.
        var delay = item.DelayOn(machine);
        var until = now - delay;
        if (_running.ContainsKey(item.Key))
            LookAtOverlap(item, progress, until, now);
        else if (_running.Count >= config().Service.RunsAtOnce)
            _crowded.Add(item.Key);
        else if (progress.Claim is { } claim)
            MakeUp(item, progress, claim, pause, now, stopRuns);
        else if (_queued.Remove(item.Key, out var waiting))
            BeginQueued(item, waiting.Due, waiting.Others, progress, pause, now, stopRuns);
        else
            LookAtDue(item, progress, pause, until, now, stopRuns);
        return item.Schedule.Next(until) + delay;
    }

    void LookAtDue(
        ScheduleItem item, ScheduleProgress progress, SchedulePause? pause, DateTimeOffset until, DateTimeOffset now,
        CancellationToken stopRuns)
    {
        if (DueBetween(item.Schedule, progress.Considered, until, out var others) is not { } due)
            return;
        var late = until - due;
        var isCrowded = _crowded.Remove(item.Key);
        var grace = Durations.Show(item.Schedule.MisfireGrace);
        if (pause is not null)
            Skip(item, now, due, pause.ToString(), isPaused: true);
        else if (late > OnTime && late > item.Schedule.MisfireGrace)
            Skip(item, now, due, $"{(isCrowded ? Crowded : "nothing ran it")} until {Durations.Show(late)} later, and its grace is "
                + $"{grace}{others}");
        else if (late > OnTime && item.Schedule.CatchUp == CatchUp.None)
            Skip(item, now, due, $"{(isCrowded ? $"{Crowded}, " : "nothing ran it in time, ")}and nothing is made up{others}");
        else
            Claim(item, due, due, now, late <= OnTime ? null
                : isCrowded ? $"{Crowded} until {Durations.Show(late)} after its time{others}"
                : $"made up {Durations.Show(late)} late{others}", stopRuns);
    }

    /// <summary>The last time that was due, and what is said of those before it.</summary>
    static DateTimeOffset? DueBetween(ScheduleConfig schedule, DateTimeOffset after, DateTimeOffset until, out string others)
    {
        others = "";
        if (schedule.Next(after) is not { } first || first > until)
            return null;
        // Looked for from the end: of those that are too late by far none has to be counted.
        var from = after;
        for (var back = schedule.MisfireGrace + OnTime; until - back > first; back *= 2)
        {
            if (!(schedule.Next(until - back) <= until))
                continue;
            from = until - back;
            break;
        }
        var due = first;
        var count = 0;
        for (var next = schedule.Next(from); next is { } time && time <= until; next = schedule.Next(time))
            (due, count) = (time, count + 1);
        var before = count - 1;
        others = from > after ? $"; so were others, since {after.UtcDateTime:yyyy-MM-dd HH:mm} UTC"
            : before > 0 ? $"; {Quantity.Of(before, "run")} before it {(before == 1 ? "is" : "are")} not made up"
            : "";
        return due;
    }

    void BeginQueued(
        ScheduleItem item, DateTimeOffset due, string others, ScheduleProgress progress, SchedulePause? pause, DateTimeOffset now,
        CancellationToken stopRuns)
    {
        if (pause is not null)
            Skip(item, now, due, $"{pause}{others}", isPaused: true);
        else
            Claim(item, due, progress.Considered, now, $"the run before has ended{others}", stopRuns);
    }

    void LookAtOverlap(ScheduleItem item, ScheduleProgress progress, DateTimeOffset until, DateTimeOffset now)
    {
        if (DueBetween(item.Schedule, progress.Considered, until, out var others) is not { } due)
            return;
        if (item.Schedule.Overlap == Overlap.Skip)
            Skip(item, now, due, $"the run before goes on{others}");
        else if (_queued.TryAdd(item.Key, (due, others)))
            Note(item, progress with { Considered = due });
        else
            Skip(item, now, due, $"the run before goes on, and another waits for its end{others}");
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
                + (pause?.ToString() ?? $"its grace, {Durations.Show(item.Schedule.MisfireGrace)}, is over"), isPaused: pause is not null);
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
            if (isDone && _progress.TryGetValue(item.Key, out var progress))
                Note(item, progress with { Claim = null });
            _woken.TrySetResult();
        }
    }

    void Skip(ScheduleItem item, DateTimeOffset now, DateTimeOffset due, string why, bool isPaused = false)
    {
        if (_progress.TryGetValue(item.Key, out var progress) && progress.Considered < due)
            Note(item, progress with { Considered = due });
        onEvent(new ScheduledRunSkipped(now, item.Kind, item.Name, due, why) { IsPaused = isPaused });
        try
        {
            SkippedRun.Record(item, due, why, now);
        }
        catch (BackupSyncException failure)
        {
            Warn(item, failure.Message);
        }
    }

    /// <summary>
    /// On the disk, so that who is killed knows it. A disk that does not take it keeps no run from its time: this process knows it, and
    /// should it be killed, too, a run is done twice.
    /// </summary>
    ScheduleProgress Note(ScheduleItem item, ScheduleProgress progress)
    {
        progress = progress with { Schedule = $"{item.Schedule}" };
        try
        {
            Memory.Set(item.Key, progress);
            _warned.RemoveWhere(w => w.Key == item.Key);
        }
        catch (BackupSyncException failure)
        {
            Warn(item, failure.Message);
        }
        return _progress[item.Key] = progress;
    }

    void Warn(ScheduleItem item, string message, bool isHeld = false)
    {
        if (_warned.Add((item.Key, message)) || isHeld)
            onEvent(new ScheduleWarning(clock.GetUtcNow(), item.Kind, item.Name, message, isHeld));
    }
}
