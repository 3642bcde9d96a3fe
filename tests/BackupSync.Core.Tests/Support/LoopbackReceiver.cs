using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace BackupSync.Tests;

/// <summary>A server on loopback that serves each connection by itself, until the test ends.</summary>
abstract class LoopbackReceiver : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _end = new();
    readonly Task _accepting;

    protected LoopbackReceiver()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Cancelled when the test ends.</summary>
    protected CancellationToken End => _end.Token;

    protected abstract Task ServeAsync(NetworkStream stream);

    async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var stream = client.GetStream();
                await ServeAsync(stream);
            }
            catch (Exception e) when (e is IOException or AuthenticationException or OperationCanceledException or SocketException)
            {
                // The client has left or trusts it not, or the test has ended.
            }
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
        GC.SuppressFinalize(this);
    }
}
