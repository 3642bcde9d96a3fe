using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations;
using BackupSync.Operations.Restore;
using BackupSync.Operations.Sides;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>
/// Restores backups, whole or by table: what both heads call. Nothing here throws for a run that fails: the result says how it ended and
/// why.
/// </summary>
public static class RestoreRunner
{
    /// <summary>The guard of every restore, to be asked before a person is.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.TargetIsProduction"/>.</exception>
    public static void EnsureMayRestore(DatabaseConfig target, RunOptions options) =>
        Guards.EnsureMayBeTarget(Requests.Endpoint(target), options.AllowProduction);

    /// <summary>What a plan tells before its steps; null where the restore itself would be refused nothing.</summary>
    public static string? WhatItNeeds(DatabaseConfig target, RunOptions options) =>
        target.Role == DatabaseRole.Production && !options.AllowProduction
            ? $"{target.Name} has the role production: the restore itself needs {Spelling.AllowProduction}."
            : null;

    /// <summary>
    /// Publishes a backup on a database as a sync does: verified before it is visible, with a safety backup of what it
    /// replaces, and undone on any failure. Of some tables, into a database that stays as it is otherwise: in one transaction,
    /// and with foreign keys that hold after it.
    /// </summary>
    /// <param name="tables">
    /// Names of the only tables to restore, with or without a schema; <c>*</c> and <c>?</c> stand for any characters and any one.
    /// A partitioned table stands for its partitions. None for everything.
    /// </param>
    /// <param name="target">Where to. Where only some tables are restored, it has them already.</param>
    public static Task<RunResult> RestoreAsync(
        BackupHandle backup, IReadOnlyList<string> tables, DatabaseConfig target, BackupSyncConfig config, RunOptions options,
        IEnumerable<IRunObserver> observers, CancellationToken cancellationToken)
    {
        var settings = SettingsOf(target, config);
        return RunAsync(
            settings, backup.File, tables, target, options.Clock, () => Requests.Restore(backup, tables, target, settings, options),
            Watchers.With(observers, config.Alerts, options.Clock, settings.Folder), cancellationToken);
    }

    /// <summary>What <see cref="RestoreAsync"/> would do, step by step; nothing is connected to.</summary>
    /// <param name="now">What was found at the target; null where nobody has looked.</param>
    public static IReadOnlyList<PlannedStep> Plan(
        BackupFile backup, IReadOnlyList<string> tables, DatabaseConfig target, BackupSyncConfig config, RunOptions options,
        ConnectionTestResult? now = null) =>
        Plan(
            Requests.Restore(BackupHandles.Of(backup, config), tables, target, SettingsOf(target, config), options),
            isCreated: now is { IsMissing: true });

    /// <summary>Brings a job's target back to what it was; by the same steps, with a safety backup of what is replaced.</summary>
    public static Task<RunResult> UndoAsync(
        SafetyRestore what, RunOptions options, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken) =>
        RunAsync(
            what.Settings, what.Backup.File, [], what.Target, options.Clock, () => what.Request(options),
            Watchers.With(observers, what.Alerts, options.Clock, what.Settings.Folder), cancellationToken);

    /// <summary>What <see cref="UndoAsync"/> would do, likewise.</summary>
    public static IReadOnlyList<PlannedStep> PlanUndo(SafetyRestore what, RunOptions options) =>
        Plan(what.Request(options), isCreated: false);

    static IReadOnlyList<PlannedStep> Plan(RestoreRequest request, bool isCreated)
    {
        Guards.EnsureMayBeTarget(request.Target, request.AllowProduction);
        if (request.Tables.Count > 0)
            Guards.EnsureMaySkip(request);
        return [.. new RestoreSteps(request).Planned(isCreated).Select(PlannedStep.Of)];
    }

    static Task<RunResult> RunAsync(
        RunSettings settings, BackupFile backup, IReadOnlyList<string> tables, DatabaseConfig target, TimeProvider clock,
        Func<RestoreRequest> request, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken)
    {
        var of = tables.Count == 0 ? "" : $"{string.Join(", ", tables.Select(AddressText.Shown))} of ";
        var description = new RunDescription(
            RunKind.Restore, settings.Job, backup.FileName, target.Name, $"Restore of {of}{backup.FileName} to {target.Name}",
            target.Name, settings.Folder, settings.TotalLimit) { Clock = clock, Database = backup.Database };
        return RecordedRun.RunAsync(description, observers,
            run => tables.Count == 0 ? new DatabaseRestoreOperation(run, request()) : new TableRestoreOperation(run, request()),
            cancellationToken);
    }

    /// <summary>Its safety backups are among the target's own backups.</summary>
    static RunSettings SettingsOf(DatabaseConfig target, BackupSyncConfig config) => new()
    {
        Job = $"restore-{target.Name}",
        Folder = Path.Combine(BackupOrders.LocalOf([config.Places[0]], config).Directory, target.Name),
        Limits = RunSettings.LongLimits,
        Tools = config.Tools,
        Encryption = config.Encryption,
        Signing = config.Encryption,
    };
}
