using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Sync.Incremental;

/// <summary>Whether both databases still have the same tables, in the same form: only then rows alone can be carried.</summary>
/// <param name="Reason">Why only a full sync will do; null where they have.</param>
/// <param name="Objects">Of the source.</param>
sealed record SchemaCheck(string? Reason, IReadOnlyDictionary<string, string> Objects)
{
    const int MostTold = 5;

    /// <summary>What a full sync may rightly leave out.</summary>
    static readonly string[] MayBeMissing = ["event trigger ", "foreign server "];

    /// <summary>What a target may have more without anything of its own being in it.</summary>
    static readonly string[] BringNothing = ["schema ", "extension "];

    /// <summary>What the rows of some tables depend on, whichever tables these are.</summary>
    static readonly string[] Types = ["enum ", "domain ", "range type ", "composite "];

    /// <summary>Whether the target has objects that the source has not, nor had in the last run: a full sync would remove them.</summary>
    public bool TargetHasOwn { get; init; }

    /// <summary>What nobody could tell.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <exception cref="BackupSyncException"><see cref="ErrorIds.SchemaChanged"/>: they do not, and the job is to stop then; the detail lists the differences.</exception>
    public static async Task<SchemaCheck> RunAsync(
        JobConfig job, PgSession sourceSession, PgSession targetSession, SourceSide source, TargetSide target, CancellationToken cancellationToken)
    {
        var (there, here) = await BothSides.RunAsync(
            ct => FingerprintReader.ReadObjectsAsync(sourceSession, source.Facts.Major, source.Filter, ct),
            ct => FingerprintReader.ReadObjectsAsync(targetSession, target.Facts.Major, CatalogFilter.None, ct), cancellationToken);
        var partitions = job.Tables.Count == 0 ? [] : (await TableNames.PartitionsAsync(sourceSession, job.Tables, cancellationToken))
            .Union(await TableNames.PartitionsAsync(targetSession, job.Tables, cancellationToken)).ToList();
        var known = (await SyncState.ReadAsync(targetSession, job.Name, cancellationToken))?.Objects.ToHashSet() ?? [];
        var differences = FingerprintComparison.Objects(Schema(there, source.Facts.Major), Schema(here, target.Facts.Major), new ComparisonTolerance())
            .Where(d => d.What == FingerprintComparison.Unexpected
                ? known.Contains(d.Subject) // dropped on the source; whatever else the target has is its own
                : !MayBeMissing.Any(m => d.Subject.StartsWith(m, StringComparison.Ordinal)))
            .Where(d => job.Tables.Count == 0 || IsAbout(d.Subject, [.. job.Tables, .. partitions], there.Keys.Union(here.Keys)))
            .ToList();
        var views = job.Tables.Count > 0 ? ComparedViews.Equal : await CompareViewsAsync(job, sourceSession, targetSession, source, target, cancellationToken);
        differences.AddRange(views.Different.Select(name => new FingerprintDifference($"definition of view {name}", "differs")));
        // What is on a table that one side lacks goes without saying.
        var lacking = differences.Where(d => d.What is FingerprintComparison.Missing or FingerprintComparison.Unexpected).Select(d => SchemaObjects.TableOf(d.Subject)).OfType<string>().ToList();
        var told = differences.Where(d => SchemaObjects.TableOf(d.Subject) is not null || !lacking.Any(t => SchemaObjects.IsOf(d.Subject, t)))
            .OrderBy(d => SchemaObjects.TableOf(d.Subject) is null).ThenBy(d => d.Subject, StringComparer.Ordinal).Select(d => d.ToString()).ToList();
        // Without notes nobody knows what a target had of the source that the source has no longer: none of it is taken away.
        var own = here.Keys.Where(o => !there.ContainsKey(o) && !known.Contains(o) && !BringNothing.Any(b => o.StartsWith(b, StringComparison.Ordinal)))
            .OrderBy(o => SchemaObjects.TableOf(o) is null).ToList();
        if (differences.Count == 0)
            return new SchemaCheck(null, there) { Notes = views.Unknown, TargetHasOwn = own.Count > 0 };

        var some = string.Join("; ", told.Take(MostTold)) + (told.Count > MostTold ? $"; and {told.Count - MostTold} more" : "");
        // A full sync replaces everything: nothing may be there that is the target's own.
        var isEmpty = !here.Keys.Any(o => SchemaObjects.TableOf(o) is not null);
        if (job.MayBecomeFull && own.Count == 0 || job.Incremental.OnSchemaChange == SchemaChangeRule.Full && job.Tables.Count == 0 && isEmpty)
            return new SchemaCheck($"{target.Login.Label} differs from {source.Login.Label} in more than rows: {some}.", there);
        throw new BackupSyncException(ErrorIds.SchemaChanged, $"{target.Login.Label} differs from {source.Login.Label} in more than rows, in {told.Count} place(s): {some}.",
            job.Incremental.OnSchemaChange == SchemaChangeRule.Full
                ? "Make the same change on the target, or run once with -Mode Full (--mode full), which copies everything, and removes what only the target has"
                  + $"{(own.Count > 0 ? $" ({string.Join(", ", own.Take(MostTold))}{(own.Count > MostTold ? " …" : "")})" : "")}."
                : "Run once with -Mode Full (--mode full, or Initialize-DbSecondary where nothing is there yet), or make the same change on the target; incremental.onSchemaChange: full does the former by itself.")
        { Detail = string.Join('\n', told) };
    }

    static async Task<ComparedViews> CompareViewsAsync(
        JobConfig job, PgSession sourceSession, PgSession targetSession, SourceSide source, TargetSide target, CancellationToken cancellationToken)
    {
        var (there, here) = await BothSides.RunAsync(
            ct => ViewDefinitions.ReadAsync(sourceSession, source.Filter, ct), ct => ViewDefinitions.ReadAsync(targetSession, CatalogFilter.None, ct), cancellationToken);
        return await ViewDefinitions.CompareAsync(there, here, target.Login, job.Limits.Connect, cancellationToken);
    }

    static bool IsAbout(string subject, IReadOnlyList<string> patterns, IEnumerable<string> objects) =>
        Types.Any(t => subject.StartsWith(t, StringComparison.Ordinal))
        || objects.Select(SchemaObjects.TableOf).OfType<string>().Where(t => patterns.Any(p => TableNames.Matches(t, p))).Any(t => SchemaObjects.IsOf(subject, t));

    static DatabaseFingerprint Schema(IReadOnlyDictionary<string, string> objects, int major) => new()
    {
        ServerMajor = major,
        Method = FingerprintMethod.RowsOnly,
        Tables = new Dictionary<string, TableFingerprint>(),
        Sequences = new Dictionary<string, SequenceFingerprint>(),
        LargeObjects = new LargeObjectFingerprint(0, null),
        Objects = objects,
    };
}
