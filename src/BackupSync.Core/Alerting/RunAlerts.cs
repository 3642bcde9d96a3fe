using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Alerting;

/// <summary>What a run that has ended is as an event. What rows hold stays out: what a server said may quote it.</summary>
static class RunAlerts
{
    /// <summary>What a good run of the same is the end of.</summary>
    public static readonly IReadOnlyList<AlertEventKind> EndedByGoodRun =
    [
        AlertEventKind.RollbackFailed, AlertEventKind.RolledBack, AlertEventKind.Failed, AlertEventKind.Incomplete, AlertEventKind.Skipped,
        AlertEventKind.Missed, AlertEventKind.BadBackup,
    ];

    /// <summary>Errors whose messages are ours from beginning to end.</summary>
    static readonly HashSet<string> InOurWords =
    [
        ErrorIds.ConfigurationInvalid, ErrorIds.ConnectionFailed, ErrorIds.AuthenticationFailed, ErrorIds.TlsFailed, ErrorIds.NotPostgres,
        ErrorIds.DatabaseMissing, ErrorIds.TooFewConnections, ErrorIds.ToolMissing, ErrorIds.ToolTooOld, ErrorIds.ServerProgramsMissing,
        ErrorIds.DiskFull, ErrorIds.FileFailed, ErrorIds.PlaceFailed, ErrorIds.TimeLimit, ErrorIds.RunInProgress, ErrorIds.LockLost,
        ErrorIds.TargetIsProduction, ErrorIds.SameDatabase, ErrorIds.SourceShrunken, ErrorIds.SourceEmpty, ErrorIds.BackupNotFound,
        ErrorIds.BackupInvalid, ErrorIds.PassphraseWrong, ErrorIds.NotAuthenticated, ErrorIds.RunDidNotEnd,
    ];

    /// <summary>What the run is about; null for what somebody does to one backup by hand.</summary>
    public static string? WhatOf(RunResult run) => run.Kind switch
    {
        RunKind.Sync or RunKind.Restore => run.Job,
        RunKind.Backup => $"{run.Job}/{run.DatabaseName}",
        RunKind.Verify or RunKind.Drill => $"{run.DatabaseName}/proof",
        RunKind.Copy => $"{run.DatabaseName}/copy",
        _ => null,
    };

    /// <summary>Null where there is nothing to tell.</summary>
    public static AlertEvent? EventOf(RunResult run)
    {
        if (WhatOf(run) is not { } what || KindOf(run) is not { } kind)
            return null;
        var details = new Dictionary<string, string>
        {
            ["Run"] = run.RunId,
            ["Began"] = AlertText.Moment(run.StartTime),
            ["Took"] = Durations.Show(run.Duration),
        };
        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                details[name] = AddressText.Shown(value);
        }
        Add("Error", run.Error?.Id);
        Add("Step", run.Error?.Step?.ToString());
        Add("Safety backup", run.SafetyBackup?.Path);
        return new AlertEvent
        {
            Kind = kind,
            What = what,
            Cause = kind is AlertEventKind.BadBackup or AlertEventKind.Skipped ? null : ShortId(run.Error?.Id),
            Headline = HeadlineOf(run),
            Advice = AdviceOf(run),
            Details = details,
        };
    }

    /// <summary>A drill or a restore that was good, but not good enough; null where it was, or had no objectives.</summary>
    public static AlertEvent? ObjectiveOf(RunResult run) => run is not { Success: true, Recovery: { } recovery }
        || (recovery.RtoMet != false && recovery.RpoMet != false) ? null : new AlertEvent
        {
            Kind = AlertEventKind.ObjectiveMissed,
            What = WhatOf(run)!,
            Headline = $"{Subject(run)} missed an objective of the tier {recovery.Tier}: {recovery}.",
            Advice = "Back up more often, or bring the backup nearer to where it is restored; or state an objective that can be met.",
        };

    public static string HeadlineOf(RunResult run)
    {
        var subject = Subject(run);
        return run.Outcome switch
        {
            RunOutcome.Succeeded => $"{subject} succeeded in {Durations.Show(run.Duration)}.",
            RunOutcome.RolledBack => $"{subject} failed and was rolled back: {run.Target} holds what it held before. {Why(run)}",
            RunOutcome.RollbackFailed => $"{subject} failed, and so did its rollback: {run.Target} is not as it was. {Why(run)}",
            RunOutcome.Incomplete => $"{subject} left a good backup, but it is not everywhere or was not proven. {Why(run)}",
            RunOutcome.Skipped => $"{subject} was skipped: another run on the same was in progress.",
            RunOutcome.Cancelled => $"{subject} was stopped by somebody.",
            RunOutcome.DidNotEnd => $"{subject}, begun at {AlertText.Moment(run.StartTime)}, did not end. {Why(run)}",
            _ when KindOf(run) == AlertEventKind.BadBackup =>
                $"The backup {AddressText.Shown(run.Source)} of {run.DatabaseName} is bad. {Why(run)}",
            _ => $"{subject} failed, and nothing was changed. {Why(run)}",
        };
    }

    static AlertEventKind? KindOf(RunResult run) => run.Outcome switch
    {
        RunOutcome.RollbackFailed => AlertEventKind.RollbackFailed,
        RunOutcome.RolledBack => AlertEventKind.RolledBack,
        RunOutcome.Incomplete => AlertEventKind.Incomplete,
        RunOutcome.Skipped => AlertEventKind.Skipped,
        RunOutcome.Succeeded or RunOutcome.Cancelled => null,
        _ => run.Verdict == "BAD" ? AlertEventKind.BadBackup : AlertEventKind.Failed,
    };

    static string? AdviceOf(RunResult run) => run.Outcome switch
    {
        RunOutcome.RollbackFailed when run.SafetyBackup is { } safety =>
            $"Bring {run.Target} back from its safety backup {safety.FileName}: see docs/restore-runbook.md.",
        RunOutcome.Skipped => "Look whether the other run hangs, or is only long.",
        _ when KindOf(run) == AlertEventKind.BadBackup => "Take a new backup now, and look at where this one was kept.",
        _ => run.Error?.Advice is { } advice && run.Error.Id is { } id && InOurWords.Contains(id)
            ? AddressText.Scrub(advice)
            : $"See the log of the run {run.RunId}.",
    };

    static string Why(RunResult run) => run.Error switch
    {
        null => "",
        { Id: var id, Message: var message } when InOurWords.Contains(id) && !message.Contains("SQLSTATE", StringComparison.Ordinal) =>
            Ended(AddressText.Scrub(message)),
        { Id: var id, Step: { } step } => $"The step {step} ended with {id}.",
        { Id: var id } => $"It ended with {id}.",
    };

    static string Ended(string sentence) => sentence.TrimEnd() is var text && text.EndsWith('.') ? text : $"{text}.";

    static string Subject(RunResult run) => run.Kind switch
    {
        RunKind.Sync => $"{run.Job}: the sync of {run.Source} to {run.Target}",
        RunKind.Restore => $"{run.Job}: the restore of {AddressText.Shown(run.Source)} to {run.Target}",
        RunKind.Backup => $"{run.Job}: the backup of {run.DatabaseName}",
        RunKind.Drill => $"The drill of {AddressText.Shown(run.Source)} of {run.DatabaseName}",
        RunKind.Verify => $"The integrity check of {AddressText.Shown(run.Source)} of {run.DatabaseName}",
        RunKind.Copy => $"The copy of {AddressText.Shown(run.Source)} of {run.DatabaseName} to {run.Target}",
        _ => $"{run.Kind} of {AddressText.Shown(run.Source)}",
    };

    static string? ShortId(string? id) => id?[(id.LastIndexOf('.') + 1)..];
}
