using System.Net;
using System.Net.Sockets;
using System.Text;
using BackupSync.Postgres;

namespace BackupSync.Tests;

/// <summary>Stands between a client and a server on loopback, and breaks the line when told.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _end = new();
    readonly HashSet<Socket> _sockets = [];
    readonly Lock _lock = new();
    readonly int _serverPort;
    readonly Task _accepting;
    volatile TaskCompletionSource _open = Opened();
    volatile bool _cut, _dribbles;
    (byte[] Text, byte[] Into)? _garbled;
    byte[]? _last;
    long _passed;
    long _actAt = long.MaxValue;
    Func<Task> _act = () => Task.CompletedTask;

    public TcpProxy(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Bytes passed so far, both ways and all connections together.</summary>
    public long Passed => Interlocked.Read(ref _passed);

    /// <summary>How many connections are open.</summary>
    public int Connections
    {
        get
        {
            lock (_lock)
                return _sockets.Count / 2;
        }
    }

    /// <summary>Whether it has been cut, until <see cref="Restore"/>.</summary>
    public bool IsCut => _cut;

    /// <summary>The same database through this proxy.</summary>
    public DatabaseAddress Through(DatabaseAddress address) => address.WithHost("127.0.0.1", Port);

    /// <summary>Cuts once that many more bytes have passed, both ways and all connections together.</summary>
    public void CutAfter(long bytes) => After(bytes, () =>
    {
        CutNow();
        return Task.CompletedTask;
    });

    /// <summary>Does something once that many more bytes have passed: the next one waits for it.</summary>
    public void After(long bytes, Func<Task> act)
    {
        _act = act;
        Interlocked.Exchange(ref _actAt, Passed + bytes);
    }

    /// <summary>Resets every connection, and every new one until <see cref="Restore"/>.</summary>
    public void CutNow()
    {
        _cut = true;
        lock (_lock)
        {
            foreach (var socket in _sockets)
                socket.Close(0);
            _sockets.Clear();
        }
    }

    /// <summary>Passes nothing on, with all connections open, until <see cref="Restore"/>.</summary>
    public void Stall() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>From now on passes a byte on now and then, where more comes at once.</summary>
    public void Dribble() => _dribbles = true;

    /// <summary>Makes one text of another, of the same length, wherever it passes in one piece.</summary>
    public void Garble(string text, string into) => _garbled = (Encoding.ASCII.GetBytes(text), Encoding.ASCII.GetBytes(into));

    /// <summary>Passes this text on, and no answer to it: its connection is reset when the server has had time for one. Once.</summary>
    public void LoseAnswerTo(string text) => _last = Encoding.ASCII.GetBytes(text);

    /// <summary>Whether it has done so.</summary>
    public bool HasLostAnswer { get; private set; }

    /// <summary>As it was at first.</summary>
    public void Restore()
    {
        _cut = _dribbles = false;
        Interlocked.Exchange(ref _actAt, long.MaxValue);
        _open.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        CutNow();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync(_end.Token);
                if (_cut)
                    client.Close(0);
                else
                    _ = ServeAsync(client);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException
                && _end.IsCancellationRequested)
            {
                return;
            }
        }
    }

    async Task ServeAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        lock (_lock)
        {
            _sockets.Add(client);
            _sockets.Add(server);
        }
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _serverPort, _end.Token);
            Task[] ways = [PumpAsync(client, server), PumpAsync(server, client)];
            // Who closes with something unread resets the line: the other end is told, and does not wait for an answer for ever.
            await await Task.WhenAny(ways);
            await Task.WhenAll(ways);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The line is broken, by us or by one of the ends: the other is to notice.
        }
        finally
        {
            lock (_lock)
            {
                _sockets.Remove(client);
                _sockets.Remove(server);
            }
            client.Close(0);
            server.Close(0);
        }
    }

    async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await from.ReceiveAsync(buffer, _end.Token)) > 0)
        {
            await _open.Task.WaitAsync(_end.Token);
            if (_garbled is { } garbled && buffer.AsSpan(0, count).IndexOf(garbled.Text) is >= 0 and var at)
                garbled.Into.CopyTo(buffer, at);
            if (_last is { } last && buffer.AsSpan(0, count).IndexOf(last) >= 0
                && Interlocked.CompareExchange(ref _last, null, last) == last)
            {
                Stall();
                await SendAsync(to, buffer, 0, count);
                await Task.Delay(500, _end.Token);
                from.Close(0);
                to.Close(0);
                HasLostAnswer = true;
                Restore();
                return;
            }
            var sent = 0;
            var (passed, actAt) = (Interlocked.Add(ref _passed, count), Interlocked.Read(ref _actAt));
            if (passed > actAt && Interlocked.CompareExchange(ref _actAt, long.MaxValue, actAt) == actAt)
            {
                // Up to that byte, which may be in the middle of a message.
                sent = await SendAsync(to, buffer, 0, (int)Math.Clamp(count - (passed - actAt), 0, count));
                await _act();
                await _open.Task.WaitAsync(_end.Token);
            }
            await SendAsync(to, buffer, sent, count);
        }
        to.Shutdown(SocketShutdown.Send);
    }

    async Task<int> SendAsync(Socket to, byte[] buffer, int from, int end)
    {
        while (from < end)
        {
            if (_dribbles)
                await Task.Delay(100, _end.Token);
            from += await to.SendAsync(buffer.AsMemory(from, _dribbles ? 1 : end - from), _end.Token);
        }
        return from;
    }

    static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        open.SetResult();
        return open;
    }
}
