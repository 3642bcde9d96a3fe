using BackupSync.Alerting;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations;
using BackupSync.Operations.BackUp;
using BackupSync.Operations.Expire;
using BackupSync.Operations.Prove;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>
/// Takes, proves and moves backups: what both heads call. Nothing here throws for a run that fails: the result says how it ended and
/// why.
/// </summary>
public static class BackupRunner
{
    /// <summary>
    /// Backs several databases up, some at once; those of one server share its connection budget. One that fails does not
    /// stop the others.
    /// </summary>
    /// <param name="observers">For each database, whoever wants to hear of its run.</param>
    /// <param name="onResult">Told of each as it ends, one at a time.</param>
    /// <returns>One for each database, in their order.</returns>
    public static async Task<IReadOnlyList<RunResult>> BackUpAsync(
        IReadOnlyList<DatabaseConfig> databases, BackupOrder order, Func<DatabaseConfig, IEnumerable<IRunObserver>> observers,
        Action<RunResult>? onResult,
        CancellationToken cancellationToken)
    {
        var results = new RunResult[databases.Count];
        var ping = order.Ping is null ? null : new RunPing(order.Ping, order.Clock);
        ping?.Start(RunTag.NewRunId());
        var gate = new Lock();
        var limits = order.Settings.Limits;
        var perServer = databases.GroupBy(ServerOf, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(
                s => s.Key, s => new ServerBudget(s.Count(), order.Parallel, limits.Connections), StringComparer.OrdinalIgnoreCase);
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
                    results[i] = await BackUpAsync(
                        database,
                        order with { Settings = order.Settings with { Limits = limits with { Connections = server.Connections } } },
                        observers(database),
                        cancellationToken);
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
                server.Dispose();
        }
        if (ping is not null)
            await EndAsync(ping, order.Settings.Job, results);
        return results;
    }

    /// <summary>
    /// One end for all of a plan's databases: their runs have ended already, and whether the watcher hears of it changes nothing of them.
    /// </summary>
    static async Task EndAsync(RunPing ping, string job, IReadOnlyList<RunResult> results)
    {
        var failed = results.Count(r => !r.Success);
        try
        {
            await ping.EndAsync(
                results.Select(r => RunExitCode.Of(r.Outcome)).FirstOrDefault(c => c != 0),
                $"{job}: {Quantity.Of(results.Count, "backup")}, {failed} failed.");
        }
        catch (BackupSyncException e) when (e.ErrorId == ErrorIds.AlertFailed)
        {
            // The watcher misses the end, and warns by itself: that is what it is for.
        }
    }

    /// <summary>Reads a backup to its end, or restores it on trial.</summary>
    /// <param name="database">The database it is of, for its recovery objectives; null where no configuration has it.</param>
    /// <param name="on">The database beside which a drill restores; null for a throw-away server on this machine.</param>
    /// <param name="config">For its tools, and for who is told how it ends; null where there is none.</param>
    public static Task<RunResult> ProveAsync(
        BackupHandle backup, BackupProof how, DatabaseConfig? database, DatabaseConfig? on, BackupSyncConfig? config,
        IEnumerable<IRunObserver> observers, CancellationToken cancellationToken)
    {
        var isDrill = how == BackupProof.Drill;
        var title = $"{(isDrill ? "Drill" : "Integrity check")} of {backup.File.FileName}";
        var settings = new RunSettings
        {
            Job = backup.File.Job, Folder = LocalFolder(backup), Limits = RunSettings.LongLimits,
            Tools = config?.Tools ?? new ToolsConfig(),
        };
        return OneStepAsync(
            isDrill ? RunKind.Drill : RunKind.Verify, backup, on?.Name ?? (isDrill ? "sandbox" : ""), new Step(RunStep.Prove, title, null),
            Watchers.With(observers, config?.Alerts, TimeProvider.System, settings.Folder), (run, findings) =>
            {
                var request = new ProveRequest
                {
                    Backup = backup,
                    How = how,
                    Settings = settings,
                    Tier = database?.Tier,
                    On = on is null ? null : Requests.Endpoint(on),
                };
                return (scope, ct) => BackupProver.ProveAsync(run, findings, request, scope, ct);
            }, cancellationToken);
    }

    /// <summary>What every signature needs, to be looked at before a person is asked, and before a run begins.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.ConfigurationInvalid"/>: there is no passphrase.</exception>
    public static void EnsureMaySign(BackupSyncConfig? config) => _ = BackupSigner.PassphraseOf(config?.Encryption);

    /// <summary>Why one that was not named will not be signed: to be told instead of asking. Null where it may be.</summary>
    public static BackupSyncException? RefusalToSign(BackupFile backup, bool named) => named ? null : BackupSigner.RefusalOf(backup);

    /// <summary>
    /// Reads a backup to its end, then signs its manifest with the configuration's passphrase: it is taken for ours from then on.
    /// </summary>
    /// <param name="named">Whether somebody has named just this backup; else it must be encrypted, and have its date in its name.</param>
    public static Task<RunResult> SignAsync(
        BackupHandle backup, bool named, ToolsConfig tools, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken) =>
        OneStepAsync(
            RunKind.Sign, backup, "", new Step(RunStep.Prove, $"Signature of {backup.File.FileName}", null), observers,
            (run, findings) => async (scope, ct) =>
                findings.Source.Backup = await BackupSigner.SignAsync(backup, named, tools, run.Clock, scope, ct),
            cancellationToken);

    /// <summary>Changes a backup's tag, pin or days to keep; its archive is not touched.</summary>
    public static Task<RunResult> LabelAsync(
        BackupHandle backup, LabelChange change, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken) =>
        OneStepAsync(
            RunKind.Label, backup, "", new Step(RunStep.Store, $"Labels of {backup.File.FileName}", null), observers,
            (_, findings) => async (scope, ct) =>
                findings.Source.Backup = await BackupLabels.ChangeAsync(backup, change, scope, ct),
            cancellationToken);

    /// <summary>Removes a backup, manifest first, so that what is left of it where that is interrupted is none.</summary>
    /// <param name="decision">Of <see cref="BackupRemoval"/>, that it may go.</param>
    public static Task<RunResult> RemoveAsync(
        BackupHandle backup, RetentionDecision decision, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken) =>
        OneStepAsync(
            RunKind.Remove, backup, "", new Step(RunStep.CleanUp, $"Removal of {backup.File.FileName}", null), observers,
            (_, findings) => async (scope, ct) =>
            {
                findings.Source.Backup = backup.File;
                var removed = await Retention.ApplyAsync(backup.Place, [decision], warn: null, ct);
                scope.Note = removed.Count == 0 ? "it was gone already" : $"{ByteSizes.Show(backup.File.Size)}, {decision.Reason}";
            }, cancellationToken);

    /// <summary>Copies a backup to another place, as it is stored, and verifies it there.</summary>
    public static Task<RunResult> CopyAsync(
        BackupHandle backup, PlaceConfig to, BackupSyncConfig config, IEnumerable<IRunObserver> observers,
        CancellationToken cancellationToken) =>
        OneStepAsync(
            RunKind.Copy, backup, to.Name, new Step(RunStep.Store, $"Copy of {backup.File.FileName} to {to.Name}", null),
            Watchers.With(observers, config.Alerts, TimeProvider.System, LocalFolder(backup)),
            (_, findings) => async (scope, ct) =>
                findings.Source.Backup = await BackupCopy.RunAsync(backup, to, backup.File.Database, scope, ct),
            cancellationToken);

    static async Task<RunResult> BackUpAsync(
        DatabaseConfig database, BackupOrder order, IEnumerable<IRunObserver> observers, CancellationToken cancellationToken)
    {
        var description = new RunDescription(
            RunKind.Backup, order.Settings.Job, database.Name, order.File ?? string.Join(", ", order.Places.Select(p => p.Title)),
            $"Backup of {database.Name}", $"{database.Name}'s backups", BackupOrders.FolderOf(order, database),
            new StepLimit(order.Settings.Limits.Total, null)) { Clock = order.Clock, Database = database.Name };
        var memory = order.State is { } state ? new PlaceMemory(state) : null;
        var losses = memory is null ? [] : await memory.LookAsync(order, database.Name, cancellationToken);
        var result = await RecordedRun.RunAsync(
            description, Watchers.With(observers, order.Alerts, order.Clock, description.Directory),
            run =>
            {
                foreach (var loss in losses)
                    run.Warn($"{database.Name}: {loss}");
                return new BackupOperation(run, BackupOrders.RequestFor(order, database));
            },
            cancellationToken);
        if (result is { Success: true, SourceBackup: { } taken })
            memory?.Remember(order, taken);
        return result;
    }

    /// <summary>A run about one backup, by hand, whoever has taken that. It consists of one step and is called as that is.</summary>
    static Task<RunResult> OneStepAsync(
        RunKind kind, BackupHandle backup, string target, Step step, IEnumerable<IRunObserver> observers,
        Func<RunContext, BackupFindings, Func<StepScope, CancellationToken, Task>> work, CancellationToken cancellationToken)
    {
        var file = backup.File;
        var description = new RunDescription(
            kind, BackupOrder.ByHandName, file.FileName, target, step.Title, file.FileName, LocalFolder(backup),
            new StepLimit(RunSettings.LongLimits.Total, null)) { Database = file.Database };
        return RecordedRun.RunAsync(description, observers, run =>
        {
            var findings = new BackupFindings();
            var begin = work(run, findings);
            return new OneStep(step, findings, ct => run.StepAsync(step, begin, ct));
        }, cancellationToken);
    }

    static string ServerOf(DatabaseConfig database) =>
        database.AddressProblem is not null ? database.Name : string.Join(',', database.Address.Unpooled().Hosts);

    /// <summary>
    /// Where the log and history of what is done with a backup are kept: beside it or, where it is elsewhere, in the working copy's
    /// place.
    /// </summary>
    static string LocalFolder(BackupHandle backup) => backup.Place is FolderPlaceConfig
        ? Path.GetDirectoryName(backup.File.Path)!
        : HistoryFolder.Of(backup.Place, backup.File.Database);

    sealed class OneStep(Step step, BackupFindings findings, Func<CancellationToken, Task> work) : IOperation
    {
        public IReadOnlyList<Step> Steps { get; } = [step];
        public RunFindings Findings => findings;

        public Task RunAsync(CancellationToken cancellationToken) => work(cancellationToken);
    }
}
