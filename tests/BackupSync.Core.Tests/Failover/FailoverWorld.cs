using System.Globalization;
using BackupSync.Failover;

namespace BackupSync.Tests.Failover;

/// <summary>What happens in a history, when.</summary>
sealed record Happening(double Second, string What, string From = "", string To = "", ProbeFinding Finding = ProbeFinding.Up);

/// <summary>What a history must never do.</summary>
sealed class BrokenPromiseException(string message) : Exception(message);

/// <summary>
/// Two sides, a witness, two observers, two proxies with clients that write, two machines that sync (one in each direction, whatever has
/// become of the sides), and a network, over virtual time. It keeps what clients were told was written, and watches the promises.
/// </summary>
sealed class FailoverWorld
{
    static readonly string[] Observers = ["o1", "o2"];
    static readonly string[] Proxies = ["p1", "p2"];
    readonly PriorityQueue<Action, (TimeSpan, long)> _due = new();
    readonly Random _random;
    readonly FailoverSettings _settings;
    readonly HashSet<(string, string)> _cut = [];
    readonly Dictionary<string, int> _lives = [];
    readonly Dictionary<string, FailoverNode> _nodes = [];
    readonly Dictionary<string, ProbeFinding> _lastProbe = [];
    readonly Dictionary<string, ObserverReport> _reports = [];
    readonly Dictionary<FailoverSide, Side> _sides;
    readonly List<Proxy> _proxies;
    readonly Dictionary<int, (TimeSpan At, FailoverSide Side)> _acknowledged = [];
    readonly HashSet<int> _setAside = [];
    TimeSpan _now;
    TimeSpan _jump;
    long _order;
    DateTimeOffset _permitsUntil;
    bool _isSlow, _losesAnswers;
    BrokenPromiseException? _broken;

    public FailoverWorld(int seed, FailoverSettings settings)
    {
        // All goes on where virtual time is, one thing after the other.
        SynchronizationContext.SetSynchronizationContext(null);
        (_random, _settings) = (new Random(seed), settings);
        _sides = new()
        {
            [FailoverSide.Primary] = new Side(this, FailoverSide.Primary, FailoverRole.Active),
            [FailoverSide.Secondary] = new Side(this, FailoverSide.Secondary, FailoverRole.Copy),
        };
        Record = FailoverRecord.Begin(Start);
        _proxies = [.. Proxies.Select(p => new Proxy(this, p))];
        foreach (var observer in Observers)
            Live(observer);
        foreach (var proxy in _proxies)
        {
            _ = LoopAsync(proxy.Name, 3, proxy.Keeper.StepAsync);
            Every(0.5, proxy.Write);
        }
        _ = LoopAsync("m1", 20, _ => SyncAsync("m1", FailoverSide.Primary, FailoverSide.Secondary));
        _ = LoopAsync("m2", 20, _ => SyncAsync("m2", FailoverSide.Secondary, FailoverSide.Primary));
    }

    static DateTimeOffset Start => new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public FailoverRecord Record { get; private set; }

    public int Written => _acknowledged.Count;

    public int Switchovers { get; private set; }

    DateTimeOffset Now => Start + _now;

    public void Run(IEnumerable<Happening> history, double seconds)
    {
        foreach (var happening in history)
            At(TimeSpan.FromSeconds(happening.Second), () => Happen(happening));
        RunUntil(seconds);
    }

    /// <summary>Mends all, waits, and looks whether all is in order.</summary>
    public void HealAndSettle()
    {
        (_isSlow, _losesAnswers) = (false, false);
        _cut.Clear();
        foreach (var side in _sides.Values)
            side.Finding = ProbeFinding.Up;
        for (var i = 0; i < 60; i++)
        {
            Happen(new Happening(0, "reverse", "o1"));
            RunUntil(_now.TotalSeconds + 5);
        }
        var (active, other) = (_sides[Record.Active], _sides[Record.Other]);
        Promise(Record.Phase == Record.Calm, $"it does not come to rest: {Record}");
        Promise(active.Mark.Role == FailoverRole.Active && other.Mark.Role == FailoverRole.Copy,
            $"at the end {active.Mark} is active and {other.Mark} is not");
        Promise(_acknowledged.Keys.All(w => active.Rows.Contains(w) || _setAside.Contains(w)), "a write was lost and is in no file");
    }

    void RunUntil(double seconds)
    {
        while (_due.TryPeek(out _, out var at) && at.Item1 <= TimeSpan.FromSeconds(seconds))
        {
            var action = _due.Dequeue();
            _now = at.Item1;
            action();
            if (_broken is not null)
                throw _broken;
        }
        _now = TimeSpan.FromSeconds(seconds);
    }

    void Happen(Happening it)
    {
        switch (it.What)
        {
            case "cut": _cut.Add((it.From, it.To)); break;
            case "join": _cut.Remove((it.From, it.To)); break;
            case "find": _sides[Enum.Parse<FailoverSide>(it.To)].Finding = it.Finding; break;
            case "kill": Live(it.From); break;
            case "slow": _isSlow = !_isSlow; break;
            case "lose": _losesAnswers = !_losesAnswers; break;
            case "jump": _jump += TimeSpan.FromMinutes(it.Second % 2 < 1 ? 7 : -7); break;
            case "switch": _ = CommandAsync(it.From, (n, c) => n.SwitchOverAsync("asked for", c)); break;
            case "reverse": _ = CommandAsync(it.From, (n, c) => n.ReverseAsync(c)); break;
            default: throw new ArgumentException(it.What);
        }
    }

    async Task CommandAsync(string observer, Func<FailoverNode, CancellationToken, Task<bool>> ask)
    {
        try
        {
            await ask(_nodes[observer], CancellationToken.None);
        }
        catch (NoAnswerException)
        {
            // Who asked is told that it is not known.
        }
    }

    /// <summary>Begins a life of an observer, and ends the one before wherever it was.</summary>
    void Live(string observer)
    {
        var life = _lives[observer] = _lives.GetValueOrDefault(observer) + 1;
        var node = _nodes[observer] = new FailoverNode(
            observer, new Witness(this, observer, life),
            _sides.ToDictionary(s => s.Key, IFailoverDatabase (s) => new Database(this, observer, life, s.Value)), _settings);
        _ = LoopAsync(observer, 2, node.StepAsync, life);
    }

    void At(TimeSpan at, Action action) => _due.Enqueue(action, (at, _order++));

    void After(double seconds, Action action) => At(_now + TimeSpan.FromSeconds(seconds), action);

    void Every(double seconds, Action action) => After(seconds, () =>
    {
        action();
        Every(seconds, action);
    });

    async Task LoopAsync(string who, double seconds, Func<CancellationToken, Task> step, int life = 0)
    {
        await Pause(seconds * _random.NextDouble());
        while (_lives.GetValueOrDefault(who) == life)
        {
            try
            {
                await step(CancellationToken.None);
            }
            catch (BrokenPromiseException e)
            {
                _broken ??= e;
                return;
            }
            await Pause(seconds);
        }
    }

    Task Pause(double seconds)
    {
        var over = new TaskCompletionSource();
        After(seconds, over.SetResult);
        return over.Task;
    }

    /// <summary>A call over the network: it may never arrive, arrive after its caller has given up, or have its answer lost.</summary>
    Task<T> CallAsync<T>(string from, string to, int life, Func<T> carryOut)
    {
        var answer = new TaskCompletionSource<T>();
        var late = _isSlow && _random.Next(4) == 0;
        After(late ? _random.NextDouble() * 20 : _random.NextDouble() * 0.05, () =>
        {
            if (_cut.Contains((from, to)))
                return;
            T result;
            try
            {
                result = carryOut();
            }
            catch (NoAnswerException)
            {
                return;
            }
            catch (BrokenPromiseException e)
            {
                _broken ??= e;
                return;
            }
            var isLost = _losesAnswers && _random.Next(3) == 0;
            After(_random.NextDouble() * 0.05, () =>
            {
                if (!isLost && !_cut.Contains((from, to)) && _lives.GetValueOrDefault(from) == life)
                    answer.TrySetResult(result);
            });
        });
        After(3, () =>
        {
            if (_lives.GetValueOrDefault(from) == life)
                answer.TrySetException(new NoAnswerException($"{from} > {to}"));
        });
        return answer.Task;
    }

    async Task SyncAsync(string machine, FailoverSide source, FailoverSide target)
    {
        var (from, to) = (_sides[source], _sides[target]);
        try
        {
            var begun = await CallAsync(machine, to.Name, 0, to.Answer);
            if (!begun.MayBeWritten(begun))
                return;
            var (rows, at) = await CallAsync(machine, from.Name, 0, () =>
            {
                from.Answer();
                return (from.Rows.ToHashSet(), Now);
            });
            await Pause(_random.NextDouble() * 30);
            await CallAsync(machine, to.Name, 0, () =>
            {
                if (!to.Answer().MayBeWritten(begun))
                    return false;
                Promise(target != Record.Active, $"a sync wrote to the active side, {target}");
                Promise(to.Rows.All(r => rows.Contains(r) || from.Rows.Contains(r) || _setAside.Contains(r)),
                    $"a sync destroyed rows that only {target} had");
                (to.Rows, to.Mark) = (rows, to.Mark with { AsOf = at });
                return true;
            });
        }
        catch (NoAnswerException)
        {
            // The next run tries again.
        }
    }

    static void Promise(bool holds, string otherwise)
    {
        if (!holds)
            throw new BrokenPromiseException(otherwise);
    }

    sealed class Side(FailoverWorld world, FailoverSide side, FailoverRole role)
    {
        public string Name => side.ToString();

        public ProbeFinding Finding { get; set; }

        public FailoverMark Mark { get; set; } = new(role, 1, Start);

        public HashSet<int> Rows { get; set; } = [];

        public FailoverMark Answer() => Finding == ProbeFinding.Up ? Mark : throw new NoAnswerException(Name);

        public bool SetMark(FailoverRole to, long number)
        {
            if (!Answer().GivesWayTo(to, number))
                return false;
            var other = world._sides[side == FailoverSide.Primary ? FailoverSide.Secondary : FailoverSide.Primary];
            if (to == FailoverRole.Active && Mark.Role != to && world.Record is { Phase: FailoverPhase.Switching } record
                && record.Number == number)
            {
                var lost = other.Rows.Where(r => !Rows.Contains(r)).ToList();
                Promise(!record.IsPlanned || lost.Count == 0, "a switchover has lost writes");
                Promise(lost.All(r => Start + world._acknowledged[r].At >= Mark.AsOf), "the copy was older than it said");
            }
            Mark = Mark with { Role = to, Number = number };
            return true;
        }
    }

    sealed class Database(FailoverWorld world, string observer, int life, Side side) : IFailoverDatabase
    {
        public async Task<ProbeFinding> ProbeAsync(CancellationToken cancellationToken)
        {
            try
            {
                return world._lastProbe[observer] = await world.CallAsync(observer, side.Name, life, () => side.Finding);
            }
            catch (NoAnswerException)
            {
                world._lastProbe[observer] = ProbeFinding.Down;
                throw;
            }
        }

        public Task<FailoverMark> ReadAsync(CancellationToken cancellationToken) =>
            world.CallAsync(observer, side.Name, life, side.Answer);

        public Task<bool> MarkAsync(FailoverRole role, long number, CancellationToken cancellationToken) =>
            world.CallAsync(observer, side.Name, life, () => side.SetMark(role, number));

        public Task<bool> SetAsideAsync(long number, CancellationToken cancellationToken) =>
            world.CallAsync(observer, side.Name, life, () =>
            {
                var mark = side.Answer();
                if (mark.Role != FailoverRole.Fenced || mark.Number > number)
                    return mark.Role == FailoverRole.Copy && mark.Number == number;
                var other = world._sides.Values.Single(s => s != side);
                world._setAside.UnionWith(side.Rows.Where(r => !other.Rows.Contains(r)));
                side.Mark = mark with { AsOf = DateTimeOffset.MinValue };
                return true;
            });

        public Task<bool> BringOverAsync(long number, CancellationToken cancellationToken) =>
            world.CallAsync(observer, side.Name, life, () =>
            {
                var other = world._sides.Values.Single(s => s != side);
                if (side.Answer() is not { Role: FailoverRole.Fenced } mark || mark.Number != number
                    || other.Answer() is not { Role: FailoverRole.Fenced } source || source.Number != number)
                    return false;
                (side.Rows, side.Mark) = ([.. other.Rows], mark with { AsOf = world.Now });
                return true;
            });
    }

    sealed class Witness(FailoverWorld world, string from, int life) : IFailoverWitness
    {
        WitnessView View => new(world.Record, [.. world._reports.Values], world._permitsUntil, world.Now);

        public Task<WitnessView> ReadAsync(CancellationToken cancellationToken) => world.CallAsync(from, "w", life, () => View);

        public Task<WitnessView> ReportAsync(ObserverReport report, CancellationToken cancellationToken) =>
            world.CallAsync(from, "w", life, () =>
            {
                world._reports[report.Observer] = report;
                return View;
            });

        public Task<bool> ChangeAsync(FailoverRecord next, CancellationToken cancellationToken) =>
            world.CallAsync(from, "w", life, () =>
            {
                if (next.Number != world.Record.Number + 1)
                    return false;
                if (next is { Phase: FailoverPhase.Fencing, IsPlanned: false })
                {
                    Promise(Observers.All(o => world._lastProbe.GetValueOrDefault(o) == ProbeFinding.Down || world._isSlow),
                        "a failover began that not all observers had a reason for");
                }
                if (next is { Phase: FailoverPhase.Switched, IsPlanned: true })
                    world.Switchovers++;
                if (next.Failovers.Count > 1)
                    Promise(next.Failovers[^1] - next.Failovers[^2] >= world._settings.CoolDown, "two failovers in a short while");
                world.Record = next;
                return true;
            });

        public Task<FailoverSide?> PermitAsync(TimeSpan length, CancellationToken cancellationToken) =>
            world.CallAsync(from, "w", life, FailoverSide? () =>
            {
                if (!world.Record.MayLead)
                    return null;
                world._permitsUntil = world.Now + length;
                return world.Record.Active;
            });
    }

    /// <summary>Its timestamps run steadily; its time of day is set now and then.</summary>
    sealed class Clock(FailoverWorld world) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => world.Now + world._jump;

        public override long GetTimestamp() => world._now.Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }

    sealed class Proxy : IGuidedProxy
    {
        readonly FailoverWorld _world;

        public Proxy(FailoverWorld world, string name)
        {
            (_world, Name) = (world, name);
            Keeper = new ProxyKeeper(new Witness(world, name, 0), this, world._settings, new Clock(world));
        }

        public string Name { get; }

        public ProxyKeeper Keeper { get; }

        (FailoverSide Side, long Until)? Route { get; set; }

        FailoverSide? Leads => Route is { } route && _world._now.Ticks < route.Until ? route.Side : null;

        public Task LeadAsync(FailoverSide side, long until)
        {
            Route = (side, until);
            if (Leads is not null)
            {
                Promise(_world._proxies.All(p => p.Leads is null || p.Leads == side),
                    string.Create(CultureInfo.InvariantCulture, $"both sides are open at {_world._now}"));
            }
            return Task.CompletedTask;
        }

        public Task HoldAsync()
        {
            Route = null;
            return Task.CompletedTask;
        }

        public void Write()
        {
            if (Leads is not { } leads || _world._cut.Contains((Name, leads.ToString())))
                return;
            var side = _world._sides[leads];
            if (side.Finding != ProbeFinding.Up || side.Mark.Role == FailoverRole.Fenced)
                return;
            Promise(side.Mark.Role == FailoverRole.Active, $"a client wrote to a copy, {leads}");
            var row = _world._acknowledged.Count;
            _world._acknowledged[row] = (_world._now, leads);
            side.Rows.Add(row);
        }
    }
}
