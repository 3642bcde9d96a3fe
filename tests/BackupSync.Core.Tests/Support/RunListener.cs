using BackupSync.Runs;

namespace BackupSync.Tests;

/// <summary>Does something where a run tells of something: in the run's own time, so that it stands still meanwhile.</summary>
sealed class RunListener(Action<RunEvent>? onEvent) : IInlineObserver
{
    public void OnEvent(RunEvent runEvent) => onEvent?.Invoke(runEvent);
}
