using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Operations;

namespace BackupSync.Application;

/// <summary>Lists backups: those in the configuration's places, and those that jobs have left in their own directories.</summary>
public static class BackupListing
{
    /// <summary>Newest first.</summary>
    /// <param name="names">Databases, or jobs: a job's backups are those that it has left. Everything where none is named.</param>
    /// <param name="query">What else is said of them.</param>
    /// <param name="warn">Told of what looks like a backup and is none, and of places that cannot be listed while others can.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="BackupSyncException">A name is unknown, or no place can be listed.</exception>
    public static async Task<IReadOnlyList<BackupFile>> FindAsync(
        BackupSyncConfig config, IReadOnlyList<string> names, BackupQuery query, Action<string> warn, CancellationToken cancellationToken)
    {
        List<string> databases = [.. names.Where(n => config.Databases.Any(d => d.Name == n)).Distinct()];
        List<JobConfig> jobs = [.. names.Except(databases).Select(n => config.Job(config.DatabaseOrJob(n)))];
        if (query.Place is not null && jobs.Count > 0)
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid,
                $"A job's backups are in its own directory: {Spelling.Place} does not go with {jobs[0].Name}.");
        var found = jobs.SelectMany(job => JobFolder.Of(job).Backups(query, warn)).ToList();
        if (databases.Count > 0 || jobs.Count == 0)
            found.AddRange(await OfDatabasesAsync(config, query with { Databases = databases }, warn, cancellationToken));
        return [.. found.DistinctBy(b => (RealPath.OfFile(b.Path), Bucket: Path.IsPathRooted(b.Path) ? null : b.Place))
            .OrderByDescending(b => b.Created)];
    }

    /// <summary>What a job has left in its directory, or a plan, or whoever takes backups by hand, in the places. Newest first.</summary>
    /// <inheritdoc cref="FindAsync"/>
    public static async Task<IReadOnlyList<BackupFile>> OfJobAsync(
        BackupSyncConfig config, string job, BackupQuery query, Action<string> warn, CancellationToken cancellationToken) =>
        config.BackupPlans.Any(p => p.Name == job) || job == BackupOrder.ByHandName
            ? await (query with { Job = job }).FindAsync(config, warn, cancellationToken)
            : [.. JobFolder.Of(config.Job(job)).Backups(query, warn)];

    static async Task<IEnumerable<BackupFile>> OfDatabasesAsync(
        BackupSyncConfig config, BackupQuery query, Action<string> warn, CancellationToken cancellationToken)
    {
        var found = await query.FindAsync(config, warn, cancellationToken);
        // A job's copy may lack tables, and its safety backup is what a sync has replaced: neither is the latest of a database, unless
        // asked for.
        return query.Place is not null || (query.Latest && query.Kinds.Count == 0)
            ? found
            : found.Concat(config.Jobs.SelectMany(job => JobFolder.Of(job).Backups(query, warn)));
    }
}
