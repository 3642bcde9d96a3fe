using System.Text.RegularExpressions;
using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// Entries of an archive that read what others load: a table whose check constraint calls a function that reads another table, say. No
/// archive tells of it, and pg_restore's workers load both at once, or one connection in the order of names; only its failure shows. Such
/// entries are loaded when all others of their section are there, one by one.
/// </summary>
sealed partial class LateEntries(ArchiveListing listing)
{
    /// <summary>Each costs a load of everything.</summary>
    const int Most = 8;

    const string MaterializedRows = "MATERIALIZED VIEW DATA";

    readonly List<string> _ids = [];
    int _failures;

    public bool Any => _ids.Count > 0;

    /// <returns>False where a failure has another cause, or has come back although the entry was the last.</returns>
    public bool Add(BackupSyncException failure)
    {
        if (failure.ErrorId != ErrorIds.RestoreFailed || failure.Detail is not { } words || !OfRowsElsewhere().IsMatch(words)
            || OfWhatIsNot().IsMatch(words) || IdIn(words) is not { } id || _ids.LastOrDefault() == id || ++_failures > Most)
            return false;
        // From the first one on everything is loaded in sections, and what is made when all rows are there misses none.
        if (Any && listing.Entries.FirstOrDefault(e => IdOf(e.Line) == id)?.Kind is not ("TABLE DATA" or MaterializedRows))
            return false;
        _ids.Remove(id);
        _ids.Add(id);
        return true;
    }

    /// <summary>The same lines, with the late ones behind all rows; of materialized views, at the end.</summary>
    public IReadOnlyList<string> Behind(IReadOnlyList<string> list)
    {
        if (!Any)
            return list;
        var others = Without(list);
        var rows = listing.Entries.Where(e => e.Kind == "TABLE DATA").Select(e => e.Line).ToHashSet();
        var materialized = listing.Entries.Where(e => e.Kind == MaterializedRows).Select(e => e.Line).ToHashSet();
        // Where no rows are left but theirs: as early as before, which is behind what makes schemas and tables.
        var before = list.TakeWhile(l => !_ids.Contains(IdOf(l))).Count();
        var at = Math.Max(before, others.Count - others.Reverse().TakeWhile(l => !rows.Contains(l)).Count());
        return [.. others.Take(at), .. Of(list).Where(l => !materialized.Contains(l)), .. others.Skip(at),
            .. Of(list).Where(materialized.Contains)];
    }

    /// <summary>
    /// pg_restore names the entry; psql, which knows of none, the view that it refreshed, or the table whose rows it copied, without
    /// its schema.
    /// </summary>
    string? IdIn(string words) =>
        RefreshOf().Match(words) is { Success: true } refresh
            && listing.Find(MaterializedRows, ObjectName.OfKey(refresh.Groups[1].Value)) is { } view
            ? IdOf(view.Line)
            : EntryOf().Match(words) is { Success: true } entry ? entry.Groups[1].Value
        : CopyOf().Match(words) is { Success: true } copy
            && listing.Entries.Where(e => e.Kind == "TABLE DATA" && e.Rest.Contains($" {copy.Groups[1].Value} ", StringComparison.Ordinal))
                .ToList() is [var only]
            ? IdOf(only.Line) : null;

    /// <param name="list">Lines for <c>pg_restore --use-list</c>.</param>
    public IReadOnlyList<string> Without(IReadOnlyList<string> list) => Any ? [.. list.Where(l => !_ids.Contains(IdOf(l)))] : list;

    /// <summary>The late ones, in the order in which they are to come.</summary>
    public IEnumerable<string> Of(IReadOnlyList<string> list) => _ids.SelectMany(id => list.Where(l => IdOf(l) == id));

    static string IdOf(string line) => line[..line.IndexOf(';')];

    /// <summary>What no order of rows brings.</summary>
    [GeneratedRegex(
        """ERROR:\s+((function|procedure|operator|relation|type|schema|column|role) .*does not exist|unrecognized configuration)""")]
    private static partial Regex OfWhatIsNot();

    /// <summary>What an expression says that looked for rows in vain: its constraint, or the function that it calls.</summary>
    [GeneratedRegex("""violates check constraint|value for domain .* violates|SQL function "|PL/\w+ function |has not been populated""")]
    private static partial Regex OfRowsElsewhere();

    [GeneratedRegex(@"^STATEMENT:  REFRESH MATERIALIZED VIEW (.+);$", RegexOptions.Multiline)]
    private static partial Regex RefreshOf();

    [GeneratedRegex(@"from TOC entry (\d+);")]
    private static partial Regex EntryOf();

    [GeneratedRegex(@"COPY (.+), line \d+")]
    private static partial Regex CopyOf();
}
