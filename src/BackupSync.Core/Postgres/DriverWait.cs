using System.Runtime.CompilerServices;
using Npgsql;
using Npgsql.Internal;

namespace BackupSync.Postgres;

/// <summary>
/// A wait for the driver that ends when the caller gives up, whatever the server does meanwhile. Npgsql limits single reads, so that a
/// server which sends a byte now and then is waited for without end; it does not hear of a stop during parts of the handshake; and it asks
/// the server to end a statement from within the token's own callback, where that server can hold up everybody who shares the token.
/// </summary>
sealed class DriverWait : IDisposable
{
    /// <summary>
    /// How long the driver may take to end a statement in the server and come back; it gives itself two seconds for an answer.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>For work that is ended by closing its line.</summary>
    static readonly TimeSpan AfterClosing = TimeSpan.FromSeconds(1);

    readonly CancellationTokenSource _own = new();
    readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly CancellationToken _callers;
    readonly CancellationTokenRegistration _registration;
    readonly Action _giveUp;

    /// <param name="grace">How long the work may go on once the caller has given up.</param>
    /// <param name="giveUp">Then called, to break what the work waits for.</param>
    public DriverWait(TimeSpan grace, Action giveUp, CancellationToken cancellationToken)
    {
        (_callers, _giveUp) = (cancellationToken, giveUp);
        _registration = cancellationToken.UnsafeRegister(_ =>
        {
            _ = _own.CancelAsync();
            _ = Task.Delay(grace).ContinueWith(_ => _over.TrySetResult(), TaskScheduler.Default);
        }, null);
    }

    /// <summary>For the driver: cancelled on a thread of its own.</summary>
    public CancellationToken Token => _own.Token;

    /// <exception cref="OperationCanceledException">The caller has given up, and so had this wait to.</exception>
    public async Task<T> ForAsync<T>(Task<T> work)
    {
        if (work.IsCompleted || await Task.WhenAny(work, _over.Task) == work)
            return await work;
        _giveUp();
        // Mostly it ends now, and what it uses is free before the caller goes on.
        if (await Task.WhenAny(work, Task.Delay(AfterClosing)) != work)
            _ = work.ContinueWith(t => t.Exception, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously);
        throw new OperationCanceledException("The server did not let go of the connection in time.", _callers);
    }

    public void Dispose() => _registration.Dispose(); // the source stays: work that was left behind looks at it

    /// <summary>Closes a connection's line under it: the driver has no way to end what reads it.</summary>
    public static void CloseLine(NpgsqlConnection connection)
    {
        if (Connector(connection) is { } connector)
            Line(connector)?.Dispose();
    }

#pragma warning disable NPG9001 // the driver's own insides; a test closes a line
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Connector")]
    static extern NpgsqlConnector? Connector(NpgsqlConnection connection);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_socket")]
    static extern ref System.Net.Sockets.Socket? Line(NpgsqlConnector connector);
#pragma warning restore NPG9001
}
