using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Sides;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>Whether both databases still have the same tables, in the same form: only then rows alone can be carried.</summary>
/// <param name="Reason">Why only a full sync will do; null where they have.</param>
/// <param name="Objects">The names of the source's.</param>
sealed record SchemaCheck(string? Reason, IReadOnlyList<string> Objects)
{
    const int MostTold = 5;

    /// <summary>What a full sync may rightly leave out.</summary>
    static readonly string[] MayBeMissing = ["event trigger ", "foreign server ", "foreign data wrapper ", "user mapping "];

    /// <summary>What a target may have more without anything of its own being in it.</summary>
    static readonly string[] BringNothing = ["schema ", "extension "];

    /// <summary>What the rows of some tables depend on, whichever tables these are.</summary>
    static readonly string[] Types = ["enum ", "domain ", "range type ", "composite "];

    /// <summary>Objects of the target that the source has not, nor had in the last run: a full sync would remove them.</summary>
    public IReadOnlyList<string> TargetsOwn { get; init; } = [];

    const string Columns = """
        SELECT n.nspname, c.relname, a.attname FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2, a.attnum
        """;

    /// <summary>What nobody could tell.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.SchemaChanged"/>: they do not, and the job is to stop then; the detail lists the differences.
    /// </exception>
    public static async Task<SchemaCheck> RunAsync(
        SyncRequest request, PgSession sourceSession, PgSession targetSession, SourceSide source, TargetSide target,
        CancellationToken cancellationToken)
    {
        var (there, here) = await BothSides.RunAsync(
            ct => ReadAsync(sourceSession, source.Facts.Major, source
                .Filter, ct), ct => ReadAsync(targetSession, target.Facts.Major, CatalogFilter.None, ct), cancellationToken);
        var chosen = request.Tables.Count == 0 ? [] : await ChosenAsync();
        var known = (await SyncState.ReadAsync(targetSession, request.Settings.Job, cancellationToken))?.Objects.ToHashSet() ?? [];
        var differences = FingerprintComparison.Objects(there, here, new ComparisonTolerance())
            .Where(d => d.What == FingerprintComparison.Unexpected
                ? known.Contains(d.Subject) // dropped on the source; whatever else the target has is its own
                : !MayBeMissing.Any(m => d.Subject.StartsWith(m, StringComparison.Ordinal)))
            .Where(d => IsAbout(d.Subject)).ToList();
        var details = FingerprintComparison.Details(there, here).Where(d => IsAbout(d.Subject) || d.ConcernsOthers).ToList();
        differences.AddRange(details.Where(d => d.Fact is null && d.Source is null ? known.Contains(d.Subject) : !MayDiffer(d))
            .Select(d => new FingerprintDifference(d.Subject, d.What)));
        var texts = await CompareTextsAsync();
        differences.AddRange(texts.Different.Select(d => new FingerprintDifference(d.Subject, d.What)));
        // What is on a table that one side lacks goes without saying.
        var lacking = differences.Where(d => d.What is FingerprintComparison.Missing or FingerprintComparison.Unexpected)
            .Select(d => SchemaObjects.TableOf(d.Subject))
            .OfType<ObjectName>()
            .ToList();
        var told = differences.Where(
            d => SchemaObjects.TableOf(d.Subject) is not null || !lacking.Any(t => SchemaObjects.IsOf(d.Subject, t)))
            .OrderBy(d => SchemaObjects.TableOf(d.Subject) is null).ThenBy(d => d.Subject, StringComparer
                .Ordinal).Select(d => d.ToString()).ToList();
        // Without notes nobody knows what a target had of the source that the source has no longer: none of it is taken away.
        var objects = NamesOf(there);
        var own = NamesOf(here).Except(objects)
            .Where(o => !known.Contains(o) && !BringNothing.Any(b => o.StartsWith(b, StringComparison.Ordinal)))
            .OrderBy(o => SchemaObjects.TableOf(o) is null)
            .ToList();
        if (differences.Count == 0)
            return new SchemaCheck(null, objects) { Notes = [.. details.Where(d => d.Fact is not null)
                .Select(d => $"{d}, which an incremental run leaves as it is"), .. texts.Unknown], TargetsOwn = own };

        var some = string.Join("; ", told.Take(MostTold)) + (told.Count > MostTold ? $"; and {told.Count - MostTold} more" : "");
        // A full sync replaces everything: nothing may be there that is the target's own.
        var isEmpty = !here.Objects.Keys.Any(o => SchemaObjects.TableOf(o) is not null);
        if (request.MayBecomeFull && own.Count == 0 || request.MayFill && isEmpty)
            return new SchemaCheck($"{target.Login.Label} differs from {source.Login.Label} in more than rows: {some}.", objects);
        var columns = await TargetsColumnsAsync();
        var dropped = differences.Where(d => d.What == FingerprintComparison.Unexpected).Select(d => d.Subject).ToList();
        string[] goes = [.. own, .. columns, .. dropped];
        throw new BackupSyncException(ErrorIds.SchemaChanged,
            $"{target.Login.Label} differs from {source.Login.Label} in more than rows, in {told.Count} place(s): {some}. "
            + "No full sync follows, because "
            + $"{request.WhyNeverFull ?? $"{target.Login.Label} has what {source.Login.Label} has not: {NameList.Of(own)}"}.",
            "Make both alike ("
            + (columns.Count + dropped.Count > 0
                ? "make the source's changes on the target, and undo there what the source has not"
                : "make the same change on the target")
            + "), "
            + (isEmpty ? $"or have a first copy made by {Spelling.InitializeSecondary}."
                : $"or run once with {Spelling.ModeFull}, which copies everything, and removes what only the target "
                    + $"has{(goes.Length > 0 ? $" ({NameList.Of(goes)})" : "")}.")
            + (request.Incremental.OnSchemaChange == SchemaChangeRule.Stop
                ? " incremental.onSchemaChange: full does so by itself, where nothing is to stay."
                : ""))
        { Detail = string.Join('\n', told) };

        bool IsAbout(string subject) => request.Tables.Count == 0 || Types.Any(t => subject.StartsWith(t, StringComparison.Ordinal))
            || chosen.Any(t => SchemaObjects.IsOf(subject, t));

        async Task<IReadOnlyList<ObjectName>> ChosenAsync()
        {
            var partitions = (await TableNames.PartitionsAsync(sourceSession, request.Tables, cancellationToken))
                .Union(await TableNames.PartitionsAsync(targetSession, request.Tables, cancellationToken)).ToHashSet();
            return [.. SchemaObjects.TablesOf(there.Objects.Keys.Union(here.Objects.Keys))
                .Where(t => partitions.Contains(t) || request.Tables.Any(p => TableNames.Matches(t, p)))];
        }

        bool MayDiffer(DetailDifference d) =>
            // Rows of materialized views are not carried; and what pg_dump does not fill, no full sync can.
            d.Fact is { } fact && (SchemaDetails.IsTuning(fact) || fact is SchemaDetails.ExtensionVersion or SchemaDetails.Filled)
            || MayBeMissing.Any(m => d.Subject.StartsWith(m, StringComparison.Ordinal))
            // What is above a chosen table need not be on the target.
            || request.Tables.Count > 0 && d.Target is null && d.Fact is not null && SchemaDetails.Parentage.Contains(d.Fact)
                && !IsThere(there.Details![d.Subject]);

        bool IsThere(IReadOnlyDictionary<string, string> facts) =>
            (facts.GetValueOrDefault("partition of") ?? facts.GetValueOrDefault("inherits")) is not { } above
            || SchemaObjects.TablesOf(here.Objects.Keys).Any(t => above.Split(", ").Contains(t.Plain));

        // Of tables that both have.
        async Task<IReadOnlyList<string>> TargetsColumnsAsync()
        {
            var (theirs, ours) = await BothSides.RowsAsync(sourceSession, targetSession, Columns, cancellationToken);
            var tables = SchemaObjects.TablesOf(there.Objects.Keys).ToHashSet();
            return [.. Named(ours).Except(Named(theirs)).Where(c => tables.Contains(c.Table))
                .Select(c => $"column {Sql.Display(c.Column)} of {c.Table.Display}")];
        }

        static IEnumerable<(ObjectName Table, string Column)> Named(IEnumerable<Row> columns) =>
            columns.Select(c => (c.Name(0), c.Text(2)));

        async Task<ComparedTexts> CompareTextsAsync()
        {
            var (theirs, own) = await BothSides.RunAsync(
                ct => SchemaTexts.ReadAsync(sourceSession, source.Facts.Major, source.Filter, ct),
                ct => SchemaTexts.ReadAsync(targetSession, target.Facts.Major, CatalogFilter.None, ct), cancellationToken);
            return await SchemaTexts.CompareAsync(
                theirs, own, o => there.Objects.ContainsKey(o) && here.Objects.ContainsKey(o) && IsAbout(o), target.Login,
                request.Settings.Limits.Connect, cancellationToken);
        }
    }

    /// <summary>All: some that have details are not among the objects.</summary>
    internal static IReadOnlyList<string> NamesOf(DatabaseFingerprint content) =>
        [.. content.Objects.Keys.Union(content.Details?.Keys ?? [])];

    /// <summary>The schema alone.</summary>
    static async Task<DatabaseFingerprint> ReadAsync(
        PgSession session,
        int major,
        CatalogFilter filter,
        CancellationToken cancellationToken)
    {
        var kinds = await CatalogKinds.ReadAsync(session, cancellationToken);
        return new DatabaseFingerprint
        {
            ServerMajor = major,
            Method = FingerprintMethod.RowsOnly,
            Tables = new Dictionary<string, TableFingerprint>(),
            Sequences = new Dictionary<string, SequenceFingerprint>(),
            LargeObjects = new LargeObjectFingerprint(0, null),
            Objects = await FingerprintReader.ReadObjectsAsync(session, major, filter, kinds, cancellationToken),
            Details = await SchemaDetails.ReadAsync(session, major, filter, kinds, cancellationToken),
        };
    }
}
