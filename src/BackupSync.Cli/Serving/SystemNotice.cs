using Microsoft.Extensions.Hosting.Systemd;

namespace BackupSync.Cli.Serving;

/// <summary>Tells systemd that the service is up, reloads, stops and is alive (Type=notify, WatchdogSec). Elsewhere nobody listens.</summary>
sealed class SystemNotice
{
    readonly SystemdNotifier _notifier = new();
    readonly TimeSpan? _watchdog = Watchdog();

    /// <summary>What runs and dumps are started by us must not answer in our name.</summary>
    public SystemNotice()
    {
        foreach (var variable in (string[])["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"])
            Environment.SetEnvironmentVariable(variable, null);
    }

    public void Ready() => _notifier.Notify(ServiceState.Ready);

    public void Stopping() => _notifier.Notify(ServiceState.Stopping);

    /// <summary>Says that it is alive for as long as the scheduler is asked and answers.</summary>
    /// <param name="answer">Returns when it has answered.</param>
    public async Task KeepAliveAsync(Action answer, TimeProvider clock, CancellationToken stop)
    {
        while (_watchdog is { } limit)
        {
            await Task.Run(answer, stop);
            _notifier.Notify(new ServiceState("WATCHDOG=1"));
            await Task.Delay(limit / 2, clock, stop);
        }
    }

    static TimeSpan? Watchdog() => long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), out var microseconds)
        && microseconds > 0
        && (Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { } process || process == $"{Environment.ProcessId}")
        ? TimeSpan.FromMicroseconds(microseconds)
        : null;
}
