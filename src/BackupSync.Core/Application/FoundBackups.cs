using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Application;

/// <summary>The backups that somebody has asked for, and what of them there is not.</summary>
/// <param name="Suspicious">How many files look like backups and are none, and how many places could not be listed.</param>
/// <param name="Missing">For each database that was named and has no such backup, what to tell of it.</param>
public sealed record FoundBackups(IReadOnlyList<BackupFile> Backups, int Suspicious, IReadOnlyList<BackupSyncException> Missing)
{
    public FoundBackups(IReadOnlyList<BackupFile> backups) : this(backups, 0, [])
    {
    }

    /// <param name="warn">Told of what looks like a backup and is none, and of places that cannot be listed while others can.</param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupNotFound"/>: there is none, and no database was named; or a name is unknown.
    /// </exception>
    public static async Task<FoundBackups> FindAsync(
        BackupQuery query, BackupSyncConfig config, Action<string> warn, CancellationToken cancellationToken)
    {
        var suspicious = 0;
        var found = await query.FindAsync(config, message =>
        {
            suspicious++;
            warn(message);
        }, cancellationToken);
        if (found.Count == 0 && query.Databases.Count == 0)
            throw NotThere("There is no such backup.");
        var missing = query.Databases.Where(name => found.All(b => b.Database != name));
        return new FoundBackups(found, suspicious, [.. missing.Select(name => NotThere($"There is no such backup of {name}."))]);
    }

    /// <summary>The backup that a path names, as its manifest describes it.</summary>
    /// <param name="path">As it was given.</param>
    /// <param name="full">Makes it an absolute one, as the head does.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupNotFound"/>: it is the address of something else.</exception>
    public static BackupFile Open(string path, Func<string, string> full) => path.Contains("://", StringComparison.Ordinal)
        ? throw new BackupSyncException(
            ErrorIds.BackupNotFound,
            $"{path} is no file.",
            $"Name the database, with {Spelling.Place} and {Spelling.Latest}, {Spelling.Before} or {Spelling.Tag}.")
        : BackupCatalog.Open(GivenPath.Full(full(path)));

    /// <summary>What a person tells them apart by: no more than it takes.</summary>
    public IReadOnlyList<string> Names()
    {
        var onePerDatabase = Backups.DistinctBy(b => b.Database).Count() == Backups.Count;
        var onePlace = Backups.DistinctBy(b => b.Place).Count() == 1;
        return [.. Backups.Select(b => b.Database + (onePerDatabase ? "" : $" {b.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss}")
            + (onePlace || b.Place is null ? "" : $" {b.Place}"))];
    }

    static BackupSyncException NotThere(string message) =>
        new(ErrorIds.BackupNotFound, message, $"List what there is with {Spelling.ListBackups}.");
}
