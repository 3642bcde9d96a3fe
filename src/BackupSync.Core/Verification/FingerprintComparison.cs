using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <param name="Subject">The object that differs, such as <c>table public.users</c>.</param>
/// <param name="What">How, as a phrase: <c>13 rows expected, 12 found</c>.</param>
sealed record FingerprintDifference(string Subject, string What)
{
    public override string ToString() => $"{Subject}: {What}";
}

/// <summary>What an operator has agreed may differ.</summary>
/// <param name="ExtraExtensions">Extensions that only the copy has: they stay when a target is restored in one transaction.</param>
/// <param name="Missing">Objects (keys of <see cref="DatabaseFingerprint.Objects"/>) that were left out knowingly, and told.</param>
/// <param name="ExtraSchemas">Schemas that such extensions live in.</param>
/// <param name="Incomplete">
/// Objects may be missing that hold neither rows nor values: the server has refused them, and that was agreed to. It is told.
/// </param>
sealed record ComparisonTolerance(
    bool ExtraExtensions = false, IReadOnlySet<string>? Missing = null, IReadOnlySet<string>? ExtraSchemas = null, bool Incomplete = false);

/// <summary>Compares what a copy holds with what it should hold.</summary>
static class FingerprintComparison
{
    internal const string Missing = "missing";
    internal const string Unexpected = "not expected";

    const int MostDetailsTold = 10;

    /// <summary>
    /// Manifests of earlier days list digests of views' texts. The text of a view is no proof: a dump and restore may change it.
    /// </summary>
    const string ViewDefinition = "definition of view ";

    /// <summary>Empty where the copy is right.</summary>
    /// <param name="label">The database or backup, for the message.</param>
    /// <param name="what">What is compared, such as "what was restored".</param>
    /// <param name="warn">Told what differs and may.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.VerificationFailed"/>: they differ; the detail lists how.</exception>
    public static void EnsureEqual(
        DatabaseFingerprint expected, DatabaseFingerprint actual, ComparisonTolerance tolerance, string label, string what,
        Action<string> warn)
    {
        foreach (var note in Notes(expected, actual, isCopy: true))
            warn($"{label}: {note}.");
        var details = Details(expected, actual)
            .Where(d => d.Fact is not null && d.Fact != SchemaDetails.ExtensionVersion && tolerance.Missing?.Contains(d.Subject) != true)
            .ToList();
        foreach (var detail in details.Take(MostDetailsTold))
            warn($"{label}: {detail.Subject} is not as it was: {detail.Fact}: {detail.Source ?? "none"} before, "
                + $"{detail.Target ?? "none"} now.");
        if (details.Count > MostDetailsTold)
            warn($"{label}: {details.Count - MostDetailsTold} more are not as they were: compare the databases to see them.");
        var differences = Compare(expected, actual, tolerance);
        if (differences.Count == 0)
            return;
        var places = string.Join('\n', differences.Take(20)) + (differences.Count > 20 ? $"\nand {differences.Count - 20} more" : "");
        throw new BackupSyncException(ErrorIds.VerificationFailed,
            $"{label}: {what} differs from what was dumped, in {differences.Count} place(s): {differences[0]}.",
            "Something on the target changed what was loaded (a generated column, a function that depends on the server, another "
                + "session). Compare both, then run again.")
        { Detail = places };
    }

    public static IReadOnlyList<FingerprintDifference> Compare(
        DatabaseFingerprint expected,
        DatabaseFingerprint actual,
        ComparisonTolerance tolerance) =>
    [
        .. Tables(expected, actual),
        .. Sequences(expected, actual),
        .. LargeObjects(expected, actual),
        .. Objects(expected, actual, tolerance),
    ];

    static IEnumerable<FingerprintDifference> Tables(DatabaseFingerprint expected, DatabaseFingerprint actual)
    {
        // Tables that one side lacks show among the objects.
        foreach (var (name, want) in expected.Tables)
        {
            if (!actual.Tables.TryGetValue(name, out var have))
                continue;
            if (have.Rows != want.Rows)
                yield return new($"table {name}", $"{Quantity.Of(want.Rows, "row")} expected, {Quantity.Number(have.Rows)} found");
            else if (expected.Method == actual.Method && have.Hash != want.Hash && NoteOf(name, expected, actual, isCopy: true) is null)
                yield return new($"table {name}", $"the content of its {Quantity.Of(want.Rows, "row")} differs");
        }
    }

    /// <summary>What differs and may: sentences without a full stop.</summary>
    internal static IEnumerable<string> Notes(DatabaseFingerprint expected, DatabaseFingerprint actual, bool isCopy) =>
        expected.Method != actual.Method
            ? []
            : expected.Tables.Keys.Select(name => NoteOf(name, expected, actual, isCopy)).OfType<string>();

    /// <summary>
    /// Why a table may differ in content though not in rows, as a sentence: another version or locale computes generated columns otherwise
    /// (the word stems of a full-text search, for one). Null where it does not differ, or must not.
    /// </summary>
    /// <param name="isCopy">
    /// Whether the one was restored from the other. The server has computed its generated columns then, and a function that was
    /// replaced since the rows were written gives other values than are stored.
    /// </param>
    internal static string? NoteOf(string table, DatabaseFingerprint expected, DatabaseFingerprint actual, bool isCopy)
    {
        if (!expected.Tables.TryGetValue(table, out var want) || !actual.Tables.TryGetValue(table, out var have) || want.Rows != have.Rows)
            return null;
        if (expected.Method != FingerprintMethod.RowsOnly && (want.Hash is null || have.Hash is null))
            return $"table {table}: its rows were counted, not compared: no query on it can be planned, for what an index, statistics "
                + "or partitions of it compute names something that is not there";
        if (want.Hash == have.Hash)
            return null;
        if (expected.Locale is null && expected.HasColumnThatIs(table, "generated v"))
            return $"table {table}: its rows were counted, not compared: the backup's sum counts virtual columns in";
        var difference = DifferentLocale(expected, actual);
        if (difference is null && isCopy && want.BaseHash is not null && want.BaseHash == have.BaseHash)
            return $"table {table}: all is equal but the values of its generated columns: what is stored in the original is not what "
                + "their expressions give now";
        if (have.BaseHash is null || difference is null)
            return null;
        return want.BaseHash is null
            ? $"table {table}: its rows were counted, not compared: the backup's sum counts generated columns in, and they come out "
                + $"otherwise ({difference})"
            : want.BaseHash == have.BaseHash
                ? $"table {table}: all is equal but the values of its generated columns, which are computed otherwise ({difference})"
                : null;
    }

    /// <summary>
    /// In what the two databases differ that decides how expressions are computed; null where they do not, as far as is known.
    /// </summary>
    static string? DifferentLocale(DatabaseFingerprint expected, DatabaseFingerprint actual) =>
        expected.Locale is { } there && actual.Locale is { } here ? there.DifferenceTo(here)
        : expected.ServerMajor != actual.ServerMajor ? $"PostgreSQL {expected.ServerMajor} and {actual.ServerMajor}"
        : expected.Locale is null ? "the backup does not say by which locale" : null;

    static bool HoldsContent(string subject) =>
        subject.StartsWith("table ", StringComparison.Ordinal) || subject.StartsWith("partitioned table ",
        StringComparison.Ordinal)
        || subject.StartsWith("sequence ", StringComparison.Ordinal);

    static IEnumerable<FingerprintDifference> Sequences(DatabaseFingerprint expected, DatabaseFingerprint actual)
    {
        foreach (var (name, want) in expected.Sequences)
        {
            if (!actual.Sequences.TryGetValue(name, out var have))
                continue;
            if (!IsBetween(want, have))
            {
                var range = want.LatestValue is { } latest ? $"{want.Value} to {latest}" : $"{want.Value}";
                yield return new($"sequence {name}", $"{range} expected, {have.Value} found");
            }
        }
    }

    /// <summary>Sequences move while they are dumped; up, down, or around (a cycle, or a setval) to either end.</summary>
    static bool IsBetween(SequenceFingerprint want, SequenceFingerprint have)
    {
        if (want.LatestValue is not { } latest)
            return have.Value == want.Value && have.IsCalled == want.IsCalled;
        return have.Value >= Math.Min(want.Value, latest) && have.Value <= Math.Max(want.Value, latest);
    }

    static IEnumerable<FingerprintDifference> LargeObjects(DatabaseFingerprint expected, DatabaseFingerprint actual)
    {
        if (expected.LargeObjects.Count != actual.LargeObjects.Count)
            yield return new("large objects", $"{expected.LargeObjects.Count} expected, {actual.LargeObjects.Count} found");
        else if (expected.Method == actual.Method && expected.LargeObjects.Hash != actual.LargeObjects.Hash)
            yield return new("large objects", "their content differs");
    }

    /// <summary>Of the schema alone.</summary>
    internal static IEnumerable<FingerprintDifference> Objects(
        DatabaseFingerprint expected,
        DatabaseFingerprint actual,
        ComparisonTolerance tolerance)
    {
        foreach (var (name, want) in expected.Objects)
        {
            if (tolerance.Incomplete && !HoldsContent(name))
                continue;
            if (tolerance.Missing?.Contains(name) == true || name.StartsWith(ViewDefinition, StringComparison.Ordinal))
                continue;
            if (!actual.Objects.TryGetValue(name, out var have))
                yield return new(name, Missing);
            else if (Listed(name, have) != Listed(name, want))
                yield return new(name, $"'{want}' expected, '{have}' found");
        }
        foreach (var name in actual.Objects.Keys)
        {
            if (expected.Objects.ContainsKey(name) || name is "schema public" or "extension plpgsql")
                continue; // every new database has them, also where the source dropped them
            if (name.StartsWith("schema ", StringComparison.Ordinal)
                && tolerance.ExtraSchemas?.Contains(Sql.Bare(name["schema ".Length..])) == true)
                continue;
            if (tolerance.ExtraExtensions && name.StartsWith("extension ", StringComparison.Ordinal))
                continue;
            yield return new(name, Unexpected);
        }
    }

    /// <summary>
    /// What the two say of objects that both have, and the objects that <see cref="DatabaseFingerprint.Objects"/> does not list. None
    /// where one does not say.
    /// </summary>
    internal static IEnumerable<DetailDifference> Details(DatabaseFingerprint expected, DatabaseFingerprint actual)
    {
        if (expected.Details is not { } wanted || actual.Details is not { } found)
            yield break;
        foreach (var name in wanted.Keys.Union(found.Keys).Order(StringComparer.Ordinal))
        {
            var (want, have) = (Facts(expected, name), Facts(actual, name));
            if (want is null || have is null)
            {
                if (!expected.Objects.ContainsKey(name) && !actual.Objects.ContainsKey(name))
                    yield return new(name, null, want is null ? null : name, have is null ? null : name);
                continue;
            }
            foreach (var fact in want.Keys.Union(have.Keys).Order(StringComparer.Ordinal))
            {
                var isTold = want.ContainsKey(fact) && have.ContainsKey(fact) || !SchemaDetails.IsOfBoth(fact);
                if (isTold && want.GetValueOrDefault(fact) != have.GetValueOrDefault(fact)
                    && Math.Min(expected.ServerMajor, actual.ServerMajor) >= SchemaDetails.Since(fact))
                    yield return new(name, fact, want.GetValueOrDefault(fact), have.GetValueOrDefault(fact));
            }
        }
    }

    /// <summary>Null where there is no such object.</summary>
    static IReadOnlyDictionary<string, string>? Facts(DatabaseFingerprint database, string name) =>
        database.Details!.GetValueOrDefault(name) ?? (database.Objects.ContainsKey(name) ? new Dictionary<string, string>() : null);

    /// <summary>Manifests of earlier days say of partitioned tables, which hold nothing, whether that is logged.</summary>
    static string Listed(string name, string definition) =>
        name.StartsWith("partitioned table ", StringComparison.Ordinal)
            ? definition.Replace(", unlogged", "", StringComparison.Ordinal)
            : definition;
}
