using BackupSync.Configuration;

namespace BackupSync.Application;

/// <summary>
/// How the databases and jobs of a configuration stand, from what is recorded: nothing is connected to, and no URL has to be set. What the
/// heads show, and what the service tells of health.
/// </summary>
/// <param name="Time">As of when, in UTC.</param>
/// <param name="Entries">Databases first, then jobs, in the configuration's order.</param>
public sealed record StatusReport(DateTimeOffset Time, IReadOnlyList<StatusEntry> Entries)
{
    public bool IsGood => Entries.All(e => e.IsGood);

    /// <param name="names">Of databases and jobs; all of the configuration where none is named.</param>
    /// <param name="clock">For what time it is.</param>
    /// <param name="warn">Told of places and records that cannot be read; what depends on one is unknown.</param>
    /// <exception cref="BackupSyncException">A name is unknown.</exception>
    public static async Task<StatusReport> ReadAsync(
        BackupSyncConfig config, IReadOnlyList<string> names, TimeProvider clock, Action<string> warn, CancellationToken cancellationToken)
    {
        foreach (var name in names)
            _ = config.DatabaseOrJob(name);
        var now = clock.GetUtcNow();
        return Of(await ReadFactsAsync(config, names, now, warn, cancellationToken), now);
    }

    /// <summary>What follows from facts at a moment.</summary>
    internal static StatusReport Of(IReadOnlyList<StatusFacts> facts, DateTimeOffset now) => new(now, [.. facts.Select(f => f.At(now))]);

    /// <summary>What is known of each, from which anybody can tell how it stands at any moment after.</summary>
    internal static async Task<IReadOnlyList<StatusFacts>> ReadFactsAsync(
        BackupSyncConfig config, IReadOnlyList<string> names, DateTimeOffset now, Action<string> warn, CancellationToken cancellationToken)
    {
        List<DatabaseConfig> databases = [.. config.Databases.Where(d => names.Count == 0 || names.Contains(d.Name))];
        List<JobConfig> jobs = [.. config.Jobs.Where(j => names.Count == 0 || names.Contains(j.Name))];
        var records = await StatusRecords.ReadAsync(config, [.. databases.Select(d => d.Name)], now, warn, cancellationToken);
        return [.. databases.Select(records.Of), .. jobs.Select(records.Of)];
    }
}
