using System.Runtime.InteropServices;

namespace BackupSync.Cli;

/// <summary>Turns the signals that end a process into a token, and lets the process live until what it began is cleaned up.</summary>
sealed class Interruption : IDisposable
{
    readonly CancellationTokenSource _source = new();
    readonly List<PosixSignalRegistration> _registrations = [];

    public Interruption()
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
            _registrations.Add(PosixSignalRegistration.Create(signal, OnSignal));
    }

    public CancellationToken Token => _source.Token;

    /// <summary>What a hangup does instead, for what goes on for months; null where it ends the process as the others do.</summary>
    public static Action? Hangup { get; set; }

    void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (context.Signal == PosixSignal.SIGHUP && Hangup is { } hangup)
            hangup();
        else
            _source.Cancel();
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }
}
