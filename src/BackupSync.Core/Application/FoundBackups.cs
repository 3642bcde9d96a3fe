using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Application;

/// <param name="Database">Null where none was named: there is no backup at all that matches, or not the file that was named.</param>
public sealed record MissingBackup(string? Database, BackupSyncException Why);

/// <summary>The backups that somebody has asked for, and what of them there is not.</summary>
/// <param name="Suspicious">How many files look like backups and are none, and how many places could not be listed.</param>
/// <param name="Missing">For each database that was named and has no such backup, what to tell of it.</param>
public sealed record FoundBackups(IReadOnlyList<BackupFile> Backups, int Suspicious, IReadOnlyList<MissingBackup> Missing)
{
    public FoundBackups(IReadOnlyList<BackupFile> backups) : this(backups, 0, [])
    {
    }

    /// <summary>
    /// Of each database the one that a restore with the same options would take (<see cref="BackupQuery.FindOneAsync"/>); or all.
    /// </summary>
    /// <param name="query">Its databases are all that there are backups of where none is named.</param>
    /// <param name="all">Every one that matches, good or not.</param>
    /// <param name="warn">
    /// Told of what looks like a backup and is none, of places that cannot be listed while others can, and of newer ones that are passed
    /// over, or are from the future.
    /// </param>
    /// <exception cref="BackupSyncException">A name is unknown, or no place can be listed.</exception>
    public static async Task<FoundBackups> FindAsync(
        BackupQuery query, bool all, BackupSyncConfig config, Action<string> warn, CancellationToken cancellationToken)
    {
        var suspicious = 0;
        var matching = await (query with { Latest = false }).FindAsync(config, message =>
        {
            suspicious++;
            warn(message);
        }, cancellationToken);
        if (all)
            return Of(matching);
        var choices = query.ChooseOfEach(matching);
        foreach (var warning in choices.SelectMany(c => c.Warnings))
            warn(warning);
        suspicious += choices.Sum(c => c.Unauthenticated.Count);
        return Of([.. BackupCatalog.NewestFirst(choices.Select(c => c.Backup).OfType<BackupFile>())]);

        FoundBackups Of(IReadOnlyList<BackupFile> chosen) => new(chosen, suspicious, chosen.Count == 0 && query.Databases.Count == 0
            ? [new(null, matching.Count == 0
                ? NotThere("There is no such backup.")
                : NoGoodOneOf([.. matching.Select(b => b.Database).Distinct()]))]
            : [.. query.Databases.Where(name => chosen.All(b => b.Database != name)).Select(name => new MissingBackup(
                name, all ? NotThere($"There is no such backup of {name}.") : NoGoodOneOf([name])))]);

        BackupSyncException NoGoodOneOf(IReadOnlyList<string> databases) => (query with { Databases = databases })
            .NoGoodOne([.. matching.Where(b => databases.Contains(b.Database))], config);
    }

    /// <summary>The backup that a path names, as its manifest describes it.</summary>
    /// <param name="path">As it was given.</param>
    /// <param name="full">Makes it an absolute one, as the head does.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupNotFound"/>: it is the address of something else.</exception>
    /// <exception cref="AddressGivenException">It is that of a database.</exception>
    public static BackupFile Open(string path, Func<string, string> full) =>
        path.Contains("://", StringComparison.Ordinal) && !AddressText.Is(path)
        ? throw new BackupSyncException(
            ErrorIds.BackupNotFound,
            $"{path} is no file.",
            $"Name the database, with {Spelling.Place} and {Spelling.Latest}, {Spelling.Before} or {Spelling.Tag}.")
        : BackupCatalog.Open(GivenPath.Full(full(path)));

    /// <summary>For who has asked for every one.</summary>
    public string HowMany => $"{Quantity.Of(Backups.Count, "backup")} {(Backups.Count == 1 ? "matches" : "match")}.";

    /// <summary>Where every one that matches is to be copied, and none does, that is all there is to tell.</summary>
    public static string NoneToCopy(string to) => $"There was no backup to copy to {to}.";

    /// <summary>What is told of backups that need not be copied.</summary>
    public static string ThereAlready(int count, PlaceConfig to) =>
        $"{Quantity.Of(count, "backup")} {(count == 1 ? "is" : "are")} in {to.Name} already.";

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
