using BackupSync.Configuration;
using BackupSync.History;
using BackupSync.Recovery;
using BackupSync.Runs;
using BackupSync.Sync;

namespace BackupSync.Backups;

/// <summary>Takes, proves and moves backups: what both heads call. Nothing here throws for a run that fails: the result says how it ended and why.</summary>
public static class BackupRunner
{
    /// <summary>What one backup takes of a server: a session that holds the snapshot, and pg_dump's.</summary>
    const int ConnectionsOfOne = 2;

    /// <summary>
    /// Backs several databases up, some at once; those of one server share its connection budget. One that fails does not
    /// stop the others.
    /// </summary>
    /// <param name="observers">For each database, whoever wants to hear of its run.</param>
    /// <param name="onResult">Told of each as it ends, one at a time.</param>
    /// <returns>One for each database, in their order.</returns>
    public static async Task<IReadOnlyList<RunResult>> BackUpAsync(
        IReadOnlyList<DatabaseConfig> databases, BackupOrder order, Func<DatabaseConfig, IEnumerable<IRunObserver>> observers, Action<RunResult>? onResult,
        CancellationToken cancellationToken)
    {
        var results = new RunResult[databases.Count];
        var gate = new Lock();
        var perServer = databases.GroupBy(ServerOf, StringComparer.OrdinalIgnoreCase).ToDictionary(s => s.Key, s => new ServerShare(s.Count(), order), StringComparer.OrdinalIgnoreCase);
        using var slots = new SemaphoreSlim(order.Parallel);
        try
        {
            await Task.WhenAll(databases.Select(async (database, i) =>
            {
                // The server's turn first: who waits for one must not take a slot from another server's database.
                var server = perServer[ServerOf(database)];
                await server.Turns.WaitAsync(CancellationToken.None);
                await slots.WaitAsync(CancellationToken.None);
                try
                {
                    results[i] = await BackUpAsync(database, order with { Limits = order.Limits with { Connections = server.Connections } }, observers(database), cancellationToken);
                }
                finally
                {
                    slots.Release();
                    server.Turns.Release();
                }
                lock (gate)
                    onResult?.Invoke(results[i]);
            }));
        }
        finally
        {
            foreach (var server in perServer.Values)
                server.Turns.Dispose();
        }
        return results;
    }

    /// <summary>Reads a backup to its end, or restores it on trial.</summary>
    /// <param name="database">The database it is of, for its recovery objectives; null where no configuration has it.</param>
    /// <param name="on">The database beside which a drill restores; null for a throw-away server on this machine.</param>
    public static Task<RunResult> ProveAsync(
        BackupHandle backup, BackupProof how, DatabaseConfig? database, DatabaseConfig? on, ToolsConfig tools, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken)
    {
        var job = JobOf(database ?? Unknown(backup.File), LocalFolder(backup), new BackupOrder
        {
            Name = backup.File.Job, Kind = backup.File.Kind, Local = new FolderPlaceConfig { Name = "", Directory = LocalFolder(backup) }, Places = [], Tools = tools,
        });
        var kind = how == BackupProof.Drill ? RunKind.Drill : RunKind.Verify;
        var title = how == BackupProof.Drill ? $"Drill of {backup.File.FileName}" : $"Integrity check of {backup.File.FileName}";
        return RecordedRun.RunAsync(
            new RunDescription(kind, backup.File.Job, backup.File.FileName, on?.Name ?? (how == BackupProof.Drill ? "sandbox" : ""), title, backup.File.FileName, LocalFolder(backup), job.Limits.Total),
            observers,
            run => new OneStep(run, RunStep.Prove, title, async (scope, ct) => run.Record.SourceBackup = await BackupProver.ProveAsync(run, backup, how, job, on, scope, ct)),
            cancellationToken);
    }

    /// <summary>
    /// Publishes a backup on a database as a sync does: verified before it is visible, with a safety backup of what it
    /// replaces, and undone on any failure.
    /// </summary>
    /// <param name="target">Where to.</param>
    public static Task<RunResult> RestoreAsync(
        BackupHandle backup, DatabaseConfig target, BackupSyncConfig config, RunOptions options, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken) =>
        JobRunner.RestoreAsync(RestoreJob(backup.File, target, config), backup, options, observers, cancellationToken);

    /// <summary>The guard of every restore, to be asked before a person is.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.TargetIsProduction"/>.</exception>
    public static void EnsureMayRestore(DatabaseConfig target, RunOptions options) => Guards.EnsureMayBeTarget(target, options.AllowProduction);

    /// <summary>What <see cref="RestoreAsync"/> would do, step by step; nothing is connected to.</summary>
    public static IReadOnlyList<PlannedStep> PlanRestore(BackupFile backup, DatabaseConfig target, BackupSyncConfig config, RunOptions options) =>
        JobRunner.PlanRestore(RestoreJob(backup, target, config), backup, options);

    /// <summary>
    /// Restores some tables of a backup into a database that stays as it is otherwise: in one transaction, with a safety backup
    /// of the whole database before, and with foreign keys that hold after it. Or nothing is changed.
    /// </summary>
    /// <param name="patterns">Names of tables, with or without a schema; <c>*</c> and <c>?</c> stand for any characters and any one. A partitioned table stands for its partitions.</param>
    /// <param name="target">Where to. It has the tables already.</param>
    public static Task<RunResult> RestoreTablesAsync(
        BackupHandle backup, IReadOnlyList<string> patterns, DatabaseConfig target, BackupSyncConfig config, RunOptions options, IEnumerable<IRunObserver> observers,
        CancellationToken cancellationToken)
    {
        var job = RestoreJob(backup.File, target, config);
        return RecordedRun.RunAsync(
            new RunDescription(RunKind.Restore, job.Name, backup.File.FileName, job.Target, $"Restore of {string.Join(", ", patterns)} of {backup.File.FileName} to {target.DisplayName}",
                target.DisplayName, job.Backups.Directory, job.Limits.Total),
            observers, run => new TableRestorePipeline(run, job, backup, patterns, options), cancellationToken);
    }

    /// <summary>What <see cref="RestoreTablesAsync"/> would do, step by step; nothing is connected to.</summary>
    public static IReadOnlyList<PlannedStep> PlanRestoreTables(
        BackupFile backup, IReadOnlyList<string> patterns, DatabaseConfig target, BackupSyncConfig config, RunOptions options) =>
        RunPlan.RestoreTables(RestoreJob(backup, target, config), backup, patterns, options);

    /// <summary>Copies a backup to another place, as it is stored, and verifies it there.</summary>
    public static Task<RunResult> CopyAsync(BackupHandle backup, PlaceConfig to, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken)
    {
        var title = $"Copy of {backup.File.FileName} to {to.Name}";
        return RecordedRun.RunAsync(
            new RunDescription(RunKind.Copy, backup.File.Job, backup.File.FileName, to.Name, title, backup.File.FileName, LocalFolder(backup), TimeSpan.FromHours(24)),
            observers,
            run => new OneStep(run, RunStep.Store, title, async (scope, ct) => run.Record.SourceBackup = await BackupCopy.RunAsync(backup, to, backup.File.Database, scope, ct)),
            cancellationToken);
    }

    static Task<RunResult> BackUpAsync(DatabaseConfig database, BackupOrder order, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(order.Local.Directory, database.Name);
        var job = JobOf(database, order.File is { } file ? Path.GetDirectoryName(file)! : folder, order);
        return RecordedRun.RunAsync(
            new RunDescription(RunKind.Backup, order.Name, database.Name, order.File ?? string.Join(", ", order.Places.Select(p => p.Name)), $"Backup of {database.DisplayName}",
                $"{database.DisplayName}'s backups", folder, order.Limits.Total),
            observers, run => new BackupPipeline(run, job, order), cancellationToken);
    }

    /// <summary>What the sides of a run take their settings from. A backup has no target but its folder.</summary>
    static JobConfig JobOf(DatabaseConfig database, string folder, BackupOrder order) => new()
    {
        Name = order.Name,
        SourceDatabase = database,
        TargetDatabase = database,
        Parallel = order.Parallel,
        Limits = order.Limits,
        // A small database is no failed backup: every row of it was counted.
        Guards = new GuardsConfig { MinimumBackupSize = 0 },
        Backups = new BackupsConfig { Directory = folder, Compression = order.Compression },
        Tools = order.Tools,
    };

    static JobConfig RestoreJob(BackupFile backup, DatabaseConfig target, BackupSyncConfig config)
    {
        var order = BackupOrder.ByHand(config);
        return JobOf(target, Path.Combine(order.Local.Directory, target.Name), order) with
        {
            Name = $"restore-{target.Name}",
            SourceDatabase = config.Databases.FirstOrDefault(d => d.Name == backup.Database) ?? Unknown(backup),
            Encryption = config.Encryption,
        };
    }

    static string ServerOf(DatabaseConfig database) =>
        database.AddressProblem is not null ? database.Name : string.Join(',', database.Address.Unpooled().Hosts);

    static DatabaseConfig Unknown(BackupFile backup) =>
        new(new ConfigurationProblem(backup.Path, 0, 0, "", $"the configuration has no database {backup.Database}")) { Name = backup.Database, Role = DatabaseRole.Production };

    /// <summary>Where the log and history of what is done with a backup are kept: beside it or, where it is elsewhere, in the working copy's place.</summary>
    static string LocalFolder(BackupHandle backup) => backup.Place is FolderPlaceConfig
        ? Path.GetDirectoryName(backup.File.Path)!
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "backupsync", backup.Place.Name, backup.File.Database);

    /// <summary>How the connections that one server can spare are shared by the backups of its databases.</summary>
    sealed class ServerShare
    {
        public ServerShare(int databases, BackupOrder order)
        {
            var atOnce = Math.Max(1, Math.Min(Math.Min(databases, order.Parallel), order.Limits.Connections / ConnectionsOfOne));
            Turns = new SemaphoreSlim(atOnce);
            Connections = order.Limits.Connections / atOnce;
        }

        public SemaphoreSlim Turns { get; }

        /// <summary>For each.</summary>
        public int Connections { get; }
    }

    sealed class OneStep(RunContext run, RunStep step, string description, Func<StepScope, CancellationToken, Task> work) : IPipeline
    {
        public Task RunAsync(CancellationToken cancellationToken) => run.StepAsync(step, description, null, work, cancellationToken);
    }
}
