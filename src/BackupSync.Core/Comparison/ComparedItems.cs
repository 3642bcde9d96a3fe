using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>Two fingerprints, item by item.</summary>
static class ComparedItems
{
    /// <param name="partly">Whether only some tables were asked for: then only these are compared.</param>
    public static IReadOnlyList<ComparedItem> Of(DatabaseFingerprint source, DatabaseFingerprint target, bool partly) =>
    [
        .. Names(source.Tables, target.Tables).Select(name => Table(name, source, target)),
        .. partly ? [] : Names(source.Sequences, target.Sequences).Select(name => Sequence(name, source.Sequences.GetValueOrDefault(name), target.Sequences.GetValueOrDefault(name))),
        .. partly || source.LargeObjects.Count + target.LargeObjects.Count == 0 ? (IEnumerable<ComparedItem>)[] : [LargeObjects(source.LargeObjects, target.LargeObjects)],
        .. Objects(source, target).Where(o => !partly || source.Tables.Keys.Union(target.Tables.Keys).Any(t => SchemaObjects.IsOf(o.Name, t))),
    ];

    static ComparedItem Table(string name, DatabaseFingerprint source, DatabaseFingerprint target)
    {
        var (there, here) = (source.Tables.GetValueOrDefault(name), target.Tables.GetValueOrDefault(name));
        var definition = SchemaObjects.TableDefinition(source, name) == SchemaObjects.TableDefinition(target, name);
        return (there, here) switch
        {
            (null, _) => new(ComparedKind.Table, name, ComparedState.TargetOnly, null, here!.Rows, "the source has no such table"),
            (_, null) => new(ComparedKind.Table, name, ComparedState.SourceOnly, there.Rows, null, "the target has no such table"),
            _ when there.Rows != here.Rows => Different($"{there.Rows} rows on the source, {here.Rows} on the target"),
            _ when there.Hash != here.Hash => Different(definition ? $"the content of its {there.Rows} rows differs" : "its columns differ, and so does its content"),
            _ => new(ComparedKind.Table, name, ComparedState.Equal, there.Rows, here.Rows, null),
        };

        ComparedItem Different(string what) => new(ComparedKind.Table, name, ComparedState.Different, there!.Rows, here!.Rows, what);
    }

    static ComparedItem Sequence(string name, SequenceFingerprint? there, SequenceFingerprint? here) => (there, here) switch
    {
        (null, _) => new(ComparedKind.Sequence, name, ComparedState.TargetOnly, null, null, "the source has no such sequence"),
        (_, null) => new(ComparedKind.Sequence, name, ComparedState.SourceOnly, null, null, "the target has no such sequence"),
        _ when there.Value == here.Value && there.IsCalled == here.IsCalled => new(ComparedKind.Sequence, name, ComparedState.Equal, null, null, null),
        _ => new(ComparedKind.Sequence, name, ComparedState.Different, null, null, $"{Next(there)} on the source, {Next(here)} on the target"),
    };

    static ComparedItem LargeObjects(LargeObjectFingerprint there, LargeObjectFingerprint here) => there == here
        ? new(ComparedKind.LargeObjects, "large objects", ComparedState.Equal, there.Count, here.Count, null)
        : new(ComparedKind.LargeObjects, "large objects", ComparedState.Different, there.Count, here.Count,
            there.Count != here.Count ? $"{there.Count} on the source, {here.Count} on the target" : "their content differs");

    static IEnumerable<ComparedItem> Objects(DatabaseFingerprint source, DatabaseFingerprint target) => FingerprintComparison
        .Objects(source, target, new ComparisonTolerance())
        // Tables and sequences that one side lacks are told above.
        .Where(d => !(d.What is FingerprintComparison.Missing or FingerprintComparison.Unexpected && (d.Subject.StartsWith("table ", StringComparison.Ordinal) || d.Subject.StartsWith("sequence ", StringComparison.Ordinal))))
        .Select(d => d.What switch
        {
            FingerprintComparison.Missing => new ComparedItem(ComparedKind.Object, d.Subject, ComparedState.SourceOnly, null, null, "the target lacks it"),
            FingerprintComparison.Unexpected => new ComparedItem(ComparedKind.Object, d.Subject, ComparedState.TargetOnly, null, null, "the source lacks it"),
            var what => new ComparedItem(ComparedKind.Object, d.Subject, ComparedState.Different, null, null, what),
        });

    static string Next(SequenceFingerprint sequence) => sequence.IsCalled ? $"last value {sequence.Value}" : $"not used yet, {sequence.Value} comes next";

    static IEnumerable<string> Names<T>(IReadOnlyDictionary<string, T> there, IReadOnlyDictionary<string, T> here) => there.Keys.Union(here.Keys).Order(StringComparer.Ordinal);
}
