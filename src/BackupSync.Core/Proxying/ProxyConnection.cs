using System.Buffers;
using System.Net.Sockets;
using BackupSync.Postgres;

namespace BackupSync.Proxying;

/// <summary>One client of a proxy, and its connection to a server.</summary>
sealed class ProxyConnection(Socket client, DatabaseProxy proxy, TimeProvider clock)
{
    /// <summary>Many clients say little; who has more to say gets more room while it lasts.</summary>
    const int SmallBuffer = 4 * 1024, LargeBuffer = 64 * 1024;

    /// <summary>cannot_connect_now: drivers that know it try again.</summary>
    const string CannotConnectNow = "57P03";

    readonly CancellationTokenSource _closed = new();
    readonly Lock _lock = new();
    Socket? _server;
    DatabaseHost? _host;

    /// <summary>Whether bytes are under way to the server, and who waits until they are not.</summary>
    volatile bool _isSending;
    TaskCompletionSource? _sent;

    /// <summary>From its first byte until one of both ends it.</summary>
    public async Task ServeAsync()
    {
        try
        {
            client.NoDelay = true;
            client.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            if (await GreetAsync() is { } server)
                await Task.WhenAll(AskAsync(server), AnswerAsync(server));
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException
            or InvalidDataException)
        {
            // One of both has left, was cut off, or is no client: the other hears of it by the end of its line.
        }
    }

    /// <summary>Goes on, waits, or is cut off, as the new route is.</summary>
    public async Task FollowAsync(ProxyRoute route)
    {
        lock (_lock)
        {
            // Who is not connected yet looks at the route by himself.
            if (_host is not { } host)
                return;
            if (!route.Keeps(host))
                Close();
        }
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        sent = Interlocked.CompareExchange(ref _sent, sent, null) ?? sent;
        if (!_isSending)
            return;
        try
        {
            await sent.Task.WaitAsync(proxy.Limits.Drain, clock);
        }
        catch (TimeoutException)
        {
            Close();
        }
    }

    /// <summary>Cuts both lines. What the system still has to send is forgotten, so that no server gets it later.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed.Cancel();
            _server?.Close(0);
            client.Close();
        }
    }

    /// <summary>The server that has heard the first packet; null where there is none.</summary>
    async Task<Socket?> GreetAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(StartupPacket.MostBytes);
        try
        {
            var length = await ReadGreetingAsync(buffer);
            return length > 0 && await ConnectAsync(buffer, length) is { } server
                && await SendAsync(server, buffer.AsMemory(0, length)) ? server : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    async Task<int> ReadGreetingAsync(byte[] buffer)
    {
        using var limit = new CancellationTokenSource(proxy.Limits.Greeting, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closed.Token);
        var length = 0;
        while (true)
        {
            // No further than the first packet may be long: the rest of what is there is read by who passes it on.
            var read = await client.ReceiveAsync(buffer.AsMemory(length, StartupPacket.MostBytes - length), stop.Token);
            if (read == 0)
                return 0;
            length += read;
            if (StartupPacket.Length(buffer.AsSpan(0, length)) <= length)
                return length;
        }
    }

    /// <summary>Null where it was refused, and told so.</summary>
    async Task<Socket?> ConnectAsync(byte[] greeting, int length)
    {
        while (true)
        {
            var (route, over) = proxy.Now;
            switch (route)
            {
                case ProxyRoute.To(var host):
                    try
                    {
                        if (await ConnectAsync(host) is { } server)
                            return server;
                    }
                    catch (SocketException e)
                    {
                        await RefuseAsync(greeting, length, $"{host} cannot be reached: {e.Message}");
                        return null;
                    }
                    break;
                case ProxyRoute.Held:
                    if (await IsOverInTimeAsync(over))
                        break;
                    await RefuseAsync(
                        greeting, length, "the database is being moved, and that takes longer than clients may be held; try again");
                    return null;
                case ProxyRoute.Refused(var reason):
                    await RefuseAsync(greeting, length, reason);
                    return null;
            }
        }
    }

    /// <summary>Null where the route has changed meanwhile.</summary>
    async Task<Socket?> ConnectAsync(DatabaseHost host)
    {
        using var limit = new CancellationTokenSource(proxy.Limits.Connect, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closed.Token);
        var server = host.IsSocket
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (host.IsSocket)
                await server.ConnectAsync(new UnixDomainSocketEndPoint($"{host.Name}/.s.PGSQL.{host.Port}"), stop.Token);
            else
                await server.ConnectAsync(host.Name, host.Port, stop.Token);
            server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            lock (_lock)
            {
                _closed.Token.ThrowIfCancellationRequested();
                // Whoever changes the route from here on finds it here, and closes it where it must be.
                if (proxy.MayPass(host))
                {
                    (_server, _host) = (server, host);
                    return server;
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            server.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            server.Dispose();
            throw;
        }
        server.Dispose();
        return null;
    }

    /// <summary>
    /// Without TLS: libpq shows no answer to its question for TLS but yes and no. Whoever insists on TLS leaves then, and is told by his
    /// driver that there is none.
    /// </summary>
    async Task RefuseAsync(byte[] greeting, int length, string reason)
    {
        while (length > 0 && StartupPacket.AsksForEncryption(greeting))
        {
            await client.SendAsync("N"u8.ToArray(), _closed.Token);
            length = await ReadGreetingAsync(greeting);
        }
        if (length == 0 || !StartupPacket.MayBeAnswered(greeting))
            return;
        await client.SendAsync(StartupPacket.Refusal(CannotConnectNow, $"BackupSync's proxy: {reason}"), _closed.Token);
        client.Shutdown(SocketShutdown.Send);
    }

    /// <summary>What the client says, to the server.</summary>
    async Task AskAsync(Socket server)
    {
        var isEnd = await PassAsync(client, burst => SendAsync(server, burst));
        if (isEnd)
            server.Shutdown(SocketShutdown.Send);
    }

    /// <summary>What the server says, to the client; nothing holds it up.</summary>
    async Task AnswerAsync(Socket server)
    {
        await PassAsync(server, async burst =>
        {
            await SendAllAsync(client, burst);
            return true;
        });
        // Whoever still sends has nobody to send it to.
        Close();
    }

    /// <summary>Until the end of what comes, which is true, or until it may go no further.</summary>
    async Task<bool> PassAsync(Socket from, Func<ReadOnlyMemory<byte>, ValueTask<bool>> pass)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(SmallBuffer);
        try
        {
            while (true)
            {
                var read = await from.ReceiveAsync(buffer, _closed.Token);
                if (read == 0)
                    return true;
                if (!await pass(buffer.AsMemory(0, read)))
                    return false;
                var size = read == buffer.Length ? LargeBuffer : from.Available == 0 ? SmallBuffer : buffer.Length;
                if (size == buffer.Length)
                    continue;
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent(size);
            }
        }
        catch
        {
            // The other way must not wait for it.
            Close();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>When they may go there; false where they may not any more.</summary>
    async ValueTask<bool> SendAsync(Socket server, ReadOnlyMemory<byte> burst)
    {
        while (!Begin())
        {
            var (route, over) = proxy.Now;
            if (!route.Keeps(_host!.Value))
            {
                Close();
                return false;
            }
            if (route is ProxyRoute.Held && !await IsOverInTimeAsync(over))
            {
                Close();
                return false;
            }
        }
        try
        {
            await SendAllAsync(server, burst);
            return true;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Whether clients are held no longer than they may be.</summary>
    async Task<bool> IsOverInTimeAsync(Task over)
    {
        try
        {
            await over.WaitAsync(proxy.Limits.Hold, clock, _closed.Token);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Whoever changes the route either sees that bytes are under way, or these see the change.</summary>
    bool Begin()
    {
        _isSending = true;
        Interlocked.MemoryBarrier();
        if (proxy.MayPass(_host!.Value))
            return true;
        Leave();
        return false;
    }

    void Leave()
    {
        _isSending = false;
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _sent) is not null)
            Interlocked.Exchange(ref _sent, null)?.TrySetResult();
    }

    async ValueTask SendAllAsync(Socket to, ReadOnlyMemory<byte> burst)
    {
        while (burst.Length > 0)
            burst = burst[await to.SendAsync(burst, _closed.Token)..];
    }
}
