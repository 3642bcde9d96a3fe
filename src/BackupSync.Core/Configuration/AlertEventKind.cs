namespace BackupSync.Configuration;

/// <summary>What somebody may have to know: a closed set, for rules name it. The order is that of docs/alerts.md.</summary>
public enum AlertEventKind
{
    /// <summary>Critical: a run failed, and what it replaced could not be brought back. The safety backup is named.</summary>
    RollbackFailed,

    /// <summary>Critical: a backup was read or restored on trial, and is bad.</summary>
    BadBackup,

    /// <summary>A run failed after it had begun to write, and was undone: the target holds what it held before.</summary>
    RolledBack,

    /// <summary>A run failed before anything was changed.</summary>
    Failed,

    /// <summary>A backup was taken and is good, but did not reach every place, or was not proven as asked.</summary>
    Incomplete,

    /// <summary>The newest copy that a job has made is older than the tier's RPO, or will be.</summary>
    CopyTooOld,

    /// <summary>The newest good backup of a database is older than the tier's RPO, or will be.</summary>
    BackupTooOld,

    /// <summary>No backup of a database was restored or read to its end for long.</summary>
    NotProven,

    /// <summary>A database does not answer.</summary>
    Unreachable,

    /// <summary>A service that is watched does not answer as expected, or too many of its answers are errors.</summary>
    ServiceDown,

    /// <summary>A drill or a restore took longer than the tier's RTO, or its data were older than its RPO.</summary>
    ObjectiveMissed,

    /// <summary>A scheduled run did not take place.</summary>
    Missed,

    /// <summary>A run did not begin, for another one was in progress.</summary>
    Skipped,

    /// <summary>A schedule is paused for long.</summary>
    Paused,

    /// <summary>Alerts do not arrive by a channel. Told by the others, whether or not a rule names it.</summary>
    ChannelFailed,
}

/// <summary>How urgent an alert is. Quiet hours hold all but what is critical.</summary>
public enum AlertSeverity
{
    Information,
    Warning,
    Error,
    Critical,
}

static class AlertEventKinds
{
    public static AlertSeverity SeverityOf(this AlertEventKind kind) => kind switch
    {
        AlertEventKind.RollbackFailed or AlertEventKind.BadBackup => AlertSeverity.Critical,
        AlertEventKind.NotProven or AlertEventKind.ObjectiveMissed or AlertEventKind.Missed or AlertEventKind.Skipped
            or AlertEventKind.Paused => AlertSeverity.Warning,
        _ => AlertSeverity.Error,
    };

    /// <summary>As rules name it, such as <c>rolledBack</c>.</summary>
    public static string Word(this AlertEventKind kind) => char.ToLowerInvariant($"{kind}"[0]) + $"{kind}"[1..];
}
