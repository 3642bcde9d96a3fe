using System.Text.RegularExpressions;

namespace BackupSync.Postgres;

/// <summary>Quoting, for the few statements that cannot take parameters (DDL, COPY, what psql runs).</summary>
static partial class Sql
{
    public static string Identifier(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    /// <summary>A string literal that means the same whatever <c>standard_conforming_strings</c> says.</summary>
    public static string Literal(string value)
    {
        var quoted = "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'";
        return value.Contains('\\', StringComparison.Ordinal) ? " E" + quoted.Replace("\\", "\\\\", StringComparison.Ordinal) : quoted;
    }

    /// <summary><c>ARRAY['a','b']::text[]</c>.</summary>
    public static string TextArray(IEnumerable<string> values) => $"ARRAY[{string.Join(",", values.Select(Literal))}]::text[]";

    /// <summary>
    /// A name to show and to use as a key: quoted only where it is not plain lower case. (The server's quote_ident quotes
    /// keywords too, and each version has its own list of them.)
    /// </summary>
    public static string Display(string name) => PlainName().IsMatch(name) ? name : Identifier(name);

    /// <summary>The name behind what <see cref="Display(string)"/> shows.</summary>
    public static string Bare(string display) =>
        display.StartsWith('"') ? display[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : display;

    [GeneratedRegex(@"^[a-z_][a-z0-9_$]*\z")]
    private static partial Regex PlainName();
}
