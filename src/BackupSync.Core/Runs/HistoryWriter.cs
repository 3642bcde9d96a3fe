namespace BackupSync.Runs;

/// <summary>
/// Keeps each run that ends in the history of its job, and among the latest ones; and until then a note that it has begun, so that one
/// which is killed is no secret.
/// </summary>
/// <param name="directory">The job's backup directory; made if it is missing.</param>
/// <param name="warn">Told where a run could not be recorded: the run itself goes on.</param>
/// <param name="atStart">The run as it stands at its beginning; null where only its end is told.</param>
/// <param name="onUnended">Told of earlier runs of this folder that have left no end.</param>
sealed class HistoryWriter(
    string directory, Action<string> warn, Func<RunStarted, RunResult>? atStart = null, Action<RunResult>? onUnended = null) : IRunObserver
{
    StartedRun? _note;

    public void OnEvent(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case RunStarted started:
                RunHistory.Prepare();
                LatestRuns.Prepare();
                Begin(started);
                break;
            case StepStarted step:
                _note?.Note(step.Step, step.Time);
                break;
            case RunEnded { Result: var result }:
                End(result);
                break;
        }
    }

    void Begin(RunStarted started)
    {
        if (atStart is null)
            return;
        try
        {
            foreach (var unended in StartedRun.Settle(directory))
                onUnended?.Invoke(unended);
            _note = StartedRun.Begin(directory, atStart(started));
        }
        catch (BackupSyncException)
        {
            // The end of the run will not be taken either, which is told then; or was this an earlier run's, the next one tries again.
        }
    }

    void End(RunResult result)
    {
        var isRecorded = Try(() => RunHistory.Append(directory, result), $"Run {result.RunId} is missing from the history");
        if (isRecorded)
            Try(() => LatestRuns.Update(directory, result), $"Run {result.RunId} is not among the latest ones");
        _note?.End(isRecorded);
    }

    bool Try(Action write, string failed)
    {
        try
        {
            write();
            return true;
        }
        catch (BackupSyncException e)
        {
            warn($"{failed}: {e.Message}");
            return false;
        }
    }
}
