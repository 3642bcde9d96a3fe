using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

/// <summary>Where backups are looked for: in the places, and in the directories of jobs.</summary>
/// <param name="Databases">Only these databases' backups; all where there is none.</param>
/// <param name="WithPlaces">False where only jobs were named.</param>
sealed record BackupSources(BackupSyncConfig Config, IReadOnlyList<string> Databases, bool WithPlaces, IReadOnlyList<JobConfig> Jobs)
{
    /// <param name="names">Databases, or jobs: a job's backups are those it has left, a database's are all of it.</param>
    /// <param name="place">Where only this place is meant.</param>
    /// <exception cref="BackupSyncException">A name is unknown; the nearest is given.</exception>
    public static BackupSources Of(BackupSyncConfig config, IReadOnlyList<string> names, IReadOnlyList<string> jobNames, string? place)
    {
        List<string> databases = [.. names.Where(n => config.Databases.Any(d => d.Name == n))];
        List<JobConfig> jobs = [.. jobNames.Select(config.Job)];
        foreach (var name in names.Except(databases))
            jobs.Add(config.Jobs.FirstOrDefault(j => j.Name == name) ?? throw Unknown(config, name));
        if (databases.Count > 0 && jobs.Count > 0)
            throw new BackupSyncException(ErrorIds.UnknownName, "Name either databases or jobs.");
        return new BackupSources(config, databases, jobs.Count == 0, place is not null ? [] : jobs.Count > 0 ? jobs : config.Jobs);
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<BackupFile>> ListAsync(BackupQuery query, CancellationToken cancellationToken)
    {
        var found = WithPlaces ? await query.FindAsync(Config, Failures.Warn, cancellationToken) : [];
        var ofJobs = Jobs.SelectMany(job => JobBackups.List(job, Failures.Warn).Where(query.Matches));
        return [.. found.Concat(query.Latest ? BackupQuery.LatestOfJobs(ofJobs) : ofJobs).DistinctBy(b => b.Path)
            .OrderByDescending(b => b.Created)];
    }

    static BackupSyncException Unknown(BackupSyncConfig config, string name)
    {
        List<string> known = [.. ConfigNames.Databases(config), .. ConfigNames.Jobs(config)];
        var hint = NearestName.Of(name, known) is { } nearest ? $"Did you mean '{nearest}'?" : $"It has: {string.Join(", ", known)}.";
        return new BackupSyncException(ErrorIds.UnknownName, $"There is no database or job '{name}' in {config.Path}. {hint}");
    }
}
