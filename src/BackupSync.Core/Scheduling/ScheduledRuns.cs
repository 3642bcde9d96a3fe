using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Scheduling;

/// <summary>Runs what has a schedule as the commands <c>sync</c> and <c>plan</c> do: by the same way, with the same records.</summary>
static class ScheduledRuns
{
    /// <param name="databases">Of a plan: whose backups are asked for.</param>
    /// <param name="observersOf">For each run, by what it is called, whoever wants to hear of it.</param>
    /// <exception cref="BackupSyncException">It cannot begin: a variable is not set, or the target may not be one.</exception>
    public static async Task<IReadOnlyList<RunResult>> RunAsync(
        BackupSyncConfig config, ScheduleItem item, IReadOnlyList<string> databases, Func<string, IEnumerable<IRunObserver>> observersOf,
        CancellationToken cancellationToken)
    {
        if (item.Job is { } job)
        {
            job.EnsureAddresses();
            return [await JobRunner.SyncAsync(job, new RunOptions(), observersOf(job.Name), cancellationToken)];
        }
        var plan = item.Plan!;
        return await BackupRunner.BackUpAsync(
            [.. plan.Databases.Where(d => databases.Contains(d.Name))], BackupOrders.Of(plan, config), d => observersOf(d.Name),
            onResult: null, cancellationToken);
    }
}
