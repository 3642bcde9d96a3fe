
namespace BackupSync.Runs;

/// <summary>Keeps each run that ends in the history of its job.</summary>
/// <param name="directory">The job's backup directory; made if it is missing.</param>
/// <param name="warn">Told where a run could not be recorded: the run itself goes on.</param>
public sealed class HistoryWriter(string directory, Action<string> warn) : IRunObserver
{
    public void OnEvent(RunEvent runEvent)
    {
        if (runEvent is RunStarted)
            RunHistory.Prepare();
        if (runEvent is not RunEnded { Result: var result })
            return;
        try
        {
            RunHistory.Append(directory, result);
        }
        catch (BackupSyncException e)
        {
            warn($"Run {result.RunId} is missing from the history: {e.Message}");
        }
    }
}
