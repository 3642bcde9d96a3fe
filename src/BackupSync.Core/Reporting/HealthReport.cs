using BackupSync.Configuration;

namespace BackupSync.Reporting;

/// <summary>
/// How healthy all of a configuration is, from what is recorded: runs, backups and probes. No database and no service is asked for it.
/// </summary>
public sealed record HealthReport
{
    /// <summary>The worst of all.</summary>
    public required HealthStatus Status { get; init; }

    /// <summary>As of when this is, in UTC; when each was last checked is in its entry.</summary>
    public required DateTimeOffset Time { get; init; }
    public required IReadOnlyList<HealthEntry> Databases { get; init; }
    public required IReadOnlyList<HealthEntry> Jobs { get; init; }
    public required IReadOnlyList<HealthEntry> Services { get; init; }

    public bool IsHealthy => Status == HealthStatus.Healthy;

    /// <summary>All of them: databases, jobs, services, in the configuration's order.</summary>
    public IEnumerable<HealthEntry> All() => [.. Databases, .. Jobs, .. Services];

    readonly BackupSyncConfig _config;

    internal HealthReport(BackupSyncConfig config) => _config = config;

    /// <param name="clock">For what time it is.</param>
    /// <param name="warn">Told of places and records that cannot be read; what depends on one is not healthy.</param>
    public static async Task<HealthReport> ReadAsync(
        BackupSyncConfig config, TimeProvider clock, Action<string> warn, CancellationToken cancellationToken) =>
        (await HealthRecords.ReadAsync(config, clock.GetUtcNow(), warn, cancellationToken)).At(clock.GetUtcNow(), warn);

    /// <summary>How a job and its two databases stand.</summary>
    /// <param name="name">The first of the configuration where none is named.</param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.UnknownName"/>: there is no such job, and the nearest is given; or there are none.
    /// </exception>
    public JobHealth Job(string? name = null)
    {
        var job = name is not null ? _config.Job(name) : _config.Jobs.Count > 0 ? _config.Jobs[0] : _config.OnlyJob();
        var entry = Jobs.First(j => j.Name == job.Name);
        var (primary, secondary) = (SideOf(job.Source), SideOf(job.Target));
        return new JobHealth
        {
            Status = entry.Status,
            Primary = primary,
            Secondary = secondary,
            ActiveDatabase = job.Source,
            LastSync = entry.LastCopy,
            SyncStatus = entry.State!.Value,
            Job = job.Name,
            Reason = entry.Reason,
            AgeSeconds = entry.AgeSeconds,
            RpoLimitSeconds = entry.RpoLimitSeconds,
            NextDue = entry.NextDue,
            Time = Time,
        };

        SideHealth SideOf(string database)
        {
            var side = Databases.First(d => d.Name == database);
            return new SideHealth(side.Name, side.Connected, side.Latency, side.LastCheck, side.CheckedBy);
        }
    }
}
