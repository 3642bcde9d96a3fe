using System.Reflection;
using BackupSync.Files;
using BackupSync.Postgres;

namespace BackupSync.Runs;

/// <summary>What a run is about: for its record, its log and the lines that operators look for.</summary>
/// <param name="Title">Such as <c>Railway → Neon sync</c>: "… completed in 42.1s".</param>
/// <param name="Subject">What only one run at a time may work on, as messages name it.</param>
/// <param name="Directory">Where its log and history are kept.</param>
/// <param name="Limit">How long the whole run may take; undoing what it began not counted.</param>
sealed record RunDescription(
    RunKind Kind, string Job, string Source, string Target, string Title, string Subject, string Directory, StepLimit Limit)
{
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The database that the run's backup is of; null where it is about two databases.</summary>
    public string? Database { get; init; }
}

/// <summary>
/// Runs an operation with its log file and history attached, and tells how it ended: no failure leaves it as an exception.
/// </summary>
static class RecordedRun
{
    public static async Task<RunResult> RunAsync(
        RunDescription description, IEnumerable<IRunObserver> observers, Func<RunContext, IOperation> makeOperation,
        CancellationToken cancellationToken)
    {
        await using var events = new EventDispatcher(description.Clock,
            events =>
            [
                new LogFile(description.Directory, events.WarnListeners),
                new HistoryWriter(
                    description.Directory, events.WarnListeners, started => Begun(description, started.RunId, started.Time),
                    events.TellUnended),
            ],
            observers);
        var run = new RunContext(RunTag.NewRunId(), description.Job, description.Clock, events);
        run.Emit(new RunStarted(run.RunId, description.Job));
        var (findings, failure) = await RunAsync(run, description.Limit, makeOperation, cancellationToken);
        var result = Finish(run, description, findings, failure);
        await events.EndAsync(new RunEnded(result));
        return result;
    }

    /// <returns>What was found out, as far as it had begun, and what it failed of; null where it did not.</returns>
    static async Task<(RunFindings? Findings, Exception? Failure)> RunAsync(
        RunContext run, StepLimit limit, Func<RunContext, IOperation> makeOperation, CancellationToken cancellationToken)
    {
        IOperation? operation = null;
        using var time = new CancellationTokenSource(limit.Time, run.Clock);
        using var total = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, time.Token);
        try
        {
            operation = makeOperation(run);
            run.Plan = operation.Steps;
            await operation.RunAsync(total.Token);
            return (operation.Findings, null);
        }
        catch (OperationCanceledException) when (total.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return (operation?.Findings, new BackupSyncException(
                ErrorIds.TimeLimit,
                $"The run took longer than its limit of {Durations.Show(limit.Time)}.",
                limit.Advice));
        }
        catch (Exception thrown)
        {
            // Whatever it is, the history gets its record and the outcome is told: nobody else would.
            return (operation?.Findings, thrown);
        }
    }

    static RunResult Finish(RunContext run, RunDescription description, RunFindings? findings, Exception? failure)
    {
        var outcome = findings?.OutcomeOf(failure)
            ?? (failure is OperationCanceledException ? RunOutcome.Cancelled : RunOutcome.Aborted);
        var error = ErrorOf(run, description, outcome, findings?.RollbackNote, failure);
        // What has to be rolled back was told before that began.
        if (error is { Rollback: null })
            run.Error(error.Message);
        var result = Begun(description, run.RunId, run.StartTime) with
        {
            Outcome = outcome,
            EndTime = run.Clock.GetUtcNow(),
            Error = error,
        };
        result = findings?.AddTo(result) ?? result;
        TellEnd(run, description, result);
        return result with
        {
            SnapshotTime = result.Success ? result.SnapshotTime : null,
            Steps = run.Steps,
            Warnings = run.Warnings,
        };
    }

    static RunResult Begun(RunDescription description, string runId, DateTimeOffset startTime) => new()
    {
        RunId = runId,
        Job = description.Job,
        Kind = description.Kind,
        DatabaseName = description.Database,
        Outcome = RunOutcome.DidNotEnd,
        Source = description.Source,
        Target = description.Target,
        StartTime = startTime,
        EndTime = startTime,
        Versions = new RunVersions(Version, null, null, null),
    };

    static void TellEnd(RunContext run, RunDescription description, RunResult result)
    {
        if (result.Recovery is { } recovery)
        {
            if (recovery.RtoMet == false || recovery.RpoMet == false)
                run.Warn($"{description.Title}: {recovery}");
            else
                run.Info($"{description.Title}: {recovery}");
        }
        var duration = Durations.Show(result.EndTime - result.StartTime);
        switch (result.Outcome)
        {
            case RunOutcome.Succeeded:
                run.Info($"{description.Title} completed in {duration}");
                break;
            case RunOutcome.Skipped:
                run.Warn($"{description.Title} skipped: another run on {description.Subject} is in progress.");
                break;
            default:
                run.Error($"{description.Title} {Describe(result.Outcome, duration)}");
                break;
        }
    }

    static RunError? ErrorOf(RunContext run, RunDescription description, RunOutcome outcome, string? rollback, Exception? failure) =>
        failure switch
        {
            null when outcome == RunOutcome.Skipped => new RunError(
                ErrorIds.RunInProgress, RunStep.Lock, $"Another run on {description.Subject} is in progress.", null,
                "Wait for it to end; its history tells how it went.", null),
            null => null,
            BackupSyncException known => new RunError(
                known.ErrorId, run.FailedStep, known.Message, known.Detail, known.Advice, rollback),
            OperationCanceledException => new RunError(
                ErrorIds.Cancelled, run.FailedStep, "The run was stopped by its user.", null, null, rollback),
            _ when FileFailure.Told(failure) is { } told => new RunError(
                told.ErrorId, run.FailedStep, told.Message, null, told.Advice, rollback),
            _ => new RunError(ErrorIds.Unexpected, run.FailedStep, $"{failure.GetType().Name}: {failure.Message}", failure.ToString(),
                "This is a defect of BackupSync: please report it with the log.", rollback),
        };

    static string Describe(RunOutcome outcome, string duration) => outcome switch
    {
        RunOutcome.Aborted => $"aborted after {duration}: nothing was changed",
        RunOutcome.Incomplete => $"failed after {duration}; the backup that was taken is good",
        RunOutcome.RolledBack => $"failed and was rolled back after {duration}",
        RunOutcome.RollbackFailed => $"failed, and so did its rollback, after {duration}",
        _ => $"was stopped after {duration}: nothing was changed",
    };

    /// <summary>Of this BackupSync, such as <c>0.1.0</c>.</summary>
    public static readonly string Version =
        typeof(RecordedRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? "unknown";
}
