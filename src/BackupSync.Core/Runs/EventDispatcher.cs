using System.Threading.Channels;

namespace BackupSync.Runs;

/// <summary>
/// An observer that is told in the run's own time, which stands still meanwhile: for tests that do something between two steps.
/// </summary>
interface IInlineObserver : IRunObserver;

/// <summary>
/// Hands what a run tells to its observers, in order and to each at its own pace: one that is slow or fails holds up neither a step nor the
/// others. The end waits for all: what keeps the run has it then, and whoever shows it has shown it.
/// </summary>
sealed class EventDispatcher : IAsyncDisposable
{
    /// <summary>How long a step waits for the log to have what went before.</summary>
    static readonly TimeSpan RecordLimit = TimeSpan.FromSeconds(2);

    readonly Lock _order = new();
    readonly TimeProvider _clock;
    readonly List<IRunObserver> _inline;
    readonly List<Listener> _records;
    readonly List<Listener> _listeners;

    /// <param name="records">Makes the observers that keep what is told. Handed this, to tell the others what they cannot, or have found.</param>
    /// <param name="observers">Whoever else listens.</param>
    public EventDispatcher(
        TimeProvider clock, Func<EventDispatcher, IReadOnlyList<IRunObserver>> records, IEnumerable<IRunObserver> observers)
    {
        _clock = clock;
        var all = observers.ToList();
        _inline = [.. all.Where(o => o is IInlineObserver)];
        _listeners = [.. all.Except(_inline).Select(o => new Listener(o, warning => Emit(new RunLog(RunLogLevel.Warning, warning))))];
        _records = [.. records(this).Select(o => new Listener(o, WarnListeners))];
    }

    public void Emit(RunEvent runEvent) => Tell(runEvent, [.. _records, .. _listeners]);

    /// <summary>
    /// Waits until what was told is recorded, or the log is held by somebody for long: should the run be killed in its next step, the log
    /// tells which one that was.
    /// </summary>
    public Task RecordedAsync() =>
        Task.WhenAny(Task.WhenAll(_records.Select(r => r.HasReadAsync())), Task.Delay(RecordLimit));

    /// <summary>
    /// Tells the last event: whoever reacts to it finds the run recorded. Nobody leaves before all have read what was told: should one fail
    /// late, the others and the log are still told.
    /// </summary>
    public async Task EndAsync(RunEnded last)
    {
        Tell(last, _records, inline: false);
        await Task.WhenAll(_records.Select(r => r.HasReadAsync()));
        Tell(last, _listeners);
        await Task.WhenAll(_listeners.Select(l => l.HasReadAsync()));
        await DisposeAsync();
    }

    /// <summary>Nobody waits for more, should the end not have been told.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_listeners.Select(l => l.EndAsync()));
        await Task.WhenAll(_records.Select(r => r.EndAsync()));
    }

    /// <summary>The records cannot be told what they cannot keep.</summary>
    public void WarnListeners(string warning) => Tell(new RunLog(RunLogLevel.Warning, warning), _listeners);

    /// <summary>An earlier run of the same folder was found to have left no end.</summary>
    public void TellUnended(RunResult run)
    {
        Emit(new RunLog(RunLogLevel.Warning,
            $"The {run.Kind.ToString().ToLowerInvariant()} {run.RunId} by {run.Job} did not end, which began at "
                + $"{run.StartTime.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: {run.Error?.Message}"));
        Tell(new EarlierRunUnended(run), _listeners);
    }

    void Tell(RunEvent runEvent, IReadOnlyList<Listener> listeners, bool inline = true)
    {
        lock (_order)
        {
            runEvent = runEvent with { Time = _clock.GetUtcNow() };
            foreach (var listener in listeners)
                listener.Tell(runEvent);
            foreach (var observer in inline ? _inline : [])
                observer.OnEvent(runEvent);
        }
    }

    sealed class Listener
    {
        /// <summary>Who is so far behind is not told how far steps are.</summary>
        const int Backlog = 100;

        /// <summary>Events, and marks that are set when everything before them was read.</summary>
        readonly Channel<object> _told = Channel.CreateUnbounded<object>();
        readonly IRunObserver _observer;
        readonly Action<string> _warn;
        readonly Task _reading;

        public Listener(IRunObserver observer, Action<string> warn)
        {
            (_observer, _warn) = (observer, warn);
            _reading = Task.Run(ReadAsync);
        }

        public void Tell(RunEvent runEvent)
        {
            if (runEvent is not StepProgress || _told.Reader.Count < Backlog)
                _told.Writer.TryWrite(runEvent);
        }

        public Task HasReadAsync()
        {
            var mark = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _told.Writer.TryWrite(mark) ? mark.Task : _reading;
        }

        public Task EndAsync()
        {
            _told.Writer.TryComplete();
            return _reading;
        }

        async Task ReadAsync()
        {
            var failed = false;
            await foreach (var told in _told.Reader.ReadAllAsync())
            {
                if (told is TaskCompletionSource mark)
                {
                    mark.SetResult();
                    continue;
                }
                try
                {
                    _observer.OnEvent((RunEvent)told);
                }
                catch (Exception failure)
                {
                    // Whatever it is, the run does not depend on it. Once: what is shown on a closed terminal fails each time.
                    if (!failed)
                        _warn($"{_observer.GetType().Name}, which is told what the run does, has failed: {failure.Message}");
                    failed = true;
                }
            }
        }
    }
}
