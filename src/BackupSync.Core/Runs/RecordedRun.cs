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
    RunKind Kind, string Job, string Source, string Target, string Title, string Subject, string Directory, StepLimit Limit);

/// <summary>
/// Runs an operation with its log file and history attached, and tells how it ended: no failure leaves it as an exception.
/// </summary>
static class RecordedRun
{
    public static async Task<RunResult> RunAsync(
        RunDescription description, IEnumerable<IRunObserver> observers, Func<RunContext, IPipeline> makePipeline,
        CancellationToken cancellationToken)
    {
        var heard = observers.ToList();
        void Tell(string warning)
        {
            foreach (var observer in heard.Where(o => o is not (LogFile or HistoryWriter)))
                observer.OnEvent(new RunLog(RunLogLevel.Warning, warning));
        }
        heard.Insert(0, new LogFile(description.Directory, Tell));
        heard.Insert(1, new HistoryWriter(description.Directory, Tell));

        var run = new RunContext(RunTag.NewRunId(), description.Job, heard);
        run.Emit(new RunStarted(run.RunId, description.Job));
        Exception? failure = null;
        using var total = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        total.CancelAfter(description.Limit.Time);
        try
        {
            await makePipeline(run).RunAsync(total.Token);
        }
        catch (OperationCanceledException) when (total.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            failure = new BackupSyncException(
                ErrorIds.TimeLimit,
                $"The run took longer than its limit of {Durations.Show(description.Limit.Time)}.",
                description.Limit.Advice);
        }
        catch (Exception thrown)
        {
            // Whatever it is, the record is written and the outcome told: nobody else would.
            failure = thrown;
        }
        return Finish(run, description, failure);
    }

    static RunResult Finish(RunContext run, RunDescription description, Exception? failure)
    {
        var record = run.Record;
        var outcome = OutcomeOf(record, failure);
        var error = ErrorOf(run, description, outcome, failure);
        if (error is not null && record.Rollback == RollbackState.NotNeeded)
            run.Error(error.Message);
        if (record.Recovery is { } recovery)
        {
            if (recovery.RtoMet == false || recovery.RpoMet == false)
                run.Warn($"{description.Title}: {recovery}");
            else
                run.Info($"{description.Title}: {recovery}");
        }
        var end = DateTimeOffset.UtcNow;
        var duration = Durations.Show(end - run.StartTime);
        switch (outcome)
        {
            case RunOutcome.Succeeded:
                run.Info($"{description.Title} completed in {duration}");
                break;
            case RunOutcome.Skipped:
                run.Warn($"{description.Title} skipped: another run on {description.Subject} is in progress.");
                break;
            default:
                run.Error($"{description.Title} {Describe(outcome)} after {duration}");
                break;
        }
        var result = new RunResult
        {
            RunId = run.RunId,
            Job = description.Job,
            Kind = description.Kind,
            Outcome = outcome,
            Source = description.Source,
            Target = description.Target,
            Mode = record.Mode,
            SnapshotTime = outcome == RunOutcome.Succeeded ? record.SnapshotTime : null,
            Publish = record.Publish?.ToString(),
            StartTime = run.StartTime,
            EndTime = end,
            Forced = record.Forced,
            SourceStats = record.Source?.RowsByTable() ?? Known(record.Changes, t => t.SourceRows),
            BackupStats = record.After?.RowsByTable() ?? (outcome == RunOutcome.Succeeded
                ? Known(record.Changes, t => t.TargetRows)
                : null),
            PreviousStats = record.Before?.RowsByTable() ?? Known(record.Changes, t => t.PreviousRows),
            Steps = run.Steps,
            Tables = record.Tables(outcome == RunOutcome.Succeeded),
            SourceBackup = record.SourceBackup,
            SafetyBackup = record.SafetyBackup,
            Recovery = record.Recovery,
            Versions = new RunVersions(Version, record.SourceFacts?.Version, record.TargetFacts?.Version, record.ToolVersion),
            Warnings = run.Warnings,
            LeftOut = [.. run.Record.LeftOut],
            Error = error,
        };
        run.Emit(new RunEnded(result));
        return result;
    }

    /// <summary>An incremental run does not count every table.</summary>
    static Dictionary<string, long>? Known(IReadOnlyList<TableResult>? tables, Func<TableResult, long?> rows) =>
        tables?.Where(t => rows(t) is not null).ToDictionary(t => t.Table, t => rows(t)!.Value);

    static RunOutcome OutcomeOf(RunRecord record, Exception? failure) => (failure, record.Rollback) switch
    {
        (null, _) => record.Skipped ? RunOutcome.Skipped : RunOutcome.Succeeded,
        (_, RollbackState.Failed) => RunOutcome.RollbackFailed,
        (OperationCanceledException, _) => RunOutcome.Cancelled,
        (_, RollbackState.Succeeded) => RunOutcome.RolledBack,
        _ => record.BackupIsGood ? RunOutcome.Incomplete : RunOutcome.Aborted,
    };

    static RunError? ErrorOf(RunContext run, RunDescription description, RunOutcome outcome, Exception? failure) => failure switch
    {
        null when outcome == RunOutcome.Skipped => new RunError(
            ErrorIds.RunInProgress, RunStep.Lock, $"Another run on {description.Subject} is in progress.", null, "Wait for it to end; "
                + "its history tells how it went.", null),
        null => null,
        BackupSyncException known => new RunError(
            known.ErrorId, run.FailedStep, known.Message, known.Detail, known.Advice, run.Record.RollbackNote),
        OperationCanceledException => new RunError(
            ErrorIds.Cancelled, run.FailedStep, "The run was stopped by its user.", null, null, run.Record.RollbackNote),
        _ when FileFailure.Told(failure) is { } told => new RunError(
            told.ErrorId, run.FailedStep, told.Message, null, told.Advice, run.Record.RollbackNote),
        _ => new RunError(ErrorIds.Unexpected, run.FailedStep, $"{failure.GetType().Name}: {failure.Message}", failure.ToString(),
            "This is a defect of BackupSync: please report it with the log.", run.Record.RollbackNote),
    };

    static string Describe(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Aborted => "aborted: nothing was changed",
        RunOutcome.Incomplete => "failed; the backup that was taken is good",
        RunOutcome.RolledBack => "failed and was rolled back",
        RunOutcome.RollbackFailed => "failed, and so did its rollback",
        _ => "was stopped: nothing was changed",
    };

    static readonly string Version =
        typeof(RecordedRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? "unknown";
}
