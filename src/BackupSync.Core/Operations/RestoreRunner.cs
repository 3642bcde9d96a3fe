using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.BackUp;
using BackupSync.Operations.Restore;
using BackupSync.Operations.Sides;
using BackupSync.Runs;

namespace BackupSync.Operations;

/// <summary>
/// Restores backups, whole or by table: what both heads call. Nothing here throws for a run that fails: the result says how it ended
/// and why.
/// </summary>
public static class RestoreRunner
{
    /// <summary>The guard of every restore, to be asked before a person is.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.TargetIsProduction"/>.</exception>
    public static void EnsureMayRestore(DatabaseConfig target, RunOptions options) =>
        Guards.EnsureMayBeTarget(target, options.AllowProduction);

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
        IEnumerable<IRunObserver> observers,
        CancellationToken cancellationToken)
    {
        var job = JobOf(backup.File, target, config);
        return tables.Count == 0
            ? JobRunner.RestoreAsync(job, backup, options, observers, cancellationToken)
            : JobRunner.RunAsync(
                job, RunKind.Restore, backup.File.FileName,
                $"Restore of {string.Join(", ", tables)} of {backup.File.FileName} to {target.DisplayName}", observers,
                run => new TableRestorePipeline(run, options.Applied(job), backup, tables, options), cancellationToken);
    }

    /// <summary>What <see cref="RestoreAsync"/> would do, step by step; nothing is connected to.</summary>
    public static IReadOnlyList<PlannedStep> Plan(
        BackupFile backup,
        IReadOnlyList<string> tables,
        DatabaseConfig target,
        BackupSyncConfig config,
        RunOptions options)
    {
        var job = JobOf(backup, target, config);
        return tables.Count == 0 ? RunPlan.Restore(job, backup, options) : RunPlan.RestoreTables(job, backup, tables, options);
    }

    static JobConfig JobOf(BackupFile backup, DatabaseConfig target, BackupSyncConfig config)
    {
        var order = BackupOrder.ByHand(config);
        var job = order.JobOf(target, Path.Combine(order.Local.Directory, target.Name));
        return job with
        {
            Name = $"restore-{target.Name}",
            SourceDatabase = config.Databases.FirstOrDefault(d => d.Name == backup.Database) ?? backup.UnknownDatabase,
            Encryption = config.Encryption,
            Signing = config.Encryption,
        };
    }
}
