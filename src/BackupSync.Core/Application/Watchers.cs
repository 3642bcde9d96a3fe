using BackupSync.Alerting;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>Who hears of each run besides those who show it: the one place where runs of both heads and of the service get alerts.</summary>
static class Watchers
{
    /// <param name="alerts">Null where no configuration says who is told.</param>
    /// <param name="folder">Where the run's history is kept.</param>
    public static IEnumerable<IRunObserver> With(
        IEnumerable<IRunObserver> observers, AlertsConfig? alerts, TimeProvider clock, string folder, LateValue<Secret>? ping = null)
    {
        if (alerts is { Channels.Count: > 0 })
            observers = observers.Append(new AlertObserver(alerts, clock, folder));
        return ping is null ? observers : observers.Append(new PingObserver(new RunPing(ping, clock)));
    }
}
