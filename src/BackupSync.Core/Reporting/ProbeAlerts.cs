using BackupSync.Alerting;
using BackupSync.Configuration;

namespace BackupSync.Reporting;

/// <summary>What probes have found out as alerts: databases and services that are down, until they are up again.</summary>
public static class ProbeAlerts
{
    /// <exception cref="BackupSyncException">The disk does not take what is to be told.</exception>
    public static void Tell(ProbeChange change, IAlertSink alerts)
    {
        var isService = change.Kind == ProbeKind.Service;
        var kind = isService ? AlertEventKind.ServiceDown : AlertEventKind.Unreachable;
        if (change.To is ProbeState.Down or ProbeState.Degraded)
            alerts.Raise(new AlertEvent
            {
                Kind = kind,
                What = change.Name,
                Headline = Sentence(change.Told),
                Advice = isService
                    ? "Look at the service, and at what stands in front of it."
                    : "Look at its provider's status, the network and the server's log; backupsync test tries it now.",
            });
        else if (change.To == ProbeState.Up)
            alerts.Resolve(AlertEvent.KeyOf(change.Name, kind), Sentence(change.Told));
    }

    static string Sentence(string words) => char.ToUpperInvariant(words[0]) + words[1..].TrimEnd('.') + ".";
}
