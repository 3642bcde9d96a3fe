namespace BackupSync.Runs;

/// <summary>Keeps each run that ends in the history of its job, and among the latest ones.</summary>
/// <param name="directory">The job's backup directory; made if it is missing.</param>
/// <param name="warn">Told where a run could not be recorded: the run itself goes on.</param>
sealed class HistoryWriter(string directory, Action<string> warn) : IRunObserver
{
    public void OnEvent(RunEvent runEvent)
    {
        if (runEvent is RunStarted)
        {
            RunHistory.Prepare();
            LatestRuns.Prepare();
        }
        if (runEvent is not RunEnded { Result: var result })
            return;
        if (Try(() => RunHistory.Append(directory, result), $"Run {result.RunId} is missing from the history"))
            Try(() => LatestRuns.Update(directory, result), $"Run {result.RunId} is not among the latest ones");
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
