using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Alerting;

/// <summary>
/// Makes alerts of how runs end, whoever has started them. What is to be sent is on the disk first; then this process sends for a few
/// seconds, and leaves the rest to the service or to the next run: a channel that is dead holds up no run.
/// </summary>
/// <param name="folder">Where the run's history is kept.</param>
sealed class AlertObserver(AlertsConfig config, TimeProvider clock, string folder) : IRunObserver
{
    public void OnEvent(RunEvent runEvent)
    {
        if (runEvent is EarlierRunUnended { Result: var unended } && RunAlerts.EventOf(unended) is { } lost)
            new AlertOutbox(config, clock).Raise(lost);
        if (runEvent is not RunEnded { Result: var run } || RunAlerts.WhatOf(run) is not { } what)
            return;
        var outbox = new AlertOutbox(config, clock);
        if (RunAlerts.EventOf(run) is { } alertEvent)
            outbox.Raise(alertEvent);
        else if (run.Success)
            outbox.Resolve(what, RunAlerts.EndedByGoodRun, alert => NoteOf(run, alert));
        if (RunAlerts.ObjectiveOf(run) is { } missed)
            outbox.Raise(missed);
        else if (run is { Success: true, Recovery: not null })
            outbox.Resolve(AlertEvent.KeyOf(what, AlertEventKind.ObjectiveMissed));
        outbox.DeliverAsync(AlertOutbox.SendingLimit, CancellationToken.None).GetAwaiter().GetResult();
        outbox.EnsureWritten();
    }

    /// <summary>How old the copy became before this run: what would have been lost.</summary>
    string? NoteOf(RunResult run, AlertRecord alert)
    {
        var before = RunHistory.Read(folder, where: h => h.Outcome == RunOutcome.Succeeded && h.Job == run.Job && h.Kind == run.Kind
                && h.RunId != run.RunId)
            .FirstOrDefault(r => r.DatabaseName == run.DatabaseName && r.SnapshotTime is not null);
        var what = run.Kind == RunKind.Backup ? "newest backup" : "copy";
        return run.SnapshotTime is null ? null
            : before?.SnapshotTime is { } taken
            ? $"The {what} had become {Durations.Show(run.EndTime - taken)} old, and is {Durations.Show(run.Age!.Value)} old now."
            : $"There is a good {what} now; {Quantity.Of(alert.Count, "run")} had failed.";
    }
}
