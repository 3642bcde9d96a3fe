using System.Text.RegularExpressions;
using BackupSync.Postgres;

namespace BackupSync.Archives;

/// <summary>What an archive's COPY statement fills: the entry's table or, for some partitions, the table that they are of.</summary>
/// <param name="Columns">Those that are loaded: generated ones are not.</param>
sealed partial record CopyTarget(ObjectName Table, IReadOnlyList<string> Columns)
{
    const string FromInput = "FROM stdin;";

    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupInvalid"/>: it is none that pg_dump writes.</exception>
    public static CopyTarget Of(ArchiveEntry entry)
    {
        var words = Words().Matches(InScript(entry)).Select(m => Sql.Bare(m.Value)).ToList();
        if (words is not ["COPY", var schema, var name, .. var columns, "FROM", "stdin;"])
            throw new BackupSyncException(
                ErrorIds.BackupInvalid, $"The archive does not say how {entry.Key} is loaded.", "Use another backup.");
        return new CopyTarget(new(schema, name), columns);
    }

    /// <summary>The statement itself, for data in the archive's encoding rather than the session's.</summary>
    public static string StatementOf(ArchiveEntry entry, string encoding) =>
        $"{InScript(entry)[..^FromInput.Length]}FROM STDIN WITH (ENCODING {Sql.Literal(encoding)})";

    /// <summary>As it stands in a script, but for the line break behind it.</summary>
    public static string InScript(ArchiveEntry entry) => entry.CopyStatement.TrimEnd('\n', '\r');

    /// <summary>Whether rows follow a statement of a script.</summary>
    public static bool LoadsRows(string statement) =>
        statement.StartsWith("COPY ", StringComparison.Ordinal) && statement.EndsWith($" {FromInput}", StringComparison.Ordinal);

    [GeneratedRegex("""
        "(?:[^"]|"")+"|[^\s(),."]+
        """)]
    private static partial Regex Words();
}
