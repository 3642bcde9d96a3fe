using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>Two fingerprints, item by item.</summary>
static class ComparedItems
{
    /// <param name="chosen">The only tables that are compared, without sequences and large objects; null for all there is.</param>
    public static IReadOnlyList<ComparedItem> Of(
        DatabaseFingerprint source,
        DatabaseFingerprint target,
        IReadOnlyCollection<ObjectName>? chosen) =>
    [
        .. Names(source.Tables, target.Tables).Select(name => Table(name, source, target)),
        .. chosen is not null ? [] : Names(source.Sequences, target.Sequences).Select(
            name => Sequence(name, source.Sequences.GetValueOrDefault(name), target.Sequences.GetValueOrDefault(name))),
        .. chosen is not null || source.LargeObjects.Count + target.LargeObjects.Count == 0
            ? (IEnumerable<ComparedItem>)[]
            : [LargeObjects(source.LargeObjects, target.LargeObjects)],
        .. Objects(source, target).Where(o => chosen is null || chosen.Any(t => SchemaObjects.IsOf(o.Name, t))),
        .. Of(FingerprintComparison.Details(source, target)
            .Where(d => d.Fact != SchemaDetails.ExtensionVersion
                && (chosen is null || d.ConcernsOthers || chosen.Any(t => SchemaObjects.IsOf(d.Subject, t))))),
    ];

    static ComparedItem Table(string name, DatabaseFingerprint source, DatabaseFingerprint target)
    {
        var (there, here) = (source.Tables.GetValueOrDefault(name), target.Tables.GetValueOrDefault(name));
        var definition = SchemaObjects.TableDefinition(source, name) == SchemaObjects.TableDefinition(target, name);
        return (there, here) switch
        {
            (null, _) => new(ComparedKind.Table, name, ComparedState.TargetOnly, null, here!.Rows, "the source has no such table"),
            (_, null) => new(ComparedKind.Table, name, ComparedState.SourceOnly, there.Rows, null, "the target has no such table"),
            _ when there.Rows != here.Rows => Different(
                $"{Quantity.Of(there.Rows, "row")} on the source, {Quantity.Number(here.Rows)} on the target"),
            _ when there.Hash != here.Hash && FingerprintComparison.NoteOf(name, source, target, isCopy: false) is null =>
                Different(definition
                    ? $"the content of its {Quantity.Of(there.Rows, "row")} differs"
                        + (there.BaseHash is not null && there.BaseHash == here.BaseHash ? ", but only in generated columns" : "")
                    : "its columns differ, and so does its content"),
            _ => new(ComparedKind.Table, name, ComparedState.Equal, there.Rows, here.Rows, null),
        };

        ComparedItem Different(string what) => new(ComparedKind.Table, name, ComparedState.Different, there!.Rows, here!.Rows, what);
    }

    static ComparedItem Sequence(string name, SequenceFingerprint? there, SequenceFingerprint? here) => (there, here) switch
    {
        (null, _) => new(ComparedKind.Sequence, name, ComparedState.TargetOnly, null, null, "the source has no such sequence"),
        (_, null) => new(ComparedKind.Sequence, name, ComparedState.SourceOnly, null, null, "the target has no such sequence"),
        _ when there.Value == here.Value && there.IsCalled == here.IsCalled =>
            new(ComparedKind.Sequence, name, ComparedState.Equal, null, null, null),
        _ => new(
            ComparedKind.Sequence, name, ComparedState.Different, null, null, $"{Next(there)} on the source, {Next(here)} on the target"),
    };

    static ComparedItem LargeObjects(LargeObjectFingerprint there, LargeObjectFingerprint here) => there == here
        ? new(ComparedKind.LargeObjects, "large objects", ComparedState.Equal, there.Count, here.Count, null)
        : new(ComparedKind.LargeObjects, "large objects", ComparedState.Different, there.Count, here.Count,
            there.Count != here.Count ? $"{there.Count} on the source, {here.Count} on the target" : "their content differs");

    static IEnumerable<ComparedItem> Objects(DatabaseFingerprint source, DatabaseFingerprint target)
    {
        // Told above; with a table that one side lacks go its indexes and all else that is on it.
        var lacking = source.Tables.Keys.Except(target.Tables.Keys).Concat(target.Tables.Keys.Except(source.Tables.Keys))
            .Select(ObjectName.OfKey).ToList();
        foreach (var (name, what) in FingerprintComparison.Objects(source, target, new ComparisonTolerance()))
        {
            var state = what switch
            {
                FingerprintComparison.Missing => ComparedState.SourceOnly,
                FingerprintComparison.Unexpected => ComparedState.TargetOnly,
                _ => ComparedState.Different,
            };
            if (state != ComparedState.Different
                && (name.StartsWith("sequence ", StringComparison.Ordinal) || lacking.Any(t => SchemaObjects.IsOf(name, t))))
                continue;
            yield return new ComparedItem(ComparedKind.Object, name, state, null, null, state switch
            {
                ComparedState.SourceOnly => "the target lacks it",
                ComparedState.TargetOnly => "the source lacks it",
                _ => SchemaObjects.Difference(name, source.Objects[name], target.Objects[name]),
            });
        }
    }

    public static IEnumerable<ComparedItem> Of(IEnumerable<DetailDifference> differences) =>
        differences.Select(d => new ComparedItem(ComparedKind.Object, d.Subject,
        d.Fact is not null
            ? ComparedState.Different
            : d.Target is null ? ComparedState.SourceOnly : ComparedState.TargetOnly, null, null, d.What));

    /// <summary>What is no difference of the databases, as phrases.</summary>
    public static IEnumerable<string> NotesOf(DatabaseFingerprint source, DatabaseFingerprint target) =>
        FingerprintComparison.Details(source, target).Where(d => d.Fact == SchemaDetails.ExtensionVersion).Select(d => d.ToString())
            .Concat(source.Locale is { } there && target.Locale is { } here && there.RulesUnlike(here) is { } unlike
                ? [$"text sorts and compares otherwise by default: {unlike}"] : []);

    static string Next(SequenceFingerprint sequence) =>
        sequence.IsCalled ? $"last value {sequence.Value}" : $"not used yet, {sequence.Value} comes next";

    static IEnumerable<string> Names<T>(IReadOnlyDictionary<string, T> there, IReadOnlyDictionary<string, T> here) =>
        there.Keys.Union(here.Keys).Order(StringComparer.Ordinal);
}
