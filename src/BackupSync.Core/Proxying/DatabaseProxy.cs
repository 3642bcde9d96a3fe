using System.Net;
using System.Net.Sockets;
using BackupSync.Postgres;

namespace BackupSync.Proxying;

/// <summary>
/// An endpoint that leads clients to one of several servers. It passes bytes on, TLS among them, and understands nothing of what they say
/// but the first packet.
/// </summary>
sealed class DatabaseProxy : IAsyncDisposable
{
    readonly Socket _listener;
    readonly TimeProvider _clock;
    readonly CancellationTokenSource _end = new();
    readonly Lock _lock = new();
    readonly HashSet<ProxyConnection> _connections = [];
    readonly ITimer _permit;
    readonly Task _accepting;
    volatile ProxyState _state;

    DatabaseProxy(Socket listener, ProxyRoute route, ProxyLimits limits, TimeProvider clock)
    {
        (_listener, _clock, Limits) = (listener, clock, limits);
        _state = new ProxyState(route, long.MaxValue);
        _permit = clock.CreateTimer(_ => RunOut(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        // Not on the caller's thread: each connection is accepted where the one before was.
        _accepting = Task.Run(AcceptAsync);
    }

    /// <param name="listen">Port 0 takes a free one.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.ConfigurationInvalid"/>: it cannot listen there.</exception>
    public static DatabaseProxy Start(IPEndPoint listen, ProxyRoute route, ProxyLimits limits, TimeProvider clock)
    {
        var listener = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(listen);
            listener.Listen();
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid, $"The proxy cannot listen on {listen}: {e.Message}",
                "Take an address of this machine and a port that nothing listens on.", e);
        }
        return new DatabaseProxy(listener, route, limits, clock);
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    public ProxyLimits Limits { get; }

    public ProxyRoute Route => _state.Route;

    /// <summary>Those that are connected to a server, and those that wait to be.</summary>
    public int Clients
    {
        get
        {
            lock (_lock)
                return _connections.Count;
        }
    }

    /// <summary>
    /// Leads all another way. When this returns, nothing goes any more to where it may not go; what has gone before may still be on the
    /// line, or be carried out by the server.
    /// </summary>
    public async Task LeadAsync(ProxyRoute route)
    {
        ProxyConnection[] all;
        lock (_lock)
        {
            var before = _state;
            _state = new ProxyState(route, before.Until);
            before.Over();
            all = [.. _connections];
        }
        await Task.WhenAll(all.Select(c => c.FollowAsync(route)));
    }

    /// <summary>
    /// For how long from now clients may be led to a server without another such word. By then all are cut off, as whoever gave the permit
    /// may lead others elsewhere. A clock that stands still with this process stops nobody: each passage looks at the time itself.
    /// </summary>
    public void Permit(TimeSpan time)
    {
        lock (_lock)
        {
            var before = _state;
            _state = new ProxyState(before.Route, _clock.GetTimestamp() + (long)(time.TotalSeconds * _clock.TimestampFrequency));
            _permit.Change(time, Timeout.InfiniteTimeSpan);
            before.Over();
        }
    }

    /// <summary>Whether bytes may go to a server now.</summary>
    internal bool MayPass(DatabaseHost server) => _state is { Route: ProxyRoute.To to } state && to.Server == server && IsPermitted(state);

    /// <summary>How it stands, and when that is over.</summary>
    internal (ProxyRoute Route, Task Over) Now
    {
        get
        {
            var state = _state;
            return (IsPermitted(state) ? state.Route : RanOut, state.IsOver);
        }
    }

    static ProxyRoute.Refused RanOut { get; } =
        new("it is not known at this moment which side may take writes; try again in a few seconds");

    bool IsPermitted(ProxyState state) => state.Until == long.MaxValue || _clock.GetTimestamp() < state.Until;

    void RunOut()
    {
        ProxyConnection[] all;
        lock (_lock)
        {
            // It may have been given anew meanwhile.
            if (IsPermitted(_state))
                return;
            all = [.. _connections];
        }
        foreach (var connection in all)
            _ = connection.FollowAsync(RanOut);
    }

    async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_end.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // Of that client, or the machine has no more of something: the others must not be kept waiting for good.
                await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(50), _clock, _end.Token));
                continue;
            }
            var connection = new ProxyConnection(client, this, _clock);
            bool isTooMany;
            lock (_lock)
            {
                isTooMany = _connections.Count >= Limits.Clients;
                if (!isTooMany)
                    _connections.Add(connection);
            }
            if (isTooMany)
                connection.Close();
            else
                _ = ServeAsync(connection);
        }
    }

    async Task ServeAsync(ProxyConnection connection)
    {
        try
        {
            await connection.ServeAsync();
        }
        finally
        {
            connection.Close();
            lock (_lock)
                _connections.Remove(connection);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await _permit.DisposeAsync();
        ProxyConnection[] all;
        lock (_lock)
            all = [.. _connections];
        foreach (var connection in all)
            connection.Close();
        _end.Dispose();
    }

    /// <param name="Until">By the clock's timestamps.</param>
    sealed record ProxyState(ProxyRoute Route, long Until)
    {
        readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task IsOver => _over.Task;

        public void Over() => _over.TrySetResult();
    }
}
