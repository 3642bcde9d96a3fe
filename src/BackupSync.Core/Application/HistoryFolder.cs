using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Operations;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>A folder in which the record of runs is kept, and what those may be about.</summary>
/// <param name="Directory">An absolute path.</param>
/// <param name="Database">Whose backups are there; null where it is a job's own folder.</param>
/// <param name="Job">Whose own folder it is; null where it is a database's in a place.</param>
sealed record HistoryFolder(string Directory, string? Database, JobConfig? Job)
{
    /// <summary>
    /// Every folder in which something of a configuration may have been recorded: those of its jobs and, in each of its places, those of
    /// databases, also of one that it names no more.
    /// </summary>
    /// <param name="warn">Told of a place that cannot be listed: of that, the databases that the configuration names are all.</param>
    public static IReadOnlyList<HistoryFolder> Of(BackupSyncConfig config, Action<string> warn)
    {
        var jobs = config.Jobs.Select(j => new HistoryFolder(Path.GetFullPath(j.Backups.Directory), null, j));
        IEnumerable<PlaceConfig> places = [.. config.Places, BackupOrders.LocalOf([], config)];
        var databases =
            from place in places
            let parent = ParentOf(place)
            from name in config.Databases.Select(d => d.Name).Union(Below(parent, warn))
            select new HistoryFolder(Path.GetFullPath(Path.Combine(parent, name)), name, null);
        // Jobs may have theirs beside those of databases; none shares one with another.
        return [.. jobs.Concat(databases).DistinctBy(f => RealPath.Of(f.Directory), RealPath.Comparer)];
    }

    /// <summary>
    /// Where the log and history of what is done with a database's backups in a place are kept: beside them or, where that is no folder,
    /// among this machine's own files.
    /// </summary>
    public static string Of(PlaceConfig place, string database) => Path.Combine(ParentOf(place), database);

    /// <summary>Whether a run that is meant by a name can be there: a history in which none is would be read to its beginning.</summary>
    /// <param name="name">Of a job, a plan or a database, or <see cref="BackupOrder.ByHandName"/>.</param>
    public bool MayHold(string name, BackupSyncConfig config)
    {
        var isPlan = name == BackupOrder.ByHandName || config.BackupPlans.Any(p => p.Name == name);
        return (isPlan && Database is not null) || name == BackupOrder.ByHandName
            || Database == name
            || (Job is not null && (Job.Name == name || IsAbout(Job, name)))
            || (Database is { } database && config.Jobs.Any(j => j.Name == name && IsAbout(j, database)));
    }

    /// <summary>Whether a run in this folder is meant by a name: of what took or brought it, or of a database that it was about.</summary>
    public bool IsMeant(RunHead run, string name) => run.Job == name || IsAbout(run, name);

    public bool IsAbout(RunHead run, string database) =>
        Job is null ? Database == database : (run.Job == Job.Name || run.Job == BackupOrder.ByHandName) && IsAbout(Job, database);

    static bool IsAbout(JobConfig job, string database) => job.Source == database || job.Target == database;

    static string ParentOf(PlaceConfig place) => place is FolderPlaceConfig folder
        ? folder.Directory
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "backupsync", place.Name);

    static IEnumerable<string> Below(string folder, Action<string> warn)
    {
        try
        {
            return System.IO.Directory.Exists(folder)
                ? [.. System.IO.Directory.EnumerateDirectories(folder).Select(d => Path.GetFileName(d)!)]
                : [];
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            warn(FileFailure.From(e, folder, "list").Message);
            return [];
        }
    }
}
