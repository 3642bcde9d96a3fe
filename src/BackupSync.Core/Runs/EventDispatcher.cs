using System.Threading.Channels;

namespace BackupSync.Runs;

/// <summary>
/// An observer that is told in the run's own time, which stands still meanwhile: for tests that do something between two steps.
/// </summary>
interface IInlineObserver : IRunObserver;

/// <summary>
/// Hands what a run tells to its observers, in order and to each at its own pace: one that is slow or fails holds up neither the run nor
/// the others.
/// </summary>
sealed class EventDispatcher
{
    readonly Lock _order = new();
    readonly TimeProvider _clock;
    readonly List<IRunObserver> _inline;
    readonly List<Listener> _records;
    readonly List<Listener> _listeners;

    /// <param name="records">Makes the observers that keep what is told. Handed how to warn the others that they cannot.</param>
    /// <param name="observers">Whoever else listens.</param>
    public EventDispatcher(
        TimeProvider clock, Func<Action<string>, IReadOnlyList<IRunObserver>> records, IEnumerable<IRunObserver> observers)
    {
        _clock = clock;
        var all = observers.ToList();
        _inline = [.. all.Where(o => o is IInlineObserver)];
        _listeners = [.. all.Except(_inline).Select(o => new Listener(o, WarnListeners))];
        _records = [.. records(WarnListeners).Select(o => new Listener(o, WarnListeners))];
    }

    public void Emit(RunEvent runEvent)
    {
        lock (_order)
        {
            runEvent = runEvent with { Time = _clock.GetUtcNow() };
            foreach (var listener in _records.Concat(_listeners))
                listener.Tell(runEvent);
            foreach (var observer in _inline)
                observer.OnEvent(runEvent);
        }
    }

    /// <summary>Waits until everybody has read to the end: first the records, for these may have to warn the others.</summary>
    public async Task EndAsync()
    {
        await Task.WhenAll(_records.Select(r => r.EndAsync()));
        await Task.WhenAll(_listeners.Select(l => l.EndAsync()));
    }

    void WarnListeners(string warning)
    {
        var log = new RunLog(RunLogLevel.Warning, warning) { Time = _clock.GetUtcNow() };
        foreach (var listener in _listeners)
            listener.Tell(log);
        foreach (var observer in _inline)
            observer.OnEvent(log);
    }

    sealed class Listener
    {
        /// <summary>Who is so far behind is not told how far steps are.</summary>
        const int Backlog = 100;

        readonly Channel<RunEvent> _events = Channel.CreateUnbounded<RunEvent>();
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
            if (runEvent is not StepProgress || _events.Reader.Count < Backlog)
                _events.Writer.TryWrite(runEvent);
        }

        public Task EndAsync()
        {
            _events.Writer.Complete();
            return _reading;
        }

        async Task ReadAsync()
        {
            var failed = false;
            await foreach (var runEvent in _events.Reader.ReadAllAsync())
            {
                try
                {
                    _observer.OnEvent(runEvent);
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
