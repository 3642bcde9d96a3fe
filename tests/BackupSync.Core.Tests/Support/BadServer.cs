using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using BackupSync.Postgres;

namespace BackupSync.Tests;

/// <summary>What a server does that nobody should have to bear.</summary>
public enum Mischief
{
    /// <summary>A message that never ends, a byte at a time.</summary>
    Dribble,

    /// <summary>A message of two gigabytes, a byte at a time.</summary>
    HugeLength,
    NegativeLength,
    NoLength,
    Garbage,
}

/// <summary>Stands before a PostgreSQL server on loopback, and from some message on sends what makes no sense.</summary>
public sealed class BadServer : IAsyncDisposable
{
    const int SslRequest = 80877103;
    const int GssRequest = 80877104;
    const int CancelRequest = 80877102;

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _end = new();
    readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Mischief _mischief;
    readonly int _serverPort;
    readonly Task _accepting;
    volatile string? _at;
    int _open;

    /// <param name="at">The kinds of message that it begins at; see <see cref="BeginAt"/>.</param>
    public BadServer(int serverPort, Mischief mischief, string? at = null)
    {
        (_serverPort, _mischief, _at) = (serverPort, mischief, at);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Completed once it is at it.</summary>
    public Task Began => _began.Task;

    /// <summary>How many clients are connected.</summary>
    public int Connections => Volatile.Read(ref _open);

    /// <summary>The same database through this server.</summary>
    public DatabaseAddress Through(DatabaseAddress address) => address.WithHost("127.0.0.1", Port);

    /// <summary>
    /// Lets it begin at the next message of one of these kinds, such as <c>d</c> for COPY data; <c>tls</c> for the answer about TLS.
    /// </summary>
    public void BeginAt(string kinds) => _at = kinds;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Eventually.IsTrueAsync(() => Connections == 0, "all connections are closed");
        _end.Dispose();
    }

    async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync(_end.Token);
                Interlocked.Increment(ref _open);
                _ = ServeAsync(client);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException
                && _end.IsCancellationRequested)
            {
                return;
            }
        }
    }

    async Task ServeAsync(Socket socket)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        try
        {
            socket.NoDelay = true;
            await using var client = new NetworkStream(socket, ownsSocket: true);
            if (await GreetAsync(client, over.Token) is not { } startup)
                return;
            using var server = new TcpClient { NoDelay = true };
            await server.ConnectAsync(IPAddress.Loopback, _serverPort, over.Token);
            await server.GetStream().WriteAsync(startup, over.Token);
            var answering = AnswerAsync(server.GetStream(), client, over.Token);
            await Task.WhenAny(client.CopyToAsync(server.GetStream(), over.Token), answering);
            await over.CancelAsync();
            await answering;
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the ends has gone, which is what the tests wait for.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    /// <summary>What the client begins with, once it no longer asks for encryption.</summary>
    async Task<byte[]?> GreetAsync(NetworkStream client, CancellationToken stop)
    {
        while (true)
        {
            var head = new byte[8];
            await client.ReadExactlyAsync(head, stop);
            switch (BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(4)))
            {
                case SslRequest when _at == "tls":
                    await client.WriteAsync("S"u8.ToArray(), stop);
                    await MisbehaveAsync(client, 0x16, [3, 3, 64, 0], stop);
                    return null;
                case SslRequest or GssRequest:
                    await client.WriteAsync("N"u8.ToArray(), stop);
                    continue;
                case CancelRequest when Began.IsCompleted:
                    await client.CopyToAsync(Stream.Null, stop); // and never says that it was heard
                    return null;
            }
            var startup = new byte[BinaryPrimitives.ReadInt32BigEndian(head)];
            head.CopyTo(startup, 0);
            await client.ReadExactlyAsync(startup.AsMemory(8), stop);
            return startup;
        }
    }

    async Task AnswerAsync(NetworkStream server, NetworkStream client, CancellationToken stop)
    {
        while (true)
        {
            var head = new byte[5];
            if (await server.ReadAtLeastAsync(head, 5, throwOnEndOfStream: false, stop) < 5)
                return;
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) - 4];
            await server.ReadExactlyAsync(body, stop);
            if (_at is { } at && at != "tls" && at.Contains((char)head[0], StringComparison.Ordinal))
            {
                await MisbehaveAsync(client, head[0], body, stop);
                return;
            }
            await client.WriteAsync((byte[])[.. head, .. body], stop);
        }
    }

    async Task MisbehaveAsync(NetworkStream client, byte kind, byte[] body, CancellationToken stop)
    {
        _began.TrySetResult();
        var random = new byte[500];
        new Random(kind).NextBytes(random);
        var head = new byte[5];
        head[0] = kind;
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), _mischief switch
        {
            Mischief.Dribble => 1_000_000,
            Mischief.HugeLength => int.MaxValue,
            Mischief.NegativeLength => -5,
            _ => 0,
        });
        await client.WriteAsync(_mischief == Mischief.Garbage ? random : (byte[])[.. head, .. body], stop);
        if (_mischief is not (Mischief.Dribble or Mischief.HugeLength))
            await Task.Delay(Timeout.Infinite, stop).WaitAsync(TimeSpan.FromMinutes(2), stop);
        while (true)
        {
            await Task.Delay(50, stop);
            await client.WriteAsync(new byte[1], stop);
        }
    }
}
