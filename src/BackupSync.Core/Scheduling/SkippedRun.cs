using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Scheduling;

/// <summary>
/// A run that is left out stands in the history as those that were run: nobody has to look elsewhere for why there is none. It is no
/// latest run: how the last one ended still counts.
/// </summary>
static class SkippedRun
{
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.DiskFull"/> or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static void Record(ScheduleItem item, DateTimeOffset due, string why, DateTimeOffset now)
    {
        foreach (var record in item.Records)
        {
            var isBackup = record.Kind == RunKind.Backup;
            RunHistory.Append(record.Directory, new RunResult
            {
                RunId = RunTag.NewRunId(),
                Job = record.Job,
                Kind = record.Kind,
                DatabaseName = isBackup ? record.Database : null,
                Outcome = RunOutcome.Skipped,
                Source = item.Job?.Source ?? record.Database,
                Target = isBackup ? "" : record.Database,
                StartTime = now,
                EndTime = now,
                Error = new RunError(
                    ErrorIds.ScheduleSkipped, Step: null, $"Due at {due.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, left out: {why}.",
                    Detail: null, Advice: null, Rollback: null),
            });
        }
    }
}
