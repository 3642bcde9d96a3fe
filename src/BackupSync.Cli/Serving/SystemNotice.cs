using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Hosting.WindowsServices;

namespace BackupSync.Cli.Serving;

/// <summary>
/// Tells systemd (Type=notify, WatchdogSec), or Windows, that the service is up, stops and is alive; and hears of Windows when it is to
/// stop, which systemd says by a signal. Elsewhere nobody listens.
/// </summary>
sealed class SystemNotice : IDisposable
{
    readonly SystemdNotifier _notifier = new();
    readonly TimeSpan? _watchdog = Watchdog();
    readonly IHost? _windows;

    /// <summary>What runs and dumps are started by us must not answer in our name.</summary>
    /// <param name="stop">Called where Windows stops the service.</param>
    public SystemNotice(Action stop)
    {
        foreach (var variable in (string[])["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"])
            Environment.SetEnvironmentVariable(variable, null);
        if (!WindowsServiceHelpers.IsWindowsService())
            return;
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddWindowsService();
        _windows = builder.Build();
        _windows.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stop);
    }

    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        _notifier.Notify(ServiceState.Ready);
        if (_windows is not null)
            await _windows.StartAsync(cancellationToken);
    }

    public void Stopping() => _notifier.Notify(ServiceState.Stopping);

    /// <summary>When all has ended: Windows takes the service for stopped from then on.</summary>
    public async Task StoppedAsync()
    {
        if (_windows is not null)
            await _windows.StopAsync(CancellationToken.None);
    }

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

    public void Dispose() => _windows?.Dispose();

    static TimeSpan? Watchdog() => long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), out var microseconds)
        && microseconds > 0
        && (Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { } process || process == $"{Environment.ProcessId}")
        ? TimeSpan.FromMicroseconds(microseconds)
        : null;
}
