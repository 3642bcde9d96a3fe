using System.Text.RegularExpressions;

namespace BackupSync;

/// <summary>Names with <c>*</c> for any characters and <c>?</c> for one, as people write them for tables.</summary>
/// <remarks>Not by .NET's patterns for files, to which a backslash means something: in a table's name it is a letter.</remarks>
static class NamePattern
{
    public static bool Matches(string name, string pattern) =>
        Regex.IsMatch(
            name,
            "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".",
                StringComparison.Ordinal) + "\\z",
            RegexOptions.Singleline);
}
